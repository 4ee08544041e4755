"""The answer of a lowering to a graph that it has no commands for: the graph then goes to Numba as a whole."""


class UnsupportedError(Exception):
    """A node, a type or a shape without a lowering; the message says which."""
