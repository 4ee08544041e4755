"""Upsampling: values against NumPy and PyTorch, shapes, gradients, and arguments that are refused."""

import numpy as np
import pytensor.tensor as pt
import pytest
from pytensor.graph.traversal import ancestors

from network3.layers.ops import pool2d, upsample2d


def images(dtype="float64"):
    return np.random.default_rng(21).normal(size=(2, 3, 4, 5)).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("factor", [1, 2, (1, 3), (4, 2)])
def test_pixels_are_repeated(evaluate, factor, dtype):
    x = images(dtype)
    y = evaluate(lambda x: upsample2d(x, factor), x)
    blocks = np.ones((factor, factor) if isinstance(factor, int) else factor)
    np.testing.assert_array_equal(y, np.kron(x, blocks).astype(dtype))
    assert y.dtype == dtype


def interpolated(x, factor):
    """Interpolate each row and then each column with NumPy, in float64."""
    for axis, times in ((2, factor[0]), (3, factor[1])):
        places = (np.arange(x.shape[axis] * times) + 0.5) / times - 0.5
        x = np.apply_along_axis(lambda line, at: np.interp(at, np.arange(len(line)), line), axis, x, places)
    return x


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("factor", [(1, 1), (2, 3), (5, 4)])
def test_pixels_are_interpolated(evaluate, factor, dtype):
    x = images(dtype)
    y = evaluate(lambda x: upsample2d(x, factor, "bilinear"), x)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, interpolated(x, factor), rtol=1e-5 if dtype == "float32" else 1e-12, atol=1e-6)


@pytest.mark.torch
@pytest.mark.parametrize(("mode", "options"), [("nearest", {}), ("bilinear", {"align_corners": False})])
def test_values_agree_with_pytorch(evaluate, mode, options):
    torch = pytest.importorskip("torch")
    x = images()
    expected = torch.nn.functional.interpolate(torch.from_numpy(x), scale_factor=(3, 4), mode=mode, **options)
    np.testing.assert_allclose(evaluate(lambda x: upsample2d(x, (3, 4), mode), x), expected.numpy(), rtol=1e-12)


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
@pytest.mark.parametrize("known", [(1, 1, 1, 1), (0, 1, 1, 1), (1, 0, 0, 1), (0, 0, 0, 0)])
def test_static_shapes(known, mode):
    shape = [n if is_known else None for n, is_known in zip((2, 3, 4, 5), known, strict=True)]
    expected = tuple(n if is_known else None for n, is_known in zip((2, 3, 8, 15), known, strict=True))
    assert upsample2d(pt.tensor(shape=shape, dtype="float32"), (2, 3), mode).type.shape == expected


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_gradients(check_gradient, mode):
    x = images()[:1, :1, :3, :4]
    check_gradient(lambda x: upsample2d(x, (2, 3), mode), x)
    check_gradient(lambda x: pt.grad((upsample2d(x, (1, 2), mode) ** 3).sum(), x), x)


def test_the_gradient_of_a_pixel_is_the_sum_over_its_block(evaluate):
    x, g = images(), np.random.default_rng(22).normal(size=(2, 3, 8, 15))
    dx = evaluate(lambda x, g: pt.grad((upsample2d(x, (2, 3)) * g).sum(), x), x, g)
    np.testing.assert_allclose(dx, evaluate(lambda g: pool2d(g, (2, 3), "sum"), g), rtol=1e-12)


X = pt.tensor(shape=(2, 3, 6, 7), dtype="float32")


# Not annotated, since the type checker would report the wrong argument itself.
def upsampled(factor):
    return upsample2d(X, factor)


REFUSED = {
    "factor 0": (lambda: upsample2d(X, 0), ValueError, "upsample2d: factor", "1 or more", "0", "Write"),
    "factor -2": (lambda: upsample2d(X, (2, -2)), ValueError, "upsample2d: factor", "1 or more", r"\(2, -2\)", "Write"),
    "factor 1.5": (lambda: upsampled(1.5), ValueError, "upsample2d: factor", "whole", "1.5", "Write"),
    "3 axes": (lambda: upsample2d(X[0], 2), TypeError, "upsample2d", "4 axes", "3 axes", "Reshape"),
    "half precision": (
        lambda: upsample2d(X.astype("float16"), 2), TypeError, "upsample2d", "float32 or", "float16", "cast"
    ),
    "whole numbers": (
        lambda: upsample2d(X.astype("int8"), 2, "bilinear"), TypeError, "upsample2d", "float32 or", "int8", "cast"
    ),
    "mode": (lambda: upsample2d(X, 2, "linear"), ValueError, "upsample2d: mode", "nearest", "'linear'", "bilinear"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_has_the_four_parts_of_a_message(name):
    call, error, who, expected, got, hint = REFUSED[name]
    with pytest.raises(error, match=rf"^{who}: .*{expected}.*; got .*{got}.*\. .*{hint}.*\.$"):
        call()


def test_the_graph_does_not_grow_with_the_factor():
    """A large factor by mistake shall not take all memory while the graph is built."""
    x = pt.tensor("x", shape=(1, 1, 3, 4), dtype="float32")
    counts = [len(list(ancestors([upsample2d(x, (factor, 1), "bilinear")]))) for factor in (3, 60_001)]
    assert counts[0] == counts[1]


def test_the_size_of_the_result_in_place_of_a_factor_is_refused():
    x = pt.tensor("x", shape=(1, 1, 3, 4), dtype="float32")
    with pytest.raises(ValueError, match=r"^upsample2d: factor: expected at most 65,536; got a number of 309 digits"):
        upsample2d(x, 1e308, "bilinear")
