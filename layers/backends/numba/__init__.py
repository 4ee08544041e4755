"""Our Ops on Numba, PyTensor's compiler for CPUs.

`conv` and `pool` are the generic path, for every shape, stride and type; `fused` takes convolution with max-pooling,
`dense` products with the matrices of layers. A `team` of threads shares their work out.
"""

from . import conv as conv
from . import dense as dense
from . import dropout_mask as dropout_mask
from . import elementwise as elementwise
from . import flat as flat
from . import fused as fused
from . import pool as pool
from . import softmax as softmax
from . import sums as sums
