"""The violations that checked kernels report: an access outside of an array, division by zero, or integer overflow.

The report is `REPORT` int64, all 0 if there was no violation: the first rule that was violated, the line, the index and
the length of the array, and the address of the file name. The part of the kernel in which it happens ends there.
"""

import ctypes
from collections.abc import Sequence

REPORT = 5
OUTSIDE, ZERO, OVERFLOW, OVERLAP = 1, 2, 3, 4

_TEXTS = {
    OUTSIDE: "index {index} of an array of {length}",
    ZERO: "division by zero",
    OVERFLOW: "integer overflow",
    OVERLAP: "copy between ranges that overlap, {index} apart",
}


def violation(report: Sequence[int]) -> str | None:
    """Return the message of a report, "file:line: violation"; None if there was no violation.

    The kernel's code must still be loaded: it contains the file name.
    """
    kind, line, index, length, file = (int(word) for word in report)
    if kind == 0:
        return None
    return f"{ctypes.string_at(file).decode()}:{line}: {_TEXTS[kind].format(index=index, length=length)}"
