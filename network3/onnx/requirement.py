"""Whether the package `onnx` is installed, checked before it is imported."""

from importlib.util import find_spec

from network3.layers.checks import error_message


def check_installed() -> None:
    """Raise ImportError unless the package `onnx` is installed."""
    if find_spec("onnx") is None:
        hint = "Install it: pip install 'network3[onnx]'."
        raise ImportError(error_message("network3.onnx", "expected the package onnx", "no such package", hint))
