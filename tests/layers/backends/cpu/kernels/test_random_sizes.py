"""All kernels at random sizes, in all three ways; `make fuzz-kernels` runs this for longer, with other seeds."""

import importlib
import pkgutil

import numpy as np
import pytest

from network3.layers.backends.cpu import kernels
from tests.tools.kernel_draws import DRAWS
from tests.tools.kernel_runs import Runner


@pytest.mark.parametrize("name", DRAWS)
def test_all_ways_agree(name):
    for seed in range(2):
        DRAWS[name](np.random.default_rng(seed), Runner())


class Recorder(Runner):
    """Records kernels without running them."""

    def __call__(self, kernel, arguments, parts):
        self.kernels.append(kernel)
        assert len(kernel.parameters) == len(arguments), kernel


def test_every_kernel_is_drawn():
    found = set()
    for module in pkgutil.iter_modules(kernels.__path__, f"{kernels.__name__}."):
        for value in vars(importlib.import_module(module.name)).values():
            if getattr(value, "makes_kernels", False):
                found.add(value.__name__)
    run = Recorder()
    for draw in DRAWS.values():
        for seed in range(30):
            draw(np.random.default_rng(seed), run)
    assert {kernel.name for kernel in run.kernels} == found
