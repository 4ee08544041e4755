"""The gradients of convolution with max-pooling against NumPy in float64."""

import numpy as np
import pytest

from network3.layers.backends.cpu.kernels import gradient_to_weight as weight
from tests.layers.backends.cpu.runs import WAYS

from .pooled_convolutions import (
    LIMITS,
    about_vectors,
    close,
    drawn,
    expected,
    expected_to_input,
    expected_to_weight,
    geometry,
    runs,
    same_kind,
    to_input,
    to_weight,
)


def agree(g, x, w, bits, d, how):
    """Check both gradients."""
    close(to_weight(g, x, bits, d, how), expected_to_weight(g, x, bits, d, w.shape))
    close(to_input(g, w, bits, d, how), expected_to_input(g, w, bits, d, x.shape))


@pytest.mark.parametrize(("case", "dtype", "how"), runs())
def test_both_gradients(case, dtype, how):
    g = geometry(case, dtype, flip=len(case) % 2 == 0)
    x, w, d = drawn(case, dtype)
    agree(g, x, w, expected(g, x, w)[1], d, how)


@pytest.mark.parametrize("how", ["compiled", "checked"])
@pytest.mark.parametrize("case", about_vectors())
def test_one_element_less_and_more_than_full_vectors(case, how):
    g = geometry(case, "float32")
    x, w, d = drawn(case, "float32")
    agree(g, x, w, expected(g, x, w)[1], d, how)


@pytest.mark.parametrize("case", ["a border", "strides", "rows and columns left over"])
def test_all_positions_of_a_tie_receive_the_gradient_and_blank_windows_add_nothing(case):
    g = geometry(case, "float64")
    x, w, d = drawn(case, "float64")
    x, w = np.round(x), np.round(w)  # small integers: many ties
    x[:, :, : x.shape[2] // 2] = 0
    bits = expected(g, x, w)[1]
    assert (bits & (bits - 1)).any()
    agree(g, x, w, bits, d, "compiled")


def test_windows_without_winner_receive_no_gradient():
    g = geometry("a border", "float32")
    x, w, d = drawn("a border", "float32")
    bits = np.zeros(d.shape, np.int32)  # as for windows with NaN
    assert (to_weight(g, x, bits, d) == 0).all()
    assert (to_input(g, w, bits, d) == 0).all()


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("dtype", LIMITS)
def test_nan_and_infinity_propagate_to_dependent_elements_only(dtype, how):
    case = "a border"
    g = geometry(case, dtype)
    x, w, d = drawn(case, dtype)
    bits = expected(g, x, w)[1]
    d[0, 1, 1, 2], d[1, 0, 0, 0], d[1, 2, 2, 1] = np.nan, np.inf, -np.inf
    with np.errstate(invalid="ignore"):
        same_kind(to_input(g, w, bits, d, how), expected_to_input(g, w, bits, d, x.shape))
        same_kind(to_weight(g, x, bits, d, how), expected_to_weight(g, x, bits, d, w.shape))
    x, w, d = drawn(case, dtype)
    x[0, 1, 3, 4], w[2, 1, 0, 3] = np.nan, np.inf
    with np.errstate(invalid="ignore"):
        same_kind(to_input(g, w, bits, d, how), expected_to_input(g, w, bits, d, x.shape))
        same_kind(to_weight(g, x, bits, d, how), expected_to_weight(g, x, bits, d, w.shape))


@pytest.mark.parametrize("how", WAYS)
def test_small_images_are_processed_several_at_a_time(how):
    shape, *others = (1, 1, 11, 12), 3, (2, 2), (1, 1), (0, 0), (5, 1)
    g = geometry((shape, *others), "float32")
    together = weight.NUMBERS // weight.weight_layout(g).image
    assert together > 1
    x, w, d = drawn(((together + 1, *shape[1:]), *others), "float32")
    bits = expected(g, x, w)[1]
    close(to_weight(g, x, bits, d, how), expected_to_weight(g, x, bits, d, w.shape))
