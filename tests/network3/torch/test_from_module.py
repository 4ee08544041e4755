"""``network3.torch.from_module``: modules of `to_module` and of other origin, and what is refused."""

import re

import numpy as np
import pytest

from network3 import (
    BatchNormLayer,
    ConvPoolLayer,
    DropoutLayer,
    FullyConnectedLayer,
    GlobalPoolLayer,
    Network,
    ReLU,
    SoftmaxLayer,
    linear,
    tanh,
)
from tests.network3.exchange.drawn_networks import drawn_network, images_for, outputs_of

torch = pytest.importorskip("torch")
nn = torch.nn
from_module = pytest.importorskip("network3.torch").from_module
to_module = pytest.importorskip("network3.torch").to_module
pytestmark = pytest.mark.torch


def unchanged(net, before):
    return all((a == b).all() for a, b in zip(net.get_weights(), before, strict=True))


@pytest.mark.parametrize(("seed", "dtype"), [*((seed, "float32") for seed in range(6)), (8, "float64")])
def test_modules_of_networks_give_the_same_weights(seed, dtype):
    net = drawn_network(seed, dtype)
    module, expected = to_module(net), net.get_weights()
    net.set_weights([np.zeros_like(weights) for weights in expected])
    from_module(net, module)
    assert unchanged(net, expected)


def usual(*, activation=nn.ReLU, pool=None, padding="same", extra=()):
    """Return a module as programs for PyTorch have it: other orders, dropout that scales in training, scores."""
    torch.manual_seed(3)
    features = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=padding),
        activation(),
        pool or nn.MaxPool2d(2),
        nn.ZeroPad2d((1, 0, 0, 1)),
        nn.Conv2d(4, 6, 3, bias=False),
        nn.BatchNorm2d(6, eps=0.01),
        nn.ReLU(),
        nn.Dropout2d(0.25),
        nn.Conv2d(6, 5, 1),
        nn.Tanh(),
        nn.AdaptiveAvgPool2d((1, 1)),
    )
    module = nn.Sequential(features, nn.Flatten(), nn.Dropout(0.5), nn.Linear(5, 7), nn.Identity(), nn.Tanh(), *extra)
    module.append(nn.Linear(7, 3))
    for _ in range(3):
        module(torch.randn(16, 2, 8, 7))  # running averages
    return module.eval()


def same_layers():
    return Network(
        [
            ConvPoolLayer((4, 2, 3, 3), (2, 8, 7), activation_fn=ReLU, padding="half"),
            ConvPoolLayer((6, 4, 3, 3), (4, 4, 3), (1, 1), linear, padding=((0, 1), (1, 0)), batch_norm=False),
            BatchNormLayer((6, 3, 2), ReLU, epsilon=0.01),
            DropoutLayer((6, 3, 2), 0.25),
            ConvPoolLayer((5, 6, 1, 1), (6, 3, 2), (1, 1), tanh),
            GlobalPoolLayer((5, 3, 2)),
            FullyConnectedLayer(5, 7, tanh, p_dropout=0.5),
            SoftmaxLayer(7, 3),
        ],
        10,
    )


def test_a_module_of_other_origin_gives_the_same_outputs():
    net, module = same_layers(), usual()
    from_module(net, module)
    images = images_for(net, 4)
    expected = torch.softmax(module(torch.from_numpy(images)), dim=1).detach().numpy()
    np.testing.assert_allclose(outputs_of(net, images), expected, atol=1e-5)


OwnModel = type("OwnModel", (nn.Module,), {})
AVERAGE = "average pooling with windows of (2, 2), stride (2, 2), padding ((0, 0), (0, 0))"
DIFFERENT = {
    "an activation": (
        lambda: usual(activation=nn.Sigmoid),
        "the activation ReLU; got the activation sigmoid (module 0.1)",
    ),
    "pooling": (lambda: usual(pool=nn.AvgPool2d(2)), "max pooling with windows of (2, 2), stride (2, 2), padding"),
    "options": (
        lambda: usual(pool=nn.MaxPool2d(2, ceil_mode=True)),
        "options that layers of network3 have; got MaxPool2d",
    ),
    "code of its own": (OwnModel, "AdaptiveMaxPool2d, AdaptiveAvgPool2d"),
    "its name": (OwnModel, "got a OwnModel (the module). Write the model as an nn.Sequential of such modules, or pass"),
    "more layers": (
        lambda: usual(extra=[nn.Linear(7, 7)]),
        "a product with weights of (7, 3); got a product with weights of (",
    ),
    "fewer layers": (lambda: usual()[:-1], "a product with weights of (7, 3); got the end of the module. Build"),
    "padding": (
        lambda: usual(pool=nn.ZeroPad2d(1)),
        "padding of the convolution or pooling that follows, with 0, or -inf",
    ),
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_other_layers_are_refused_by_the_first_difference(case):
    make, message = DIFFERENT[case]
    net = same_layers()
    before = net.get_weights()
    with pytest.raises(ValueError, match=f"^torch\\.from_module: .*expected .*{re.escape(message)}"):
        from_module(net, make())
    assert unchanged(net, before)


def test_a_factor_that_no_weights_can_have_is_refused():
    net = Network([DropoutLayer(4, 0.5), BatchNormLayer(4), SoftmaxLayer(4, 2)], 10)
    message = r"layer 0 \(DropoutLayer\): expected a factor of 0\.5, as of dropout in evaluation; got batch norm"
    with pytest.raises(ValueError, match=message):
        from_module(net, nn.Sequential(nn.Dropout(0.5), nn.BatchNorm1d(4), nn.Linear(4, 2)))
    from_module(net, to_module(net))


def test_what_is_no_module_is_refused():
    with pytest.raises(TypeError, match=r"^torch\.from_module: expected a module of PyTorch; got 3\."):
        from_module(same_layers(), 3)
