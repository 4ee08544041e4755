"""Our Ops on Numba, PyTensor's compiler for CPUs.

`conv` and `pool` are the generic path, for every shape, stride and type; `fused` takes convolution with max-pooling.
"""

from . import conv as conv
from . import dropout_mask as dropout_mask
from . import fused as fused
from . import pool as pool
