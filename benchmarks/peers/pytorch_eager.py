"""PyTorch as in its tutorials: a Sequential, cross-entropy, ``torch.optim.SGD``; run eagerly."""

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.configurations import Configuration, ResidualConfiguration, flipped

from . import mini_batches
from .pytorch_residual import residual_layers

PREDICT_BATCH = 500  # images at a time: a fixed size, so that the compiled network is compiled once
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", torch.get_num_threads())))


def build(config: Configuration, weights: Sequence[np.ndarray], batch: int) -> "PyTorch":
    return PyTorch(config, weights, batch)


def unchanged(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function`: eager execution needs no compilation."""
    return function


class Dropout(nn.Dropout):
    """The book's dropout: values are masked, not rescaled; evaluation multiplies by 1 - p."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (1 - self.p) * super().forward(x)


def layers(config: Configuration) -> nn.Sequential:
    """Return the network up to the logits."""
    if isinstance(config, ResidualConfiguration):
        return residual_layers(config)
    f = {"sigmoid": nn.Sigmoid, "relu": nn.ReLU}[config.activation]
    stack: list[nn.Module] = []
    for maps, shape, pool in zip(config.maps, config.image_shapes, config.poolings, strict=False):
        stack.append(nn.Conv2d(shape[0], maps, config.filter, padding=config.padding))
        stack += [*([nn.MaxPool2d(pool)] if pool > 1 else []), f()]
    if config.maps:
        stack.append(nn.Flatten())
    for i, (n_in, n_out) in enumerate(itertools.pairwise(config.widths)):
        stack += [Dropout(config.p_dropout)] if config.p_dropout else []
        stack += [nn.Linear(n_in, n_out), *([f()] if i < len(config.hidden) else [])]
    return nn.Sequential(*stack)


class PyTorch:
    """The network, its optimizer, and a loop over mini-batches.

    Parameters
    ----------
    config, weights, batch
        See `benchmarks.peers`.
    compiler : callable
        Applied to the cost function and to the network.
    device : "cpu" or "cuda"
    memory_format : torch.memory_format
        Of the images and the filters.
    """

    def __init__(
        self,
        config: Configuration,
        weights: Sequence[np.ndarray],
        batch: int,
        compiler: Callable[[Callable[..., Any]], Callable[..., Any]] = unchanged,
        device: str = "cpu",
        memory_format: torch.memory_format = torch.contiguous_format,
    ) -> None:
        self.config, self.device, self.memory_format = config, device, memory_format
        self.batch, self.decay = batch, config.decay(batch)
        self.net = layers(config)
        for parameter, array in zip(self.net.parameters(), map(_converted, weights), strict=True):
            parameter.data = torch.tensor(array, device=device)
        move: Any = self.net.to  # whose memory format is missing in PyTorch's types
        move(device, memory_format=memory_format)
        # PyTorch's weight decay is the derivative of decay/2 |w|^2; biases have none.
        matrices, biases = list(self.net.parameters())[::2], list(self.net.parameters())[1::2]
        groups: list[dict[str, Any]] = [{"params": matrices, "weight_decay": self.decay}, {"params": biases}]
        self.optimizer = torch.optim.SGD(groups, lr=config.eta)
        self.loss = compiler(lambda x, y: nn.functional.cross_entropy(self.net(x), y))
        self.forward = compiler(self.net)

    def load(self, x: np.ndarray, y: np.ndarray) -> None:
        self.batches: Iterator[tuple[torch.Tensor, ...]] = itertools.cycle(
            mini_batches(self.batch, *self._tensors(x, y))
        )

    def run(self, steps: int) -> None:
        self.net.train()
        for x, y in itertools.islice(self.batches, steps):
            self.optimizer.zero_grad()
            self.loss(x, y).backward()
            self.optimizer.step()

    @torch.inference_mode()
    def cost(self, x: np.ndarray, y: np.ndarray) -> float:
        self.net.train()
        l2 = self.decay / 2 * sum((w.double() ** 2).sum() for w in list(self.net.parameters())[::2])
        images, labels = self._tensors(x, y)
        return float(nn.functional.cross_entropy(self.net(images), labels) + l2)

    @torch.inference_mode()
    def predict(self, x: np.ndarray) -> np.ndarray:
        self.net.eval()
        chunks = self._images(x).split(PREDICT_BATCH)
        return torch.cat([self.forward(chunk).argmax(1) for chunk in chunks]).cpu().numpy()

    def _tensors(self, x: np.ndarray, y: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        return self._images(x), torch.tensor(y, dtype=torch.int64, device=self.device)

    def _images(self, x: np.ndarray) -> torch.Tensor:
        """Return images of shape (n, maps * rows * columns) as the network takes them."""
        images = torch.tensor(x, device=self.device)
        if not self.config.has_filters:
            return images
        return images.reshape(-1, *self.config.image).contiguous(memory_format=self.memory_format)

    def weights(self) -> list[np.ndarray]:
        return [_converted(parameter.detach().cpu().numpy()) for parameter in self.net.parameters()]


def _converted(array: np.ndarray) -> np.ndarray:
    """Convert parameters between the two layouts: filters are flipped, matrices transposed; its own inverse."""
    return {4: flipped, 2: lambda a: np.ascontiguousarray(a.T)}.get(array.ndim, np.array)(array)
