"""Waiting times of a user: the first epoch from the start of Python, and an accuracy of 98.5 %.

Each training is a process, started as a user would start it and timed from outside. Compiled code that a library
stores on disk goes to a folder that is empty at first.
"""

import numpy as np

BATCH = 10  # the book's mini-batches
OURS_MODULE = "benchmarks.start.ours"
COLD = "empty cache"  # the state in which nothing has been compiled before
Pair = tuple[np.ndarray, np.ndarray]  # images, (n, 784) float32, and labels, (n,) int32
