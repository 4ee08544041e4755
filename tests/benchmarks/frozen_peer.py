"""A peer whose steps change nothing."""

from tests.benchmarks.fake_peer import Fake


def build(config, weights, batch):
    return Frozen(config, weights, batch)


class Frozen(Fake):
    """A network that never learns."""

    def run(self, steps):
        pass
