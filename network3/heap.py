"""Memory that a step frees stays with the process, for the next step.

The GNU C library hands large blocks back to the system until it has seen a larger one freed, and whoever asks for
them again pays for every page: 2,700 page faults a step were measured to make that of a convolutional network with
mini-batches of 256 take half as long again.
"""

from functools import cache

import numpy as np

MOST = (1 << 25) - (1 << 16)  # bytes: the largest block from which that library learns is 2**25


@cache
def keep_freed_memory() -> None:
    """Let the C library see a large block freed, once. Nobody writes to it, so it takes no memory."""
    np.empty(MOST, np.uint8)
