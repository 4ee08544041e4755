"""The version of scikit-learn that the estimators need, checked before they are defined."""

from importlib import metadata

from network3.layers.checks import error_message

LEAST = (1, 6)  # the first version with validate_data and tags as classes


def check_version() -> None:
    """Raise ImportError unless scikit-learn is installed, in a version that the estimators can use."""
    try:
        found = metadata.version("scikit-learn")
    except metadata.PackageNotFoundError:
        found = "none"
    if found == "none" or tuple(map(int, found.split(".")[:2])) < LEAST:
        expected = f"expected scikit-learn {'.'.join(map(str, LEAST))} or later"
        hint = "Install it: pip install 'network3[sklearn]'."
        raise ImportError(error_message("network3.sklearn", expected, found, hint))
