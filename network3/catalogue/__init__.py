"""The book's published runs as data, one module a chapter."""

from . import chapter6
from .run import Run as Run

RUNS = {run.name: run for run in chapter6.RUNS}
