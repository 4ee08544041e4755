"""PyTorch as its tutorials write it: a Sequential, cross-entropy, ``torch.optim.SGD``; run eagerly."""

import itertools
import os

import numpy as np
import torch
from torch import nn

from benchmarks.configurations import FILTER, POOL, SIDE, flipped

from . import mini_batches

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", torch.get_num_threads())))


def build(config, weights, batch):
    return PyTorch(config, weights, batch)


class Dropout(nn.Dropout):
    """The book's dropout: values are masked and not rescaled; evaluation multiplies by 1 - p."""

    def forward(self, x):
        return (1 - self.p) * super().forward(x)


def layers(config):
    """Return the network as far as the logits."""
    f = {"sigmoid": nn.Sigmoid, "relu": nn.ReLU}[config.activation]
    stack = [nn.Unflatten(1, (1, SIDE, SIDE))] if config.maps else []
    for maps, shape in zip(config.maps, config.image_shapes, strict=False):
        stack += [nn.Conv2d(shape[0], maps, FILTER), nn.MaxPool2d(POOL), f()]
    if config.maps:
        stack.append(nn.Flatten())
    for i, (n_in, n_out) in enumerate(itertools.pairwise(config.widths)):
        stack += [Dropout(config.p_dropout)] if config.p_dropout else []
        stack += [nn.Linear(n_in, n_out), *([f()] if i < len(config.hidden) else [])]
    return nn.Sequential(*stack)


class PyTorch:
    """The network, its optimizer, and a loop over mini-batches."""

    def __init__(self, config, weights, batch, compiler=lambda f: f, device="cpu"):
        self.device, self.batch, self.decay = device, batch, config.decay(batch)
        self.net = layers(config)
        for parameter, array in zip(self.net.parameters(), map(_turned, weights), strict=True):
            parameter.data = torch.tensor(array, device=device)
        # PyTorch's decay is the derivative of lmbda/2 |w|^2; the biases take none.
        matrices, biases = list(self.net.parameters())[::2], list(self.net.parameters())[1::2]
        groups = [{"params": matrices, "weight_decay": self.decay}, {"params": biases}]
        self.optimizer = torch.optim.SGD(groups, lr=config.eta)
        self.loss = compiler(lambda x, y: nn.functional.cross_entropy(self.net(x), y))
        self.forward = compiler(self.net)

    def load(self, x, y):
        self.batches = itertools.cycle(mini_batches(self.batch, *self._tensors(x, y)))

    def run(self, steps):
        self.net.train()
        for x, y in itertools.islice(self.batches, steps):
            self.optimizer.zero_grad()
            self.loss(x, y).backward()
            self.optimizer.step()

    @torch.inference_mode()
    def cost(self, x, y):
        self.net.eval()
        l2 = self.decay / 2 * sum((w.double() ** 2).sum() for w in list(self.net.parameters())[::2])
        x, y = self._tensors(x, y)
        return float(nn.functional.cross_entropy(self.net(x), y) + l2)

    @torch.inference_mode()
    def predict(self, x):
        self.net.eval()
        x = torch.from_numpy(x).to(self.device)
        return torch.cat([self.forward(part).argmax(1) for part in x.split(PREDICTED)]).cpu().numpy()

    def _tensors(self, x, y):
        return torch.tensor(x, device=self.device), torch.tensor(y, dtype=torch.int64, device=self.device)

    def weights(self):
        return [_turned(parameter.detach().cpu().numpy()) for parameter in self.net.parameters()]


PREDICTED = 500  # images at a time: one length, so that the compiled network is compiled once


def _turned(array):
    """Flip filters, and transpose matrices: the layouts differ."""
    return {4: flipped, 2: lambda a: np.ascontiguousarray(a.T)}.get(array.ndim, np.array)(array)
