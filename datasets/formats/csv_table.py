"""Tables in CSV: a line for each example, with its label in one of the columns."""

import csv
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from network3.datasets.data_set import DataSet
from network3.datasets.from_arrays import from_arrays

LABEL_NAMES = ("label", "class", "target", "species", "y")
DELIMITERS = ",;\t"
LARGEST_LEVEL = 255


def read_csv(
    path: str | os.PathLike[str],
    label: int | str | None = None,
    *,
    test: str | os.PathLike[str] | None = None,
    seed: int = 0,
) -> DataSet:
    """Read a table of numbers, with a column of labels, which may be texts.

    Parameters
    ----------
    path : path
        Columns are separated by commas, semicolons or tabs; a first line of names is recognized.
    label : int or str, optional
        The number of the column, from 0, where -1 is the last one, or its name. By default the one named label, class,
        target, species or y, otherwise the only one that is no number.
    test : path, optional
        A table of the same columns with the test data, otherwise a sixth of the examples.
    seed : int, default 0
        Of the choice of validation and test data, see `from_arrays`.

    Returns
    -------
    DataSet
        Images are float32; uint8 if all values of both tables are whole numbers from 0 to 255 and some are above 127,
        which are grey levels.

    Raises
    ------
    FileNotFoundError
        No such file.
    ValueError
        A value that is no number, lines of different lengths, or no column of labels.

    Examples
    --------
    >>> with open("kinds.csv", "w") as file:
    ...     print("width,height,kind", *10 * ["1.5,2.5,cup", "3.5,0.5,plate"], sep=os.linesep, file=file)
    >>> data = read_csv("kinds.csv", "kind")
    >>> data.class_names, data[0][0].dtype
    (('cup', 'plate'), dtype('float32'))
    """
    values, labels = _read(Path(path), label)
    held_out = None if test is None else _read(Path(test), label)
    tables = [values] if held_out is None else [values, held_out[0]]
    if all(map(_are_levels, tables)) and max(table.max() for table in tables) > LARGEST_LEVEL // 2:
        tables = [table.astype(np.uint8) for table in tables]
    return from_arrays(tables[0], labels, test=None if held_out is None else (tables[1], held_out[1]), seed=seed)


def has_labels(path: Path) -> bool:
    """Return whether `path` is a table in UTF-8 in which `read_csv` finds the column of labels by itself."""
    try:
        _layout(path, None)
    except (OSError, ValueError, csv.Error):
        return False
    return True


def _are_levels(values: NDArray[Any]) -> bool:
    return bool((values >= 0).all() and (values <= LARGEST_LEVEL).all() and (values == np.floor(values)).all())


def _read(path: Path, label: int | str | None) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the values, float32 of shape (n, columns), and the labels, of shape (n,)."""
    who = f"read_csv({path})"
    try:
        delimiter, named, column, count = _layout(path, label)
        options: dict[str, Any] = {"delimiter": delimiter, "skiprows": int(named), "quotechar": '"', "comments": None}
        options |= {"encoding": "utf-8-sig", "ndmin": 2}
        columns = [k for k in range(count) if k != column]
        values = np.loadtxt(path, np.float32, usecols=columns, **options)
        labels = np.loadtxt(path, str, usecols=[column], **options)[:, 0]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{who}: expected a table in UTF-8; got {error}. Save it as CSV in UTF-8.") from error
    except ValueError as error:
        if str(error).startswith("read_csv"):
            raise
        raise ValueError(
            f"{who}: expected lines of numbers, of one length, with a column of labels; got {error}. Correct the line, "
            "or pass label=NAME."
        ) from error
    whole = np.array([text.strip() for text in labels])
    return values, whole.astype(np.int64) if all(text.isdecimal() for text in whole) else whole


def _layout(path: Path, label: int | str | None) -> tuple[str, bool, int, int]:
    """Return the delimiter, whether the first line has names, the column of labels, and the number of columns."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = [file.readline(), file.readline()]
    delimiter = max(DELIMITERS, key=lines[0].count)
    first, second = ([*csv.reader([line], delimiter=delimiter)] or [[]] for line in lines)
    header, row = first[0], second[0] or first[0]
    named = isinstance(label, str) or not any(map(_is_number, header))
    return delimiter, named, _label_column(f"read_csv({path})", label, header if named else [], row), len(row)


def _label_column(who: str, label: int | str | None, header: list[str], row: list[str]) -> int:
    names = [name.strip() for name in header]
    if isinstance(label, str) and label in names:
        return names.index(label)
    if isinstance(label, int) and -len(row) <= label < len(row) and not isinstance(label, bool):
        return label % len(row)
    found = [name.lower() for name in names if name.lower() in LABEL_NAMES]
    texts = [k for k, text in enumerate(row) if not _is_number(text)]
    if label is None and len(found) == 1 and len(row) > 1:
        return [name.lower() for name in names].index(found[0])
    if label is None and len(texts) == 1 and len(row) > 1:
        return texts[0]
    expected = "of labels" if label is None else repr(label)
    got = f"the columns {', '.join(names[:8])}{', ...' if len(names) > 8 else ''}" if names else f"{len(row)} columns"
    raise ValueError(f"{who}: expected a column {expected}; got {got}. Pass its name or number, such as label=0.")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
