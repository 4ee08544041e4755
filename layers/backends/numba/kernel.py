"""How our kernels are compiled: exactly as written, whatever PyTensor's flag for fast mathematics says."""

from functools import partial

from pytensor.link.numba.dispatch.basic import numba_njit

kernel = partial(numba_njit, fastmath=False)
# Part of the functions that use it, not one of its own: each level of calls is compiled once more by the next.
written_out = partial(kernel, inline="always")
