"""A package that is not installed is named, with the command that installs it."""

import pytest

from network3.exchange.requirement import check_installed


def test_a_missing_package_is_named():
    check_installed("here", "numpy", "none")
    message = r"^network3\.onnx: expected the package no_such; got .*\. Install it: pip install 'network3\[onnx\]'\.$"
    with pytest.raises(ImportError, match=message):
        check_installed("network3.onnx", "no_such", "onnx")
