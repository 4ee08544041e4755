"""A race: from an empty compile cache to 99.0 % on the test images of MNIST, network3 beside PyTorch.

Both train one small network by one recipe, chosen on the validation images for the least time of network3. Each
training is a process of its own, as in `benchmarks.start`, and the time includes the start of Python.
"""

GOAL = 0.99  # accuracy on the test images
PROGRAM = "benchmarks.race.program"
EPSILON, KEPT = 1e-5, 0.9  # of batch normalization: added to variances, and the share of the averages that is kept
