"""Optional dependencies: what to install for them."""

from importlib.util import find_spec

from network3.layers.checks import error_message


def require(extra: str, *modules: str) -> None:
    """Raise ModuleNotFoundError if a module of an extra is missing; the message names the extra."""
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        hint = f"Install it with pip install 'network3[{extra}]'."
        expected = f"expected {' and '.join(modules)}"
        raise ModuleNotFoundError(error_message(extra, expected, f"no {missing[0]}", hint))
