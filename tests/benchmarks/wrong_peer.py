"""A peer whose cost is a thousandth too high."""

from tests.benchmarks import fake_peer

fake_peer.WRONG = 1.001
build = fake_peer.build
