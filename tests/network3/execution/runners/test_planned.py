"""What a network has compiled first."""

import numpy as np

from network3 import FullyConnectedLayer, Network, SoftmaxLayer
from network3.execution.runners.planned import common_kernels
from network3.layers.backends.cpu.plan import Plan


def test_what_is_compiled_first_is_needed(monkeypatch):
    """By a network with a hidden layer, of whatever sizes; what nobody needs would only be in the way."""
    used, run = set(), Plan.run

    def recorded(plan, kernel, *arguments):
        used.add(kernel)
        return run(plan, kernel, *arguments)

    monkeypatch.setattr(Plan, "run", recorded)
    rng = np.random.default_rng(0)
    data = rng.random((40, 12), np.float32), rng.integers(0, 4, 40).astype("int32")
    Network([FullyConnectedLayer(12, 7, rng=rng), SoftmaxLayer(7, 4, rng=rng)], 10).SGD(data, 1, 10, 0.1, data)
    first = common_kernels("float32")
    assert len(set(first)) == len(first)
    assert set(first) <= used
