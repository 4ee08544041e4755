"""Random networks: a step of a valid one agrees with NumPy, an invalid one is refused in four parts."""

import math
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import network3
from network3 import ConvPoolLayer, FullyConnectedLayer, Network, ReLU, SoftmaxLayer, linear, sigmoid, tanh
from network3.layers.initializers import normalized

FOUR_PARTS = re.compile(r"^.+?: .*\b(expected|must|takes?|needs|has)\b.*; got .+\. .*\S$", re.DOTALL)
ACTIVATIONS = {sigmoid: lambda z: 1 / (1 + np.exp(-z)), tanh: np.tanh, linear: lambda z: z,
               ReLU: lambda z: np.where(z <= 0, 0, z)}  # fmt: skip
ETA, H = 0.1, 1e-6
settled = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)


@st.composite
def networks(draw):
    """Return the arguments of layers that fit together, and the mini-batch size."""
    shape = draw(st.tuples(st.integers(1, 3), st.integers(4, 12), st.integers(4, 12)))
    batch, layers = draw(st.integers(1, 7)), []
    for _ in range(draw(st.integers(0, 2))):
        maps, rows, columns = shape
        taps = draw(st.tuples(st.integers(1, min(4, rows)), st.integers(1, min(4, columns))))
        stride = draw(st.tuples(st.integers(1, 2), st.integers(1, 2)))
        padding = draw(st.tuples(st.integers(0, 1), st.integers(0, 1)))
        sides = [(n + 2 * p - k) // s + 1 for n, p, k, s in zip((rows, columns), padding, taps, stride, strict=True)]
        pool = tuple(draw(st.integers(1, min(3, side))) for side in sides)
        filters = draw(st.integers(1, 4))
        layers.append(
            {
                "filter_shape": (filters, maps, *taps),
                "image_shape": (batch, *shape),
                "poolsize": pool,
                "activation_fn": draw(st.sampled_from(list(ACTIVATIONS))),
                "pool": draw(st.sampled_from(["max", "l2"])),
                "stride": stride,
                "padding": padding,
            }
        )
        shape = (filters, *(side // p for side, p in zip(sides, pool, strict=True)))
    width = math.prod(shape)
    for _ in range(draw(st.integers(0, 2))):
        n_out = draw(st.integers(1, 40))
        layers.append({"n_in": width, "n_out": n_out, "activation_fn": draw(st.sampled_from(list(ACTIVATIONS)))})
        width = n_out
    layers.append({"n_in": width, "n_out": draw(st.integers(2, 9))})
    return layers, batch


def built(layers, batch):
    """Return the network of these arguments."""
    rng = np.random.default_rng(8)
    made = []
    for k, arguments in enumerate(layers):
        kind = SoftmaxLayer if k == len(layers) - 1 else FullyConnectedLayer
        kind = ConvPoolLayer if "filter_shape" in arguments else kind
        made.append(kind(**arguments, initializer=normalized, rng=rng))
    return Network(made, batch)


def convolved(x, w, b, arguments):
    """Return the output of a convolutional layer, by loops over positions."""
    (down, right), (above, left) = arguments["stride"], arguments["padding"]
    x = np.pad(x, ((0, 0), (0, 0), (above, above), (left, left)))
    taps = w[:, :, ::-1, ::-1]
    rows, columns = ((n - k) // s + 1 for n, k, s in zip(x.shape[2:], w.shape[2:], (down, right), strict=True))
    maps = np.empty((len(x), len(w), rows, columns))
    for i, j in np.ndindex(rows, columns):
        window = x[:, :, i * down : i * down + w.shape[2], j * right : j * right + w.shape[3]]
        maps[:, :, i, j] = np.tensordot(window, taps, axes=([1, 2, 3], [1, 2, 3]))
    p, q = arguments["poolsize"]
    pooled = np.empty((len(x), len(w), rows // p, columns // q))
    for i, j in np.ndindex(*pooled.shape[2:]):
        window = maps[:, :, i * p : (i + 1) * p, j * q : (j + 1) * q]
        best = window.max((2, 3)) if arguments["pool"] == "max" else np.sqrt((window**2).sum((2, 3)))
        pooled[:, :, i, j] = best
    return ACTIVATIONS[arguments["activation_fn"]](pooled + b[None, :, None, None])


def cost(layers, weights, x, y):
    """Return the mean cost of a mini-batch."""
    a = x
    for arguments, w, b in zip(layers, weights[::2], weights[1::2], strict=True):
        if "filter_shape" in arguments:
            a = convolved(a.reshape(len(x), *arguments["image_shape"][1:]), w, b, arguments)
        else:
            z = a.reshape(len(x), -1) @ w + b
            a = ACTIVATIONS[arguments["activation_fn"]](z) if "activation_fn" in arguments else z
    top = a.max(axis=1, keepdims=True)
    return float((np.log(np.exp(a - top).sum(axis=1)) + top[:, 0] - a[range(len(y)), y]).mean())


def check(layers, batch, backend):
    """Compare the cost of a step, and the slope along a random direction, with NumPy."""
    network3.use("cpu", "float64", backend=backend)
    net = built(layers, batch)
    rng = np.random.default_rng(9)
    x, y = rng.normal(size=(batch, net.input_width)), rng.integers(0, net.output_width, batch)
    before = net.get_weights()
    found = net.SGD((x, y), 1, batch, ETA).cost[0]
    assert found == pytest.approx(cost(layers, before, x, y), rel=1e-9)
    gradient = [(a - b) / ETA for a, b in zip(before, net.get_weights(), strict=True)]
    direction = [rng.normal(size=w.shape) for w in before]
    ahead, behind = (
        cost(layers, [w + sign * H * d for w, d in zip(before, direction, strict=True)], x, y) for sign in (1, -1)
    )
    slope = sum((g * d).sum() for g, d in zip(gradient, direction, strict=True))
    assert (ahead - behind) / (2 * H) == pytest.approx(slope, rel=1e-4, abs=1e-7)


@pytest.mark.filterwarnings("ignore::network3.TrainingWarning")  # some have dead neurons
@settings(settled, max_examples=3)
@given(networks())
def test_a_step_of_a_valid_network_agrees_with_numpy(network):
    check(*network, "network3")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::network3.TrainingWarning")
@settings(settled, max_examples=12)
@given(networks(), st.sampled_from(["network3", "jax"]))
def test_steps_of_many_valid_networks_agree_with_numpy(network, backend):
    check(*network, backend)


INVALID: st.SearchStrategy = st.sampled_from(
    [0, -1, 1.5, "3", None, math.nan, 10**30, True, (), (1,), (2, 3, 4), [], {}, 97]
)


@settings(settled, max_examples=300)
@given(networks(), st.data())
def test_an_invalid_network_is_refused_in_four_parts(network, data):
    layers, batch = network
    which = data.draw(st.integers(0, len(layers) - 1))
    name = data.draw(st.sampled_from(sorted(layers[which])))
    value = data.draw(INVALID)
    changed = [dict(arguments) for arguments in layers]
    changed[which][name] = value
    try:
        built(changed, batch)
    except Exception as error:
        if not isinstance(error, ValueError | TypeError) or not FOUR_PARTS.match(str(error)):
            pytest.fail(f"{type(error).__name__}: {error} for {name}={value!r} of {changed[which]}")
