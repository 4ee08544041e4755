"""Dropout masks from a counter-based generator: the same bits on every back end for a (seed, stream, step).

The generator is Threefry-2x32 with 20 rounds (J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11):
a block cipher that turns the key (seed, stream) and the counter (step, position) into two random 32-bit words.
Nothing is carried from one draw to the next but the step, so masks can be drawn again, in parallel, on any device.
"""

import numpy as np
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.tensor.basic import as_tensor_variable
from pytensor.tensor.type import TensorType

from network3.layers.checks import error_message, real

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = 0x1BD11BDA


def threefry2x32(wrap):
    """Return the block function for integers that `wrap` reduces to 32 bits.

    NumPy and JAX arrays of uint32 wrap by themselves; wider integers (Numba, PyTorch) need a mask.
    """

    def block(key0, key1, counter0, counter1):
        keys = (key0, key1, wrap(key0 ^ key1 ^ PARITY))
        x0, x1 = wrap(counter0 + keys[0]), wrap(counter1 + keys[1])
        for group in range(5):
            for rotation in ROTATIONS[group % 2]:
                x0 = wrap(x0 + x1)
                x1 = wrap(x1 << rotation) | (x1 >> (32 - rotation))
                x1 = x1 ^ x0
            x0 = wrap(x0 + keys[(group + 1) % 3])
            x1 = wrap(wrap(x1 + keys[(group + 2) % 3]) + (group + 1))
        return x0, x1

    return block


class DropoutMask(Op):
    """A mask shaped as `x`: 1 with probability `keep`, else 0.

    Inputs are `x`, whose shape and type the mask takes, and `state`, int32 of shape (3,): seed, stream and step.
    Word 0 of the generator's blocks serves the first half of the elements (in C order), word 1 the second; an
    element is kept if the upper 24 bits of its word lie below ``keep * 2**24``.
    """

    __props__ = ("keep",)

    def __init__(self, keep):
        self.keep = real("DropoutMask: keep", keep, least=0.0)
        if self.keep > 1:
            raise ValueError(
                error_message("DropoutMask: keep", "expected a probability, 0 to 1", repr(keep), "Give 1 - p_dropout.")
            )

    @property
    def threshold(self) -> int:
        """The number of 24-bit words that keep an element."""
        return round(self.keep * 2**24)

    def make_node(self, x, state):
        x, state = as_tensor_variable(x), as_tensor_variable(state)
        is_state = state.type.dtype == "int32" and state.type.shape in ((3,), (None,))
        if x.type.dtype not in ("float32", "float64") or not is_state:
            raise TypeError(
                error_message(
                    "DropoutMask",
                    "expected x of float32 or float64 and state of int32 with shape (3,)",
                    f"x of {x.type.dtype}, state of {state.type.dtype} with shape {state.type.shape}",
                    "Make the state with network3.layers.dropout.dropout_state().",
                )
            )
        return Apply(self, [x, state], [TensorType(x.type.dtype, shape=x.type.shape)()])

    def infer_shape(self, *arguments):  # PyTensor 3.0 passes (fgraph, node, shapes), later ones (node, shapes)
        return [arguments[-1][0]]

    def connection_pattern(self, node):
        return [[False], [False]]

    def pullback(self, inputs, outputs, cotangents):
        return [DisconnectedType()(), DisconnectedType()()]

    def perform(self, node, inputs, output_storage):
        x, state = inputs
        half = (x.size + 1) // 2
        seed, stream, step = state.astype(np.uint32)[:, None]
        words = _block(seed, stream, step, np.arange(half, dtype=np.uint32))
        kept = np.concatenate(words)[: x.size] >> 8 < self.threshold
        output_storage[0][0] = kept.astype(x.dtype).reshape(x.shape)


_block = threefry2x32(lambda words: words)
