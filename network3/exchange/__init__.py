"""Networks as chains of simple operations, by which they are exchanged with other libraries.

`chain` returns the operations of a network. `network3.onnx` and `network3.torch` write them in their own terms, and
read chains from files and modules, from which `assign` takes the weights.
"""

from .from_network import chain as chain
from .weights import assign as assign
