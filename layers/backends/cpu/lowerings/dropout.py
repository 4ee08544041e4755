"""Lowering of dropout masks."""

from pytensor.graph.basic import Apply

from network3.layers.backends.cpu.kernels.dropout_mask import dropout_mask
from network3.layers.backends.cpu.plan import View
from network3.layers.ops.dropout_mask import DropoutMask

from .elementwise import contiguous
from .registry import Lowering, lowers

BLOCKS = 2048  # blocks of two random words per part


@lowers(DropoutMask)
def lower_dropout_mask(low: Lowering, node: Apply, x: View, state: View) -> View:
    """Draw a mask of the shape of x."""
    mask = low.new(x.dtype, x.shape)
    half = (x.size + 1) // 2
    arguments = [contiguous(low, state), mask, x.size, node.op.threshold, BLOCKS]
    low.run(dropout_mask(x.dtype), arguments, -(-half // BLOCKS))
    return mask
