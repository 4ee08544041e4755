"""Our Ops in graphs of PyTensor's NUMBA mode: Numba checks shapes and allocates, kernels of `cpu` compute.

All sizes are known at run time only. The compiled functions are short because every line adds to Numba's compile time.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from pytensor.graph.basic import Apply
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key

from network3.layers.ops.dropout_mask import DropoutMask

from . import numba_conv as numba_conv
from . import numba_pool as numba_pool
from .cpu.kernels.dropout_mask import dropout_mask
from .numba_calls import compiled, register_kernels

Function: TypeAlias = Callable[..., np.ndarray]


@register_funcify_default_op_cache_key(DropoutMask)
def numba_dropout_mask(op: DropoutMask, node: Apply, **kwargs: Any) -> tuple[Function, int]:
    threshold = op.threshold
    (draw,), version = register_kernels(dropout_mask(node.outputs[0].type.dtype))

    @compiled
    def mask(x: np.ndarray, state: np.ndarray) -> np.ndarray:
        if state.size != 3:
            raise ValueError(
                "DropoutMask: the state must consist of seed, stream and step; got another size. Use dropout_state()."
            )
        words = np.empty(3, np.int32)  # contiguous, whatever the strides of the state
        for k in range(3):
            words[k] = state[k]
        kept = np.empty(x.shape, x.dtype)
        draw(1, words, kept, x.size, threshold, x.size)
        return kept

    return mask, version
