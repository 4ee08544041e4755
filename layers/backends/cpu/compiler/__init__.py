"""A compiler for kernels: translates Python functions of loops over flat arrays to LLVM's text.

There is no type inference: parameters are annotated, and two types meet only in an explicit conversion. Code outside of
the language is rejected with its file and line. The same functions also run as plain Python.
"""

from .errors import KernelError as KernelError
from .kernel import Kernel as Kernel
from .kernel import kernel as kernel
from .kernel import vectorized_by_llvm as vectorized_by_llvm
from .operations import FlatArray as FlatArray
from .operations import Operation as Operation
from .operations import copy as copy
from .operations import operation as operation
from .operations import prefetch as prefetch
from .operations import scratch as scratch
from .tile import Tile as Tile
from .types import Array as Array
from .types import Int as Int
from .violations import REPORT as REPORT
from .violations import violation as violation
