"""Figures that notebooks show: Matplotlib's own are shown only if they were made by pyplot."""

from io import BytesIO

from matplotlib.figure import Figure


class ShownFigure(Figure):
    """A Figure that is a picture as the last line of a notebook's cell."""

    def _repr_png_(self) -> bytes:
        file = BytesIO()
        self.savefig(file, format="png", bbox_inches="tight")
        return file.getvalue()
