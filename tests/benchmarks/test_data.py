"""The data sets that the measured processes read."""

import numpy as np

from benchmarks.data import write_data
from benchmarks.start.program import read


def test_grey_levels_are_divided_as_in_training(tmp_path):
    levels, labels = np.array([[0, 64, 255]] * 3, np.uint8), np.arange(3)
    folder = write_data(tmp_path / "new" / "one", test=(levels, labels))
    x, y = read(folder / "test.npz")
    np.testing.assert_array_equal(x, levels / np.float32(256))
    assert (x.dtype, y.dtype) == (np.float32, np.int32)
