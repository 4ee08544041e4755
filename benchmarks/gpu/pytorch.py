"""PyTorch on a GPU: eager, with ``torch.compile``, or with the step recorded as a CUDA graph."""

import itertools
import os
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from benchmarks.configurations import Configuration
from benchmarks.peers.pytorch_eager import PyTorch

from . import DEVICE, FORM

torch.backends.cudnn.allow_tf32 = False  # single precision, see `benchmarks.gpu`
torch.backends.cudnn.benchmark = True
TORCH_DEVICE = os.environ.get(DEVICE, "cpu")
WARM_UP = 3  # steps before a graph is recorded, as PyTorch's documentation recommends: libraries choose their kernels


def build(config: Configuration, weights: Sequence[np.ndarray], batch: int) -> "OnDevice":
    form = os.environ.get(FORM, "eager")
    if form == "compiled":
        return OnDevice(config, weights, batch, compiler=lambda f: torch.compile(f, dynamic=False), device=TORCH_DEVICE)
    return (Graph if form == "graph" else OnDevice)(config, weights, batch, device=TORCH_DEVICE)


class OnDevice(PyTorch):
    """PyTorch whose `run` waits for the device."""

    def run(self, steps: int) -> None:
        super().run(steps)
        if self.device == "cuda":
            torch.cuda.synchronize()


class Graph(OnDevice):
    """Forward pass, backward pass and update as one graph, replayed for each mini-batch; eager on a CPU."""

    def run(self, steps: int) -> None:
        if self.device != "cuda":
            super().run(steps)
            return
        for x, y in itertools.islice(self.batches, steps):
            if not hasattr(self, "graph"):
                self._record(x, y)
            self.x.copy_(x)
            self.y.copy_(y)
            self.graph.replay()
        torch.cuda.synchronize()

    def _record(self, x: torch.Tensor, y: torch.Tensor) -> None:
        self.x, self.y = x.clone(), y.clone()
        initial = [parameter.detach().clone() for parameter in self.net.parameters()]
        self.net.train()
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARM_UP):
                self._step()
        torch.cuda.current_stream().wait_stream(side)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self._step()
        with torch.no_grad():
            for parameter, before in zip(self.net.parameters(), initial, strict=True):
                parameter.copy_(before)

    def _step(self) -> None:
        self.optimizer.zero_grad(set_to_none=False)
        nn.functional.cross_entropy(self.net(self.x), self.y).backward()
        self.optimizer.step()
