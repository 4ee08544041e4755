"""How the book's numbers and ours are written: accuracies as percentages, anything else in four digits."""


def number(label: str, value: float | None) -> str:
    """Return `value` as a reader wants it, by what its `label` says it is; "-" for None."""
    if value is None:
        return "-"
    return f"{value:.2%}" if "accuracy" in label else f"{value:.4g}"


def difference(label: str, value: float) -> str:
    """Return a difference with its sign, that of accuracies in percentage points."""
    return f"{100 * value:+.2f}" if "accuracy" in label else f"{value:+.2g}"
