"""The style of all plots: figures and functions that draw with the settings of ``network3.mplstyle``."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLE = Path(__file__).with_name("network3.mplstyle")
P = ParamSpec("P")
R = TypeVar("R")


def in_plot_style(draw: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function that draws, so that it uses the style file and leaves Matplotlib's settings unchanged."""

    @wraps(draw)
    def draw_in_style(*arguments: P.args, **keywords: P.kwargs) -> R:
        from matplotlib import style  # imported with the first plot, because it takes long

        with style.context(STYLE):
            return draw(*arguments, **keywords)

    return draw_in_style


@in_plot_style
def new_figure(width: float, height: float) -> "Figure":
    """Return an empty Figure of `width` by `height` inches without a window, which notebooks show as a picture."""
    from .shown_figure import ShownFigure

    return ShownFigure(figsize=(width, height))
