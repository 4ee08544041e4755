"""PyTorch, run eagerly, with the maps of images and filters in their last axis in memory."""

from collections.abc import Sequence

import numpy as np
import torch

from benchmarks.configurations import Configuration

from .pytorch_eager import PyTorch


def build(config: Configuration, weights: Sequence[np.ndarray], batch: int) -> PyTorch:
    return PyTorch(config, weights, batch, memory_format=torch.channels_last)
