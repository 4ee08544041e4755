"""Ops that the rewrites of the mode ``NETWORK3`` put in the place of several of PyTensor's.

Each has ``expand``, which says the same with plain Ops, for graphs that go to Numba. ``perform`` is the reference.
"""

from .conv_max_pool import ConvMaxPool as ConvMaxPool
from .conv_max_pool import GradientToInput as GradientToInput
from .conv_max_pool import GradientToWeight as GradientToWeight
from .descend import Descend as Descend
from .row_softmax import RowSoftmax as RowSoftmax
from .sum_of_squares import SumOfSquares as SumOfSquares
