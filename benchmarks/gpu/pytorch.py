"""PyTorch on a GPU: eager, through ``torch.compile``, or with the whole step recorded as a CUDA graph."""

import itertools
import os

import torch
from torch import nn

from benchmarks.gpu import DEVICE, FORM
from benchmarks.peers.pytorch_eager import PyTorch

torch.backends.cudnn.allow_tf32 = False  # as all others, see `benchmarks.gpu`
torch.backends.cudnn.benchmark = True
AT = os.environ.get(DEVICE, "cpu")


def build(config, weights, batch):
    form = os.environ.get(FORM, "eager")
    if form == "compiled":
        return OnDevice(config, weights, batch, compiler=lambda f: torch.compile(f, dynamic=False), device=AT)
    return (Graph if form == "graph" else OnDevice)(config, weights, batch, device=AT)


class OnDevice(PyTorch):
    """Waits for the device."""

    def run(self, steps):
        super().run(steps)
        if self.device == "cuda":
            torch.cuda.synchronize()


class Graph(OnDevice):
    """Forward, backward and update as one graph, replayed for each mini-batch; on a CPU, eager."""

    def run(self, steps):
        if self.device != "cuda":
            return super().run(steps)
        for x, y in itertools.islice(self.batches, steps):
            if not hasattr(self, "graph"):
                self._record(x, y)
            self.x.copy_(x)
            self.y.copy_(y)
            self.graph.replay()
        torch.cuda.synchronize()

    def _record(self, x, y):
        self.x, self.y = x.clone(), y.clone()
        first = [parameter.detach().clone() for parameter in self.net.parameters()]
        self.net.train()
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):  # as PyTorch asks: libraries choose their kernels
                self._step()
        torch.cuda.current_stream().wait_stream(side)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self._step()
        with torch.no_grad():
            for parameter, before in zip(self.net.parameters(), first, strict=True):
                parameter.copy_(before)

    def _step(self):
        self.optimizer.zero_grad(set_to_none=False)
        nn.functional.cross_entropy(self.net(self.x), self.y).backward()
        self.optimizer.step()
