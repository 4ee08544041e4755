"""PyTorch through ``torch.compile``: the network with its cost, and the inference; otherwise as `pytorch_eager`."""

import torch

from .pytorch_eager import PyTorch


def build(config, weights, batch):
    return PyTorch(config, weights, batch, compiler=lambda f: torch.compile(f, dynamic=False))
