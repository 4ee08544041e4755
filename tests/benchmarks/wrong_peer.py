"""A peer whose cost is a thousandth too large."""

from tests.benchmarks import fake_peer

fake_peer.COST_FACTOR = 1.001
build = fake_peer.build
