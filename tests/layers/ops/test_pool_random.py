"""Random pooling, values and gradients, against loops: by NumPy, on the CPU's kernels, Numba, JAX and PyTorch."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.gradient import pullback

from network3.layers.ops import pool2d

from . import pool_loops

CASES = 800
SAMPLE = range(0, CASES, 33)  # all modes, since 33 and their number have no common divisor
ON_NUMBA, ON_JAX, ON_PYTORCH = range(1, CASES, 100), range(2, CASES, 20), range(3, CASES, 4)
OTHERS = [seed for seed in range(CASES) if seed not in SAMPLE]
CHUNK = 20


def compiled(cases, backend, static=True):
    """Return the outputs and gradients of several cases, computed by one function."""
    inputs, outputs, values = [], [], []
    for mode, settings, x, g in cases:
        shapes = (x.shape, g.shape) if static else [(None,) * 4] * 2
        images, cotangent = (pt.tensor(shape=shape, dtype=x.dtype) for shape in shapes)
        y = pool2d(images, mode=mode, **settings)
        assert not static or y.type.shape == g.shape
        inputs += [images, cotangent]
        outputs += [y, *pullback(y, [images], cotangent)]
        values += [x, g]
    results = pytensor.function(inputs, outputs, mode=backend)(*values)
    return list(zip(results[::2], results[1::2], strict=True))


def check(seeds, backend, static=True):
    cases = [pool_loops.random_case(seed) for seed in seeds]
    for seed, case, (y, dx) in zip(seeds, cases, compiled(cases, backend, static), strict=True):
        mode, settings, x, g = case
        try:
            pool_loops.assert_close(np.asarray(y), pool_loops.pooled(x, mode, **settings), x.dtype.name)
            pool_loops.assert_close(np.asarray(dx), pool_loops.gradient(x, g, mode, **settings), x.dtype.name)
        except AssertionError as error:
            raise AssertionError(f"case {seed}: {mode}, {settings}, images of {x.shape}: {error}") from error


@pytest.mark.parametrize("backend", ["FAST_COMPILE", "NETWORK3"])
def test_a_sample_of_random_cases(backend):
    check(SAMPLE, backend)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, len(OTHERS), CHUNK))
@pytest.mark.parametrize("backend", ["FAST_COMPILE", "NETWORK3"])
def test_random_cases(backend, first):
    check(OTHERS[first : first + CHUNK], backend)


@pytest.mark.slow
def test_random_cases_of_unknown_shapes_on_numba():
    check(ON_NUMBA, "NUMBA", static=False)


@pytest.mark.slow
@pytest.mark.parametrize("static", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_random_cases_on_jax(dtype, static):
    jax = pytest.importorskip("jax")
    seeds = [seed for seed in ON_JAX if pool_loops.random_case(seed)[2].dtype == dtype]
    with jax.enable_x64(dtype == "float64"):
        check(seeds, "JAX", static)


@pytest.mark.slow
@pytest.mark.torch
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:The given NumPy array is not writable:UserWarning")
@pytest.mark.parametrize("static", [True, False])
def test_random_cases_on_pytorch(static):
    torch = pytest.importorskip("torch")
    import network3.layers.backends.pytorch  # noqa: F401  (registers our Ops)

    with torch.compiler.set_stance("force_eager"):
        check(ON_PYTORCH, "PYTORCH", static)
