"""``network3.torch.to_module``: the same outputs, in training as well, and a module like others of PyTorch."""

import subprocess
import sys

import numpy as np
import pytest

from network3 import BatchNormLayer, ConvPoolLayer, DropoutLayer, FullyConnectedLayer, Network, ReLU, SoftmaxLayer
from network3.experiments.catalogue import RUNS
from tests.network3.exchange.drawn_networks import CATALOGUE, drawn_network, fill, images_for, outputs_of

torch = pytest.importorskip("torch")
to_module = pytest.importorskip("network3.torch").to_module
pytestmark = pytest.mark.torch


def check(net):
    module = to_module(net)
    images = images_for(net)
    outputs = module(torch.from_numpy(images)).detach().numpy()
    assert outputs.dtype == net.floatX
    np.testing.assert_allclose(outputs, outputs_of(net, images), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("seed", "dtype"), [*((seed, "float32") for seed in range(6)), (8, "float64")])
def test_random_networks_have_the_same_outputs(seed, dtype):
    check(drawn_network(seed, dtype))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6, 60))
def test_more_random_networks_have_the_same_outputs(seed):
    check(drawn_network(seed))


@pytest.mark.slow
@pytest.mark.parametrize("name", CATALOGUE)
def test_the_networks_of_the_catalogue_have_the_same_outputs(name):
    check(Network(RUNS[name].layers(10), 10))


def test_modules_are_those_of_pytorch():
    net = Network(
        [
            ConvPoolLayer(image_shape=(1, 28, 28), filter_shape=(4, 1, 5, 5), activation_fn=ReLU),
            FullyConnectedLayer(n_in=4 * 12 * 12, n_out=20, p_dropout=0.5),
            SoftmaxLayer(n_in=20, n_out=10),
        ],
        10,
    )
    state = torch.random.get_rng_state()
    module = to_module(net)
    assert torch.equal(torch.random.get_rng_state(), state)
    kinds = ["Conv2d", "MaxPool2d", "ReLU", "Flatten", "BookDropout", "Linear", "Sigmoid", "Linear", "Softmax"]
    assert [type(part).__name__ for part in module] == kinds
    assert not module.training
    assert all(parameter.requires_grad for parameter in module.parameters())
    before = net.get_weights()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
    assert all((a == b).all() for a, b in zip(net.get_weights(), before, strict=True))  # the module has a copy


def test_training_masks_and_normalizes_as_the_network_does():
    net = Network([DropoutLayer(400, 0.25), BatchNormLayer(400, momentum=0.75), SoftmaxLayer(400, 2)], 10)
    fill(net, np.random.default_rng(2))
    module = to_module(net).train()
    images = torch.from_numpy(images_for(net, 50)) + 3
    masked = module[0](images)
    assert set((masked / images).unique().tolist()) == {0, 1}  # not divided by 1 - p
    assert float((masked == 0).double().mean()) == pytest.approx(0.25, abs=0.02)
    averages = [variable.get_value() for variable in net.buffers]
    module[1](images)
    batch = images.numpy()
    for found, average, value in zip(
        module[1].buffers(), averages, [batch.mean(axis=0), batch.var(axis=0, ddof=1)], strict=False
    ):
        np.testing.assert_allclose(found.numpy(), 0.75 * average + 0.25 * value, rtol=1e-4)


def test_other_layers_are_refused_by_name():
    def half(z):
        return z / 2

    net = Network([FullyConnectedLayer(4, 3, half), SoftmaxLayer(3, 2)], 10)
    with pytest.raises(
        TypeError, match=r"^torch\.to_module: layer 0 \(FullyConnectedLayer\): expected .*; got half\. U"
    ):
        to_module(net)


def test_the_package_does_not_hide_pytorch():
    code = "import network3.torch, torch; assert torch.nn.Linear and torch is not network3.torch"
    subprocess.run([sys.executable, "-c", code], check=True)
