"""Images and labels as users have them, converted to arrays of numbers; what could be misread is refused."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

NAMES_TO_NUMBERS = "np.unique(names, return_inverse=True)[1] turns class names into numbers"


def to_array(name: str, what: str, values: Any) -> NDArray[Any]:
    """Return `values` as an array of booleans, integers or floats in the byte order of this machine.

    Arrays of that form are returned without a copy. Nested sequences, data frames and tensors of other libraries are
    converted by NumPy.

    Parameters
    ----------
    name : str
        Name of the data in error messages, such as "training data".
    what : str
        The part of it, such as "images".
    values : array_like

    Raises
    ------
    TypeError
        Values that are not numbers, or that NumPy would misread: None, an iterator, a dictionary, a sparse matrix, a
        masked array, a tensor that has to be detached or copied from a GPU first.
    ValueError
        Sequences of different lengths.
    """
    _refuse_other_forms(name, what, values)
    try:
        array = np.asarray(values)
    except Exception as error:  # each library raises its own kind
        if isinstance(values, list | tuple) and not any(hasattr(value, "detach") for value in values):
            missing = next((k for k, value in enumerate(values) if value is None), None)
            if missing is not None:
                raise TypeError(f"{name}: {what} must be numbers; got None in row {missing}. Leave it out.") from error
            raise ValueError(
                f"{name}: {what} must be one array; got values that NumPy cannot convert ({_difference(values)}). "
                "Use the same shape for every example."
            ) from error
        raise TypeError(
            f"{name}: {what} must be numbers that NumPy can read; got {_type(values)} ({_first_line(error)}). "
            f"Pass {_conversion(values)}."
        ) from error
    if array.dtype.kind not in "buif":
        got, hint = _not_numbers(array, values)
        raise TypeError(f"{name}: {what} must be integers or floats; got {got}. {hint}.")
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _refuse_other_forms(name: str, what: str, values: Any) -> None:
    """Raise TypeError for values that NumPy would convert to something else."""
    got = hint = ""
    if values is None:
        got, hint = "None", "Pass an array"
    elif hasattr(values, "toarray") and hasattr(values, "nnz"):
        got, hint = f"a sparse matrix ({_type(values)})", "Write x.toarray()"
    elif isinstance(values, Iterator) or type(values).__name__ in ("dict_keys", "dict_values", "dict_items"):
        got, hint = f"an iterator ({_type(values)})", "Write np.array(list(x))"
    elif isinstance(values, dict | set | frozenset | str | bytes):
        got, hint = f"a {_type(values)}", "Pass an array of numbers"
    elif _is_masked(values) or (isinstance(values, list | tuple) and any(map(_is_masked, values))):
        got, hint = "a masked array", "Write x.filled(0) to replace the masked values, or leave those examples out"
    if got:
        raise TypeError(f"{name}: {what} must be an array of numbers; got {got}. {hint}.")


def _is_masked(values: Any) -> bool:
    return isinstance(values, np.ma.MaskedArray) and bool(np.ma.is_masked(values))


def _not_numbers(array: NDArray[Any], values: Any) -> tuple[str, str]:
    """Return what an array that is not one of numbers contains, and what to write instead."""
    got = f"dtype {array.dtype}"
    if array.dtype.kind == "c":
        return got, "Pass x.real or np.abs(x); astype would drop the imaginary part"
    if array.dtype.kind in "USTV":
        return got, f"Convert numbers with astype(float); {NAMES_TO_NUMBERS}"
    if array.dtype.kind != "O":
        return got, f"Convert them with astype; {NAMES_TO_NUMBERS}"
    if array.ndim == 0:
        return (
            f"{got} of one {_type(values)}",
            "Pass an array of numbers, e.g. converted with np.asarray(x).astype(float)",
        )
    found = next(((index, item) for index, item in np.ndenumerate(array) if not _is_number(item)), None)
    if found is None:
        return got, f"Write {'x.to_numpy(dtype=float)' if hasattr(values, 'to_numpy') else 'x.astype(float)'}"
    index, item = found
    got += f", with {'None' if item is None else f'a {_type(item)}'} in row {index[0]}"
    if np.ndim(item) > 0:
        return got, "Write np.stack(list(x)), which needs one shape, or convert the rows with astype"
    return got, f"Remove such rows and convert the others with astype(float); {NAMES_TO_NUMBERS}"


def _is_number(item: Any) -> bool:
    return isinstance(item, bool | int | float | np.bool_ | np.integer | np.floating)


def _difference(values: Sequence[Any]) -> str:
    """Return how the first entry that has another shape than entry 0 differs from it."""
    shapes: list[Any] = []
    for k, value in enumerate(values):
        try:
            shapes.append(np.shape(value))
        except Exception:  # a sequence of sequences of different lengths
            return f"lengths that differ inside row {k}"
        if shapes[k] != shapes[0]:
            return f"the shape {shapes[k]} in row {k}, after {shapes[0]} in row 0"
    return "a mixture of types"


def _conversion(values: Any) -> str:
    if isinstance(values, list | tuple):
        return "np.stack([x.detach().cpu().numpy() for x in images])"
    return (
        "x.detach().cpu().numpy()"
        if hasattr(values, "detach")
        else "its values as an array, outside of the compiled function"
    )


def _type(values: Any) -> str:
    return type(values).__name__


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
