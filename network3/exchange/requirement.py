"""Whether a package that is an extra is installed, checked before it is imported."""

from importlib.util import find_spec

from network3.layers.checks import error_message


def check_installed(who: str, package: str, extra: str) -> None:
    """Raise ImportError unless `package` is installed, as ``network3[extra]`` does."""
    if find_spec(package) is None:
        hint = f"Install it: pip install 'network3[{extra}]'."
        raise ImportError(error_message(who, f"expected the package {package}", "no such package", hint))
