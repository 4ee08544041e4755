"""The documentation page about kernels: its example runs."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

from tests.layers.backends.cpu.runs import WAYS, run

PAGE = Path(__file__).parents[5] / "docs" / "kernels.md"


@pytest.fixture
def scaled(tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    file = tmp_path / "scaled.py"
    file.write_text(code, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("scaled", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.scaled


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_example(scaled, dtype, how):
    x, y = np.arange(-5, 6).astype(dtype), np.zeros(11, dtype)
    run(scaled(dtype, 0.5), [x, y, 11, 4], 3, how)
    np.testing.assert_array_equal(y, np.maximum(x, 0) / 2)


def test_the_violation_in_the_example(scaled):
    with pytest.raises(AssertionError, match=r"scaled\.py:\d+: index 10 of an array of 10$") as error:
        run(scaled("float32", 0.5), [np.zeros(10, "float32"), np.zeros(10, "float32"), 11, 11], 1, "checked")
    (line,) = re.findall(r"scaled\.py:(\d+)", str(error.value))
    assert f"scaled.py:{line}: index 10 of an array of 10" in PAGE.read_text(encoding="utf-8")
