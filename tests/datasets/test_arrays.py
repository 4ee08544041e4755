"""`to_array`: data of other libraries are converted, or refused with what to write."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import sparse

from network3.datasets.arrays import to_array
from network3.datasets.pairs import DataPair

VALUES = np.arange(6, dtype=np.float32).reshape(3, 2)


class Frame:
    """What NumPy uses of a pandas DataFrame."""

    def __init__(self, values):
        self.values, self.columns = values, ["a", "b"]
        self.shape = values.shape

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)

    def __len__(self):
        return len(self.values)

    def __iter__(self):
        return iter(self.columns)

    def to_numpy(self, dtype=None):
        return np.array(self.values, dtype=dtype)


class Tensor:
    """What NumPy uses of a torch.Tensor, which may need a gradient or be on a GPU."""

    def __init__(self, values, error=None):
        self.values, self.error = values, error
        self.shape = values.shape

    def detach(self):
        return Tensor(self.values)

    def __len__(self):
        return len(self.values)

    def __array__(self, dtype=None, copy=None):
        if self.error is not None:
            raise self.error
        return np.array(self.values, dtype=dtype)


NEEDS_GRADIENT = RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
ON_GPU = TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first.\nMore.")


@pytest.mark.parametrize(
    "make", [Frame, Tensor, jnp.asarray, np.ndarray.tolist, list, tuple, np.asfortranarray, memoryview]
)
def test_numbers_of_other_libraries_are_read(make):
    np.testing.assert_array_equal(to_array("data", "images", make(VALUES)), VALUES)


@pytest.mark.parametrize("mask", [False, np.ma.nomask, np.zeros((3, 2), bool)])
def test_a_masked_array_without_masked_values_is_read(mask):
    np.testing.assert_array_equal(to_array("data", "images", np.ma.array(VALUES, mask=mask)), VALUES)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            sparse.csr_matrix(VALUES),
            r"got a sparse matrix \(csr_matrix\)\. Write x\.toarray",
        ),
        (sparse.coo_array(VALUES), r"got a sparse matrix \(coo_array\)\. Write x\.toarray\(\)"),
        (np.ma.array(VALUES, mask=VALUES == 3), r"got a masked array\. Write x\.filled\(0\)"),
        ([VALUES[0], np.ma.array(VALUES[1], mask=True)], r"got a masked array\. Write x\.filled\(0\)"),
        (Tensor(VALUES, NEEDS_GRADIENT), r"got Tensor \(Can't call .*\)\. Pass x\.detach\(\)\.cpu\(\)\.numpy\(\)\.$"),
        (Tensor(VALUES, ON_GPU), r"got Tensor \(can't convert cuda:0 .* first\)\. Pass x\.detach\(\)\.cpu"),
        ([Tensor(VALUES[0], NEEDS_GRADIENT)] * 2, r"Pass np\.stack\(\[x\.detach\(\)\.cpu\(\)\.numpy\(\) for x in"),
        (Frame(np.array([[1, "a"], [2, "b"]], object)), "got dtype object, with a str in row 0"),
        (Frame(VALUES.astype(object)), r"got dtype object\. Write x\.to_numpy\(dtype=float\)"),
        (VALUES.astype(object), r"got dtype object\. Write x\.astype\(float\)"),
        (np.array([VALUES[0], VALUES, None], object), r"with a ndarray in row 0\. Write np\.stack\(list\(x\)\)"),
        (np.array([1, None], object), r"with None in row 1\. Remove such rows"),
        (VALUES * 1j, r"got dtype complex64\. Pass x\.real or np\.abs\(x\)"),
        (VALUES.astype(str), r"got dtype <U.*\. Convert numbers with astype\(float\)"),
        (VALUES.astype("datetime64[D]"), r"got dtype datetime64\[D\]\. Convert them with astype"),
        (zip(VALUES, VALUES, strict=True), r"got an iterator \(zip\)\. Write np\.array\(list\(x\)\)"),
        ({"a": VALUES}.values(), r"got an iterator \(dict_values\)"),
        ({"a": VALUES}, r"got a dict\. Pass an array"),
        (object(), r"got dtype object of one object\. Pass an array"),
        ([VALUES[0], VALUES[1, :1]], r"the shape \(1,\) in row 1, after \(2,\) in row 0"),
        ([VALUES[0], None], r"got None in row 1\. Leave it out"),
    ],
)
def test_what_numpy_would_misread_is_refused(values, message):
    with pytest.raises((TypeError, ValueError), match=f"^data: images must .*{message}"):
        to_array("data", "images", values)


def test_an_array_inside_a_compiled_jax_function_is_refused():
    with pytest.raises(
        TypeError, match=r"must be numbers that NumPy can read; got \w*Tracer .*outside of the compiled function"
    ):
        jax.jit(lambda x: to_array("data", "images", x).sum())(VALUES)


def test_a_pair_has_no_slices():
    pair = DataPair((VALUES, VALUES[:, 0]))
    images, labels = pair
    assert (pair[0] is images, pair[1] is labels, pair[-2] is images) == (True, True, True)
    for index in (slice(2), slice(None), 2, -3, [0, 1], VALUES > 1, "x"):
        with pytest.raises(TypeError, match=r"^data\[.*\]: the index must be 0 .*; got .*slice the examples"):
            pair[index]
