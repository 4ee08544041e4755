"""Our Ops in ordinary NUMBA graphs give what NumPy gives: the kernels are called by address, whatever comes."""

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.link.numba.dispatch.basic import numba_funcify, numba_funcify_default_op_cache_key

from network3.layers.backends import numba, numba_calls
from network3.layers.backends.cpu.kernels.dropout_mask import dropout_mask
from network3.layers.backends.cpu.store import kernel_symbol
from network3.layers.ops import DropoutMask
from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight
from network3.layers.ops.pool import MaxPool2DGrad, Pool2D, Unpool2D
from tests.layers.backends.cpu.runs import run

ROOT = Path(__file__).parents[3]
JOINED = {
    "conv": ["conv of views", "cross-correlation striding", "conv of NaN, padded"],
    "pool": ["max of NaN", "max of ties", "l2 of NaN", "l2 of blanks", "sum of NaN"],
    "masks": ["masks, odd", "masks, even", "masks of high words", "masks that keep all", "masks that keep nothing"],
    "net": ["net of max"],
}


@pytest.mark.parametrize(
    ("names", "dtype"), [("conv", "float32"), ("pool", "float64"), ("masks", "float32"), ("net", "float32")]
)
def test_joined_cases_agree_with_numpy(cases, names, dtype):
    case = cases(dtype, *JOINED[names])
    case.agree(case.compile("NUMBA")(*case.values))


@pytest.mark.slow
def test_each_case_agrees_with_numpy(case):
    case.agree(case.compile("NUMBA")(*case.values))


def test_a_float32_net_holds_no_float64(small_net, doubles):
    assert not doubles(small_net.compile("NUMBA"))


def performed(op, *arrays):
    """What the Op's NumPy gives."""
    storage = [[None]]
    op.perform(None, arrays, storage)
    return storage[0][0]


def numba_function(op, *arrays):
    """Compile an Op for arrays of these types and numbers of axes, and of any lengths."""
    inputs = [pt.tensor(shape=(None,) * a.ndim, dtype=a.dtype) for a in arrays]
    return pytensor.function(inputs, op(*inputs), mode="NUMBA")


def agree(result, expected):
    """Compare with NumPy."""
    assert (result.dtype, result.shape) == (expected.dtype, expected.shape)
    tolerance = 1e-11 if expected.dtype == "float64" else 3e-5
    np.testing.assert_allclose(result, expected, rtol=tolerance, atol=tolerance)


def numbers(*shape, dtype="float64"):
    return np.random.default_rng(14).normal(size=shape).astype(dtype)


def convolutions(settings, x_shape, w_shape, dtype="float64"):
    """Yield the three Ops of a convolution, each with arrays for it."""
    x, w = numbers(*x_shape, dtype=dtype), numbers(*w_shape, dtype=dtype)
    g = numbers(*Conv2D(*settings).output_shape(x_shape, w_shape), dtype=dtype)
    yield Conv2D(*settings), (x, w)
    yield Conv2DGradInput(*settings), (w, g, x)
    yield Conv2DGradWeight(*settings), (x, g, w)


@pytest.fixture
def in_python(monkeypatch):
    """Run an Op's function as plain Python, with kernels that check every access, on memory that holds garbage."""

    def announce(*kernels):
        return [lambda parts, *given, kernel=kernel: run(kernel, given, parts, "checked") for kernel in kernels], 0

    def empty(shape, dtype):
        return np.full(shape, 77 if np.dtype(dtype).kind == "i" else np.nan, dtype)

    monkeypatch.setattr(numba, "announce", announce)
    monkeypatch.setattr(numba, "compiled", lambda function: function)
    monkeypatch.setattr(numba, "_check_gradient", numba._check_gradient.py_func)
    monkeypatch.setattr(numba, "np", SimpleNamespace(empty=empty, int32=np.int32))

    def in_python(op, *arrays):
        node = op.make_node(*arrays)
        return numba_funcify_default_op_cache_key(op, node=node)[0](*arrays)

    return in_python


SETTINGS = [*itertools.product([(1, 1), (2, 1), (1, 2), (2, 3)], ["valid", "half", "full", (1, 2)], [True, False])]


@pytest.mark.parametrize("settings", SETTINGS)
def test_kernels_are_given_what_they_need_in_every_setting(in_python, settings):
    for filter_size in [(3, 2), (2, 5), (1, 1), (6, 7)]:
        for op, arrays in convolutions(settings, (2, 3, 6, 7), (4, 3, *filter_size)):
            agree(in_python(op, *arrays), performed(op, *arrays))


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
def test_kernels_are_given_what_they_need_at_every_size(in_python, x_shape, w_shape, dtype):
    for op, arrays in convolutions(((1, 1), "valid", True), x_shape, w_shape, dtype):
        agree(in_python(op, *arrays), performed(op, *arrays))


def test_one_function_takes_arrays_of_any_lengths():
    shapes = [((2, 3, 6, 7), (4, 3, 3, 2)), ((9, 21, 12, 11), (67, 21, 3, 3)), ((0, 2, 5, 5), (3, 2, 2, 2))]
    settings = (2, 1), "half", True
    functions = [numba_function(op, *arrays) for op, arrays in convolutions(settings, *shapes[0], "float32")]
    for x_shape, w_shape in shapes:
        examples = convolutions(settings, x_shape, w_shape, "float32")
        for f, (op, arrays) in zip(functions, examples, strict=True):
            agree(f(*arrays), performed(op, *arrays))


X, W, G = numbers(2, 3, 6, 7), numbers(4, 3, 3, 2), numbers(2, 4, 4, 6)
POOLED = numbers(2, 3, 3, 2)
STATE = np.array([7, 3, 11], "int32")
OPS = {
    "Conv2D": (Conv2D(), X, W),
    "Conv2DGradInput": (Conv2DGradInput(), W, G, X),
    "Conv2DGradWeight": (Conv2DGradWeight(), X, G, W),
    "Pool2D": (Pool2D((2, 3)), X),
    "Unpool2D": (Unpool2D((2, 3)), POOLED, X),
    "MaxPool2DGrad": (MaxPool2DGrad((2, 3)), X, performed(Pool2D((2, 3)), X), POOLED),
    "DropoutMask": (DropoutMask(0.5), X, STATE),
}
# How an array may lie in memory.
LAYOUTS = {
    "every second": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "reversed": lambda a: np.flip(np.flip(a).copy()),
    "inside another": lambda a: np.pad(a, 1)[(slice(1, -1),) * a.ndim],
    "by columns": np.asfortranarray,
    "read only": lambda a: np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape),
}


@pytest.mark.parametrize("name", OPS)
def test_arrays_may_lie_in_memory_as_they_like(name):
    op, *arrays = OPS[name]
    f, expected = numba_function(op, *arrays), performed(op, *arrays)
    for layout in LAYOUTS.values():
        given = [layout(a) for a in arrays]
        assert [a.tolist() for a in given] == [a.tolist() for a in arrays]
        agree(f(*given), expected)


def test_arrays_live_until_kernels_are_done():
    """What is made on the way is given back with its last use, which is the call."""
    x, w, g = (pt.tensor(shape=(None,) * 4, dtype="float32") for _ in range(3))
    large, filters = numbers(40, 5, 30, 30, dtype="float32"), numbers(7, 5, 3, 3, dtype="float32")
    views = [(2 * v).transpose(0, 1, 3, 2) for v in (x, w)]
    outputs = [Conv2D()(*views), Conv2DGradWeight()(views[0], 2 * g, views[1]), Pool2D()(views[0] + 1)]
    f = pytensor.function([x, w, g], outputs, mode="NUMBA")
    gradient = numbers(40, 7, 28, 28, dtype="float32")
    first = f(large, filters, gradient)
    agree(first[2], performed(Pool2D(), 2 * large.transpose(0, 1, 3, 2) + 1))
    for _ in range(5):
        garbage = [np.full(large.size // k, np.nan, "float32") for k in range(1, 6)]
        del garbage
        for one, again in zip(first, f(large, filters, gradient), strict=True):
            np.testing.assert_array_equal(one, again)


MISFITS = {
    "filters of fewer maps": (X, W[:, :2].copy(), G, "same number of maps"),
    "filters of more maps": (X, numbers(4, 4, 3, 2), G, "same number of maps"),
    "images of fewer maps": (X[:, :1].copy(), W, G, "same number of maps"),
    "tall filters": (X, numbers(4, 3, 7, 2), G, "must fit"),
    "wide filters": (X, numbers(4, 3, 3, 8), G, "must fit"),
}
MISFIT_GRADIENTS = {
    "too few images": (X, W, G[:1].copy(), "output's shape"),
    "too many images": (X, W, numbers(3, 4, 4, 6), "output's shape"),
    "too few maps": (X, W, G[:, :3].copy(), "output's shape"),
    "too many rows": (X, W, numbers(2, 4, 5, 6), "output's shape"),
    "too few columns": (X, W, numbers(2, 4, 4, 5), "output's shape"),
}


@pytest.fixture(scope="module")
def convolution_functions():
    """The three functions, of unknown shapes, each called with images, filters and gradient."""
    forward = numba_function(Conv2D(), X, W)
    to_input, to_weight = numba_function(Conv2DGradInput(), W, G, X), numba_function(Conv2DGradWeight(), X, G, W)
    return [lambda x, w, g: forward(x, w), lambda x, w, g: to_input(w, g, x), lambda x, w, g: to_weight(x, g, w)]


@pytest.mark.parametrize("name", [*MISFITS, *MISFIT_GRADIENTS])
def test_misfit_shapes_are_refused_rather_than_read(convolution_functions, name):
    *arrays, words = (MISFITS | MISFIT_GRADIENTS)[name]
    for function in convolution_functions if name in MISFITS else convolution_functions[1:]:
        with pytest.raises(ValueError, match=words):
            function(*arrays)


def test_gradients_of_unknown_shapes_refuse_what_is_not_the_outputs_shape():
    spread, paid = numba_function(Unpool2D((2, 3)), POOLED, X), numba_function(MaxPool2DGrad((2, 3)), X, POOLED, POOLED)
    for misfit in (POOLED[:1], POOLED[:, :2], POOLED[:, :, :2], numbers(2, 3, 3, 3)):
        with pytest.raises(ValueError, match="output's shape"):
            spread(misfit, X)
        with pytest.raises(ValueError, match="output's shape"):
            paid(X, POOLED, misfit)
        with pytest.raises(ValueError, match="output's shape"):
            paid(X, misfit, POOLED)


def test_a_mask_refuses_a_state_that_is_not_three_numbers():
    f = numba_function(DropoutMask(0.5), X, STATE)
    np.testing.assert_array_equal(f(X, STATE), performed(DropoutMask(0.5), X, STATE))
    for misfit in (np.ones(2, "int32"), np.ones(4, "int32")):
        with pytest.raises(ValueError, match="seed, stream and step"):
            f(X, misfit)


def test_the_key_of_numbas_cache_has_the_kernels_symbols(monkeypatch):
    single, double = dropout_mask("float32"), dropout_mask("float64")
    versions = [numba_calls.announce(kernel)[1] for kernel in (single, single, double)]
    assert versions[0] == versions[1] != versions[2]
    real = numba_calls.request

    def after_a_change(kernel):
        """What the store answers once a source of the kernels has changed."""
        asked = real(kernel)
        return SimpleNamespace(symbol=f"{kernel_symbol(kernel)}_changed", result=asked.result)

    monkeypatch.setattr(numba_calls, "request", after_a_change)
    assert numba_calls.announce(single)[1] != versions[0]


PROCESS = """
import hashlib, json, warnings
import numpy as np
import pytensor, pytensor.tensor as pt
from network3.layers.ops import DropoutMask, conv2d, pool2d

warnings.simplefilter("error")  # of Numba: an Op that it does not know runs as Python
rng = np.random.default_rng(1)
x, w = pt.tensor(shape=(None, 3, 6, 7), dtype="float32"), pt.tensor(shape=(4, 3, 3, 2), dtype="float32")
state = pt.ivector()
pooled = pool2d(conv2d(x, w)) * DropoutMask(0.5)(pool2d(conv2d(x, w)), state)
outputs = [pooled, *pt.grad(None, [x, w], known_grads={pooled: pooled})]
f = pytensor.function([x, w, state], outputs, mode="NUMBA")
results = f(rng.random((5, 3, 6, 7), "float32"), rng.random((4, 3, 3, 2), "float32"), np.array([1, 2, 3], "int32"))
ops = sorted({type(node.op).__name__ for node in f.maker.fgraph.toposort()})
print(json.dumps([hashlib.sha256(b"".join(r.tobytes() for r in results)).hexdigest(), ops]))
"""


def test_functions_work_from_the_first_compilation_and_out_of_the_cache_of_another_process(tmp_path):
    """Also with kernels that are compiled anew, and so lie somewhere else."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTENSOR_FLAGS": f"base_compiledir={tmp_path}"}

    def in_another_process():
        command = [sys.executable, "-c", PROCESS]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr[-3000:]
        return json.loads(ended.stdout)

    first = in_another_process()
    assert {"Conv2D", "Pool2D", "MaxPool2DGrad", "Conv2DGradInput", "Conv2DGradWeight", "DropoutMask"} <= {*first[1]}
    kept = {file.name: file.stat().st_mtime_ns for file in tmp_path.glob("numba/*")}
    assert in_another_process() == first
    for file in tmp_path.glob("network3/*.kernel"):
        file.unlink()
    assert in_another_process() == first
    assert {file.name: file.stat().st_mtime_ns for file in tmp_path.glob("numba/*")} == kept


def test_every_op_is_dispatched_and_cached(kind):
    for registry in (numba_funcify, numba_funcify_default_op_cache_key):
        assert registry.dispatch(kind) is not registry.dispatch(object)
        assert registry.dispatch(kind).__module__ == numba.__name__


def test_an_op_without_a_dispatch_is_an_error(unknown_op):
    with pytest.raises(UserWarning, match="Numba will use object mode to run Nameless"):
        unknown_op.compile("NUMBA")(*unknown_op.values)
