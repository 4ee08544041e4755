"""PyTorch with ``torch.compile``: the network with its cost, and the inference; otherwise as `pytorch_eager`."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from benchmarks.configurations import Configuration

from .pytorch_eager import PyTorch


def build(config: Configuration, weights: Sequence[np.ndarray], batch: int) -> PyTorch:
    return PyTorch(config, weights, batch, compiler=compiled)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile for the shapes of the first call."""
    return torch.compile(function, dynamic=False)
