"""A History as other libraries have it: by index, as a data frame, as a plot."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, overload

from network3.layers.checks import error_message, nearest
from network3.plotting import draw_learning_curve

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

KERAS = {
    "loss": "cost",
    "val_loss": "validation_cost",
    "val_accuracy": "validation_accuracy",
    "accuracy": "training_accuracy",
    "learning_rate": "eta",
    "lr": "eta",
}


class HistoryViews:
    """Base class of History."""

    monitors: dict[str, list[float]]

    if TYPE_CHECKING:  # see History

        @property
        def epochs(self) -> int: ...

        def rows(self) -> list[dict[str, Any]]: ...

    @overload
    def __getitem__(self, index: str) -> list[Any]: ...

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...

    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...

    def __getitem__(self, index: str | int | slice) -> Any:
        """Return the values of all epochs by their name, or all values of an epoch by its number.

        Parameters
        ----------
        index : str, int or slice
            "cost", "validation_accuracy", ..., or a monitored quantity; or the number of an epoch, from 0, where -1 is
            the last one.

        Raises
        ------
        KeyError
            A name that was not recorded.
        IndexError
            An epoch that there is not.
        """
        rows = self._flat_rows()
        if not isinstance(index, str):
            return rows[index]
        names = list(dict.fromkeys(name for row in rows for name in row))
        if index not in names:
            known = KERAS.get(index, index)
            near = known if known in names else nearest(index, names)
            hint = f'Write history["{near}"].' if near else "Record it with SGD(monitor=[...])."
            expected = f"expected one of {', '.join(names)}" if names else "expected a history of 1 epoch or more"
            raise KeyError(error_message("History", expected, index, hint))
        return [row.get(index) for row in rows]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield the values of each epoch."""
        return iter(self._flat_rows())

    def to_frame(self) -> "DataFrame":
        """Return a data frame of pandas, with a row for each epoch, and its number as the index."""
        try:
            import pandas
        except ImportError as error:
            hint = "Install it: pip install pandas; or use history.rows()."
            raise ImportError(error_message("History.to_frame", "expected pandas", "none", hint)) from error
        return pandas.DataFrame(self._flat_rows(), columns=None if self.epochs else ["epoch"]).set_index("epoch")

    def plot(self, published: float | None = None) -> "Figure":
        """Draw the record, see `network3.plotting.draw_learning_curve`; ``history.plot().savefig("history.png")``."""
        return draw_learning_curve(self, published)  # type: ignore[arg-type]  # a History

    def _flat_rows(self) -> list[dict[str, Any]]:
        """Return `rows` with the monitored quantities beside the others.

        A monitored cost whose name the record has as well is another one, with the regularization: it is called
        "monitored_validation_cost".
        """
        flat = []
        for row in self.rows():
            monitors = row.pop("monitors")
            complete = {name for name in monitors if name.endswith("accuracy")}  # the record may have gaps
            flat.append(
                row
                | {name: monitors[name] for name in monitors if name in complete or name not in row}
                | {f"monitored_{name}": monitors[name] for name in monitors if name in row and name not in complete}
            )
        return flat
