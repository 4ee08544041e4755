"""Dropout masks on Numba: one pass over the generator's blocks, two elements from each."""

import numpy as np
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key

from ...ops import dropout_mask
from .kernel import kernel
from .version import source_version

VERSION = source_version(dropout_mask.__file__)


@kernel
def _word(value):
    return np.uint32(value)


_block = kernel(dropout_mask.threefry2x32(_word))


@register_funcify_default_op_cache_key(dropout_mask.DropoutMask)
def numba_dropout_mask(op, node, **kwargs):
    threshold = op.threshold

    @kernel
    def mask(x, state):
        if state.size != 3:
            raise ValueError(
                "DropoutMask: the state must hold seed, stream and step; got another size. Use dropout_state()."
            )
        kept = np.empty(x.size, x.dtype)
        half = (x.size + 1) // 2
        seed, stream, step = np.uint32(state[0]), np.uint32(state[1]), np.uint32(state[2])
        for i in range(half):
            first, second = _block(seed, stream, step, np.uint32(i))
            kept[i] = (first >> 8) < threshold
            if half + i < x.size:
                kept[half + i] = (second >> 8) < threshold
        return kept.reshape(x.shape)

    return mask, VERSION
