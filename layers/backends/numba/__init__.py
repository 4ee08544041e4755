"""Our Ops on Numba, PyTensor's compiler for CPUs: the generic path, for every shape, stride and type."""

from . import conv as conv
from . import dropout_mask as dropout_mask
from . import pool as pool
