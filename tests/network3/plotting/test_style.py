"""All plots use one style file, and leave Matplotlib's settings unchanged."""

import matplotlib as mpl
import pytest

from network3 import History
from network3.plotting import draw_learning_curve
from network3.plotting.style import STYLE, in_plot_style, new_figure


def test_a_figure_belongs_to_no_window():
    import matplotlib.pyplot as plt

    figure = new_figure(3, 2)
    assert (*figure.get_size_inches(),) == (3, 2)
    assert plt.get_fignums() == []


@pytest.mark.parametrize("error", [False, True])
def test_the_style_is_used_while_drawing_only(error):
    before = dict(mpl.rcParams)

    @in_plot_style
    def draw(frame):
        assert (mpl.rcParams["legend.frameon"], mpl.rcParams["axes.spines.top"]) == (frame, False)
        if error:
            raise ValueError("as it is")

    if error:
        with pytest.raises(ValueError, match="as it is"):
            draw(False)
    else:
        draw(frame=False)
    assert dict(mpl.rcParams) == before


def test_settings_that_the_style_does_not_have_are_the_users():
    with mpl.rc_context({"font.family": "monospace"}):
        (ax,) = draw_learning_curve(History(cost=[0.7], seconds=[1.0], batches=3)).axes
        assert ax.xaxis.label.get_fontfamily() == ["monospace"]
    assert not ax.spines["top"].get_visible()


def test_the_style_file_is_part_of_the_package():
    assert STYLE.parent.name == "plotting"
    assert mpl.rc_params_from_file(STYLE, use_default_template=False)
