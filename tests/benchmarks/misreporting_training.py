"""A training that learns, but prints text of its own and reports half of the accuracy of its weights."""

import sys

from benchmarks.start.program import training_with
from tests.benchmarks.fake_peer import build

sys.stdout.write("output of a library")


def train(config, weights, training, test, on_epoch_end, **options):
    return training_with(build)(config, weights, training, test, lambda accuracy: on_epoch_end(accuracy / 2), **options)
