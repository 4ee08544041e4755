"""The mode ``NETWORK3``, registered with PyTensor: the rewrites and the linker of this back end."""

from pytensor.compile.mode import Mode, predefined_modes
from pytensor.graph.rewriting.basic import GraphRewriter
from pytensor.graph.rewriting.db import RewriteDatabaseQuery

from .linker import Network3Linker

NAME = "NETWORK3"


class _Mode(Mode):
    """Registers the rewrites when a graph is first compiled, so that an import does not load their dependencies."""

    @property
    def optimizer(self) -> GraphRewriter:
        from . import rewrites  # noqa: F401  (registers them)

        return super().optimizer


def make_mode(*, checking: bool = False) -> Mode:
    """Return a mode like ``NETWORK3``; if `checking`, its kernels check every array access."""
    return _Mode(Network3Linker(checking=checking), RewriteDatabaseQuery(include=["fast_run"]))


predefined_modes.setdefault(NAME, make_mode())
