"""Random convolutions, with their gradients and transposed convolution, on every back end, against loops in float64.

Of each back end a sample runs by default, and all that `CASES` states with the slow tests.
"""

from collections.abc import Callable

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from tests.layers.ops.conv_reference import zeros_around

from .random_convolutions import draw
from .single_ops import numba_function, numpy_result

CASES = {"numpy": 1200, "network3": 1200, "jax": 75, "numba": 10, "pytorch": 1200}
SAMPLES = {"numpy": 60, "network3": 24, "jax": 3, "numba": 1, "pytorch": 40}


def with_numpy(op, arrays):
    """Return the result of the reference implementation."""
    return numpy_result(op, *arrays)


def with_network3(op, arrays):
    """Return the result of the CPU linker, for inputs of static shapes."""
    inputs = [pt.tensor(shape=a.shape, dtype=a.dtype) for a in arrays]
    f = pytensor.function(inputs, op(*inputs), mode="NETWORK3", on_unused_input="ignore")
    assert not hasattr(f.vm, "reason"), f.vm.reason  # of compiling it with Numba instead
    return f(*arrays)


def with_numba(op, arrays):
    """Return the result of Numba, for inputs of unknown shapes."""
    return numba_function(op, *arrays)(*arrays)


def with_jax(op, arrays):
    """Return the result of JAX."""
    import jax
    from pytensor.link.jax.dispatch import jax_funcify

    import network3.layers.backends.jax  # noqa: F401  (registers our Ops)

    with jax.enable_x64(arrays[0].dtype == "float64"):  # the option that PyTensor sets at its import
        return np.asarray(jax_funcify(op)(*map(jax.numpy.asarray, arrays)))


def with_pytorch(op, arrays):
    """Return the result of PyTorch, called eagerly."""
    import torch
    from pytensor.link.pytorch.dispatch import pytorch_funcify

    import network3.layers.backends.pytorch  # noqa: F401  (registers our Ops)

    return pytorch_funcify(op)(*map(torch.from_numpy, arrays)).numpy()


RUNS: dict[str, Callable] = {
    "numpy": with_numpy,
    "network3": with_network3,
    "numba": with_numba,
    "jax": with_jax,
    "pytorch": with_pytorch,
}


def agree(back_end, seeds):
    """Check the results of a back end; return how many were checked."""
    checked = 0
    for seed in seeds:
        example = draw(seed)
        for op, arrays, expected in example.calls():
            example.check(op, RUNS[back_end](op, arrays), expected)
            checked += 1
    return checked


def needs(back_end):
    if back_end == "pytorch":
        pytest.importorskip("torch")


@pytest.mark.parametrize("back_end", RUNS)
def test_a_sample_agrees(back_end):
    needs(back_end)
    count = SAMPLES[back_end]
    assert agree(back_end, range(count)) == 4 * count


@pytest.mark.slow
@pytest.mark.parametrize("back_end", RUNS)
def test_all_agree(back_end):
    needs(back_end)
    count = CASES[back_end]
    assert agree(back_end, range(count)) == 4 * count


def test_every_setting_is_drawn():
    examples = [draw(seed) for seed in range(200)]
    settings = [example.settings for example in examples]
    assert {s["padding"] if isinstance(s["padding"], str) else np.shape(s["padding"]) for s in settings} == {
        "valid", "half", "full", "same", (), (2,), (2, 2)
    }  # fmt: skip
    for name in ("stride", "dilation", "groups", "flip"):
        assert len({s[name] for s in settings}) > 1
    assert {example.dtype for example in examples} == {"float32", "float64"}
    assert any(example.w.shape[1] == 1 and example.settings["groups"] > 1 for example in examples)


def test_the_reference_agrees_with_pytorchs_gradients():
    torch = pytest.importorskip("torch")
    for seed in range(100):
        e = draw(seed)
        x, w = (torch.tensor(v.astype(float), requires_grad=True) for v in (e.x, e.w))
        geometry = (e.settings[name] for name in ("padding", "stride", "dilation"))
        (top, bottom), (left, right) = zeros_around(x.shape[2:], w.shape[2:], *geometry)
        padded = torch.nn.functional.pad(x, (left, right, top, bottom))
        taps = torch.flip(w, (2, 3)) if e.settings["flip"] else w
        named = {name: e.settings[name] for name in ("stride", "dilation", "groups")}
        y = torch.nn.functional.conv2d(padded, taps, **named)
        y.backward(torch.tensor(e.g.astype(float)))
        for found, expected in ((y.detach(), e.y), (x.grad, e.dx), (w.grad, e.dw)):
            np.testing.assert_allclose(found.numpy(), expected, rtol=1e-10, atol=1e-11)
