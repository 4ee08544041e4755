"""Curves over a common pair of axes."""

import numpy as np
import pytest

from network3.plotting import draw_functions

X = np.linspace(0, 1, 5)


def test_each_function_is_a_line_with_its_name():
    ax = draw_functions(X, {"square": X**2, "root": X**0.5}, xlabel="x", ylabel="y").axes[0]
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), np.column_stack([X, X**2]))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["square", "root"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x", "y")


def test_one_function_needs_no_legend():
    assert draw_functions(X, {"square": X**2}).axes[0].get_legend() is None


@pytest.mark.parametrize(("x", "curves"), [(X, {}), (X, {"short": X[1:]}), (X[:, None], {"column": X[:, None]})])
def test_other_shapes_are_refused(x, curves):
    with pytest.raises(ValueError, match=r"draw_functions: expected .*; got .*\. Pass"):
        draw_functions(x, curves)
