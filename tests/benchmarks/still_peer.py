"""A peer that never learns."""

from tests.benchmarks.fake_peer import Fake


def build(config, weights, batch):
    return Still(config, weights, batch)


class Still(Fake):
    """Its steps change nothing."""

    def run(self, steps):
        pass
