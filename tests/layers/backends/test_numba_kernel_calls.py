"""Compiled functions pass kernels the right arguments, for every setting, size and memory layout."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.link.numba.dispatch.basic import numba_funcify_default_op_cache_key

from network3.layers.backends import numba, numba_conv, numba_pool
from network3.layers.ops.conv import Conv2D, Conv2DGradWeight
from network3.layers.ops.conv_transpose import Conv2DTranspose
from network3.layers.ops.pool import Pool2D
from tests.layers.backends.cpu.runs import run
from tests.layers.backends.single_ops import OPS, assert_agrees, convolutions, numba_function, numbers, numpy_result


@pytest.fixture
def in_python(monkeypatch):
    """Run an Op's function as plain Python, with kernels that check every access, on memory filled with garbage."""

    def register_kernels(*kernels):
        return [lambda parts, *given, kernel=kernel: run(kernel, given, parts, "checked") for kernel in kernels], 0

    def empty(shape, dtype):
        return np.full(shape, 77 if np.dtype(dtype).kind == "i" else np.nan, dtype)

    for module in (numba, numba_conv, numba_pool):
        monkeypatch.setattr(module, "register_kernels", register_kernels)
        monkeypatch.setattr(module, "compiled", lambda function: function)
        monkeypatch.setattr(module, "np", SimpleNamespace(empty=empty, int32=np.int32, ndarray=np.ndarray))
        for name in [name for name in vars(module) if name.startswith("_check")]:
            monkeypatch.setattr(module, name, getattr(module, name).py_func)

    def in_python(op, *arrays):
        node = op.make_node(*arrays)
        return numba_funcify_default_op_cache_key(op, node=node)[0](*arrays)

    return in_python


SETTINGS = [*itertools.product([(1, 1), (2, 1), (1, 2), (2, 3)], ["valid", "half", "full", (1, 2)], [True, False])]


@pytest.mark.parametrize("settings", SETTINGS)
def test_arguments_are_right_in_every_setting(in_python, settings):
    for filter_size in [(3, 2), (2, 5), (1, 1), (6, 7)]:
        for op, arrays in convolutions(settings, (2, 3, 6, 7), (4, 3, *filter_size)):
            assert_agrees(in_python(op, *arrays), numpy_result(op, *arrays))


@pytest.mark.parametrize("padding", ["valid", "half", "full", "same", ((1, 0), (0, 2))])
@pytest.mark.parametrize(("stride", "dilation", "groups"), [((1, 1), (2, 1), 1), ((2, 1), (1, 1), 3), ((1, 2), 2, 3)])
def test_arguments_are_right_with_dilation_and_groups(in_python, padding, stride, dilation, groups):
    settings = stride, padding, True, dilation, groups
    for op, arrays in convolutions(settings, (2, 6, 6, 7), (3, 6 // groups, 3, 2)):
        assert_agrees(in_python(op, *arrays), numpy_result(op, *arrays))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("x_shape", "w_shape"),
    [
        ((3, 21, 12, 13), (67, 21, 3, 2)),  # several blocks of everything
        ((35, 2, 9, 8), (1, 2, 4, 4)),
        ((1, 1, 1, 40), (3, 1, 1, 1)),
        ((0, 2, 5, 5), (3, 2, 2, 2)),
        ((2, 2, 5, 5), (0, 2, 2, 2)),
    ],
)
def test_arguments_are_right_at_every_size(in_python, x_shape, w_shape, dtype):
    for op, arrays in convolutions(((1, 1), "valid", True), x_shape, w_shape, dtype):
        assert_agrees(in_python(op, *arrays), numpy_result(op, *arrays))


def test_one_function_accepts_arrays_of_any_shape():
    shapes = [((2, 3, 6, 7), (4, 3, 3, 2)), ((9, 21, 12, 11), (67, 21, 3, 3)), ((0, 2, 5, 5), (3, 2, 2, 2))]
    settings = (2, 1), "half", True
    first = []
    for op, arrays in convolutions(settings, *shapes[0], "float32"):
        if isinstance(op, Conv2DTranspose):  # that of `convolutions` has one output size
            op = Conv2DTranspose(*settings)
        first.append((op, numba_function(op, *arrays)))
    for x_shape, w_shape in shapes:
        examples = convolutions(settings, x_shape, w_shape, "float32")
        for (op, f), (_, arrays) in zip(first, examples, strict=True):
            assert_agrees(f(*arrays), numpy_result(op, *arrays))


LAYOUTS = {
    "every second": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "reversed": lambda a: np.flip(np.flip(a).copy()),
    "inside another": lambda a: np.pad(a, 1)[(slice(1, -1),) * a.ndim],
    "by columns": np.asfortranarray,
    "read only": lambda a: np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape),
}


@pytest.mark.parametrize("name", OPS)
def test_arrays_may_have_any_memory_layout(name):
    op, *arrays = OPS[name]
    f, expected = numba_function(op, *arrays), numpy_result(op, *arrays)
    for layout in LAYOUTS.values():
        views = [layout(a) for a in arrays]
        assert [a.tolist() for a in views] == [a.tolist() for a in arrays]
        assert_agrees(f(*views), expected)


def test_arrays_are_alive_until_kernels_return():
    """Intermediate arrays are freed after their last use, which is the call of a kernel."""
    x, w, g = (pt.tensor(shape=(None,) * 4, dtype="float32") for _ in range(3))
    large, filters = numbers(40, 5, 30, 30, dtype="float32"), numbers(7, 5, 3, 3, dtype="float32")
    views = [(2 * v).transpose(0, 1, 3, 2) for v in (x, w)]
    outputs = [Conv2D()(*views), Conv2DGradWeight()(views[0], 2 * g, views[1]), Pool2D()(views[0] + 1)]
    f = pytensor.function([x, w, g], outputs, mode="NUMBA")
    gradient = numbers(40, 7, 28, 28, dtype="float32")
    first = f(large, filters, gradient)
    assert_agrees(first[2], numpy_result(Pool2D(), 2 * large.transpose(0, 1, 3, 2) + 1))
    for _ in range(5):
        garbage = [np.full(large.size // k, np.nan, "float32") for k in range(1, 6)]
        del garbage
        for one, again in zip(first, f(large, filters, gradient), strict=True):
            np.testing.assert_array_equal(one, again)
