"""Lowerings of PyTensor's graph nodes to commands of a plan; each module handles some classes of Ops."""

from . import batch_statistics as batch_statistics
from . import conv2d as conv2d
from . import conv_max_pool as conv_max_pool
from . import dense as dense
from . import dropout as dropout
from . import elementwise as elementwise
from . import parts as parts
from . import pooling as pooling
from . import reductions as reductions
from . import views as views
from .registry import Lowering as Lowering
