"""Networks as ONNX files, which run on phones, in browsers and in other programs.

Importing this package loads the package `onnx`, which ``pip install 'network3[onnx]'`` installs.
"""

from network3.exchange.requirement import check_installed

check_installed("network3.onnx", "onnx", "onnx")

from .load import load_weights as load_weights  # noqa: E402  # imports what is checked above
from .write import export as export  # noqa: E402
