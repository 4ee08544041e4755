"""Ops that the rewrites of the mode ``NETWORK3`` substitute for several of PyTensor's.

Each has ``expand``, which returns an equivalent graph of plain Ops, for graphs that are compiled with Numba.
``perform`` is the reference implementation.
"""

from .batch_statistics import BatchGradientSums as BatchGradientSums
from .batch_statistics import BatchMoments as BatchMoments
from .conv_max_pool import ConvMaxPool as ConvMaxPool
from .conv_max_pool import GradientToInput as GradientToInput
from .conv_max_pool import GradientToWeight as GradientToWeight
from .descend import Descend as Descend
from .row_softmax import RowSoftmax as RowSoftmax
from .sum_of_squares import SumOfSquares as SumOfSquares
