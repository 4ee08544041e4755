"""What checked kernels report: an access outside of an array, a division by zero, a whole number that overflows.

The report is `REPORT` int64, all 0 while nothing was wrong: which rule was violated first, the line, the index and the
length of the array, and the address of the file's name. The part of the kernel in which it happens ends there.
"""

import ctypes
from collections.abc import Sequence

REPORT = 5
OUTSIDE, ZERO, OVERFLOW, OVERLAP = 1, 2, 3, 4

_TEXTS = {
    OUTSIDE: "index {index} of an array of {length}",
    ZERO: "division by zero",
    OVERFLOW: "a whole number that does not fit into its type",
    OVERLAP: "copy between places that overlap, {index} apart",
}


def violation(report: Sequence[int]) -> str | None:
    """Return what a report says, "file:line: what is wrong"; None if nothing is.

    The kernel's code must still be there: the file's name is in it.
    """
    kind, line, index, length, file = (int(word) for word in report)
    if kind == 0:
        return None
    return f"{ctypes.string_at(file).decode()}:{line}: {_TEXTS[kind].format(index=index, length=length)}"
