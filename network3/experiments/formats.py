"""Formats of numbers: accuracies as percentages, anything else with four digits."""

from .catalogue.published import Unit


def format_number(unit: Unit, value: float | None) -> str:
    """Return `value` as text; "-" for None."""
    if value is None:
        return "-"
    return f"{value:.2%}" if unit == "accuracy" else f"{value:.4g}"


def format_difference(unit: Unit, value: float) -> str:
    """Return a difference with its sign, that of accuracies in percentage points."""
    return f"{100 * value:+.2f}" if unit == "accuracy" else f"{value:+.2g}"


def rounded(unit: Unit, value: float) -> float:
    """Return `value` as `format_number` shows it."""
    return round(value, 4) if unit == "accuracy" else float(f"{value:.4g}")
