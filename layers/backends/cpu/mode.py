"""The mode ``NETWORK3``, registered with PyTensor: our rewrites and our linker."""

from pytensor.compile.mode import Mode, predefined_modes
from pytensor.graph.rewriting.db import RewriteDatabaseQuery

from .linker import Network3Linker

NAME = "NETWORK3"


class _Mode(Mode):
    """Registers our rewrites when a graph is first compiled: an import costs nothing of what they need."""

    @property
    def optimizer(self):
        from . import rewrites  # noqa: F401  (registers them)

        return super().optimizer


def make_mode(*, checking: bool = False) -> Mode:
    """Return a mode like ``NETWORK3``, whose kernels check every access to an array if `checking`."""
    return _Mode(Network3Linker(checking=checking), RewriteDatabaseQuery(include=["fast_run"]))


predefined_modes.setdefault(NAME, make_mode())
