"""Threads for kernels: a work queue, the pool of threads that serves it, and the loops over commands and steps."""

from .loops import PlanLoop as PlanLoop
from .loops import Scratch as Scratch
from .loops import StepLoop as StepLoop
from .team import single_thread as single_thread
from .team import thread_pool as thread_pool
from .team import threads as threads
