"""Dropout masks from a counter-based generator: the same bits on every back end for a (seed, stream, step).

The generator is Threefry-2x32 with 20 rounds (J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11):
a block cipher that maps the key (seed, stream) and the counter (step, position) to two random 32-bit words. The step
is the only state, so masks can be reproduced, in parallel, on any device.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import OutputStorageType
from pytensor.tensor.type import TensorType

from network3.layers.checks import error_message, real

from .base import TensorOp, Tensors, as_tensor

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = 0x1BD11BDA


def threefry2x32(wrap: Callable[[Any], Any]) -> Callable[[Any, Any, Any, Any], tuple[Any, Any]]:
    """Return the block function ``(key0, key1, counter0, counter1) -> (word0, word1)``.

    `wrap` reduces integers to 32 bits: the identity for NumPy and JAX arrays of uint32, which wrap around; a mask for
    wider integers (Python, PyTorch).
    """

    def block(key0: Any, key1: Any, counter0: Any, counter1: Any) -> tuple[Any, Any]:
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


class DropoutMask(TensorOp):
    """A mask of the shape and type of `x`: 1 with probability `keep`, else 0.

    Inputs are `x` and `state`, int32 of shape (3,): seed, stream and step. Word 0 of the generator's blocks is used for
    the first half of the elements (in C order), word 1 for the second; an element is kept if the upper 24 bits of its
    word are below ``keep * 2**24``.

    Parameters
    ----------
    keep : float in [0, 1]

    Raises
    ------
    ValueError
        `keep` is outside [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> import pytensor.tensor as pt
    >>> mask = DropoutMask(keep=0.5)(pt.ones(4), pt.constant(np.array([0, 0, 0], "int32")))
    >>> mask.eval()  # the same on every back end
    array([1., 1., 0., 0.])
    """

    __props__ = ("keep",)

    def __init__(self, keep: float):
        self.keep = real("DropoutMask: keep", keep, least=0.0)
        if self.keep > 1:
            raise ValueError(
                error_message("DropoutMask: keep", "expected a probability, 0 to 1", repr(keep), "Give 1 - p_dropout.")
            )

    @property
    def threshold(self) -> int:
        """How many of the 2**24 values of a 24-bit word keep an element."""
        return round(self.keep * 2**24)

    def make_node(self, *inputs: Variable) -> Apply:
        x, state = (as_tensor("DropoutMask", value) for value in inputs)
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

    # PyTensor 3.0 passes (fgraph, node, shapes), later versions (node, shapes).
    def infer_shape(self, *arguments: Any) -> list[tuple[Any, ...]]:
        return [arguments[-1][0]]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[False], [False]]

    def pullback(self, inputs: Tensors, outputs: Tensors, cotangents: Tensors) -> list[Variable]:
        return [DisconnectedType()(), DisconnectedType()()]

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: OutputStorageType) -> None:
        x, state = inputs
        half = (x.size + 1) // 2
        seed, stream, step = state.astype(np.uint32)[:, None]
        words = _block(seed, stream, step, np.arange(half, dtype=np.uint32))
        kept = np.concatenate(words)[: x.size] >> 8 < self.threshold
        output_storage[0][0] = kept.astype(x.dtype).reshape(x.shape)


_block = threefry2x32(lambda words: words)
