"""The error for a graph that cannot be lowered; the graph is then compiled with Numba."""


class UnsupportedError(Exception):
    """A node, a type or a shape has no lowering; the message names it."""
