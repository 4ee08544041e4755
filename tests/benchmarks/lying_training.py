"""A training that learns, says more than is asked for, and reports an accuracy that its weights do not have."""

import sys

from benchmarks.start.program import in_steps
from tests.benchmarks.fake_peer import build

sys.stdout.write("a library's own words")


def train(config, weights, training, test, evaluated, **options):
    return in_steps(build)(config, weights, training, test, lambda accuracy: evaluated(accuracy / 2), **options)
