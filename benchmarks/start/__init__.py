"""What a user waits for: the first epoch from the start of Python, and a network that is right 98.5 % of the time.

Each training is a process of its own, as a user would start it, timed from outside. What a library compiles and keeps
on disk goes to a folder that is empty at first.
"""

BATCH = 10  # the book's mini-batches
OURS_MODULE = "benchmarks.start.ours"
