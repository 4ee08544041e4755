"""The race with PyTorch: its fastest forms of the same computation, run eagerly.

All images are one tensor, shuffled once an epoch and split into views; the maps of images and filters are last in
memory; the update rule is one fused call, and the moving average another.
"""

import copy
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.configurations import flipped
from benchmarks.start import Pair

from . import EPSILON, KEPT
from .recipe import CHUNK, CLASSES, POOL, SIDE, Recipe, order

EVALUATED = 1000  # images at a time
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", torch.get_num_threads())))


def network(recipe: Recipe) -> nn.Sequential:
    """Return the network up to the logits."""
    stack: list[nn.Module] = []
    for maps, (before, *_) in zip(recipe.maps, recipe.image_shapes, strict=False):
        stack.append(nn.Conv2d(before, maps, recipe.filter, bias=False))
        stack += [nn.MaxPool2d(POOL), nn.BatchNorm2d(maps, EPSILON, momentum=1 - KEPT), nn.ReLU()]
    return nn.Sequential(*stack, nn.Flatten(), nn.Linear(recipe.features, CLASSES))


def train(
    recipe: Recipe,
    weights: Sequence[np.ndarray],
    training: Pair,
    test: Pair,
    on_epoch_end: Callable[[float], bool],
    *,
    epochs: int,
    seed: int,
    compiler: Callable[[Callable[..., Any]], Callable[..., Any]] = lambda function: function,
) -> list[np.ndarray]:
    """Train, call `on_epoch_end` with the accuracy after each epoch, and return the averaged parameters and buffers.

    `compiler` is applied to the cost function.
    """
    net = network(recipe)
    for parameter, array in zip(net.parameters(), map(_converted, weights), strict=True):
        parameter.data = torch.tensor(array)
    move: Any = net.to  # whose memory format is missing in PyTorch's types
    move(memory_format=torch.channels_last)
    averaged = copy.deepcopy(net)
    trained, averages = _floats(net), _floats(averaged)
    optimizer = torch.optim.SGD(net.parameters(), lr=recipe.eta, momentum=recipe.momentum, nesterov=True, fused=True)
    cost = compiler(lambda x, y: nn.functional.cross_entropy(net(x), y, label_smoothing=recipe.smoothing))
    (images, labels), (test_images, test_labels) = _tensors(training), _tensors(test)
    count, step, used = 0.0, 0, len(labels) // recipe.batch * recipe.batch
    for epoch in range(epochs):
        rows = torch.from_numpy(order(seed, epoch, len(labels))[:used])
        batches = zip(images[rows].split(recipe.batch), labels[rows].split(recipe.batch), strict=True)
        for index, (x, y) in enumerate(batches):
            if step % CHUNK == 0 or index == 0:
                optimizer.param_groups[0]["lr"] = recipe.rate(step, len(labels))
            optimizer.zero_grad()
            cost(x, y).backward()
            optimizer.step()
            count, step = recipe.decay * count + 1, step + 1
            torch._foreach_lerp_(averages, trained, 1 / count)
        if on_epoch_end(_accuracy(averaged, test_images, test_labels)):
            break
    return [_converted(average.numpy()) for average in averages]


def _floats(net: nn.Module) -> list[torch.Tensor]:
    """Return parameters, then running means and variances: all but the numbers of mini-batches."""
    return [tensor.data for tensor in (*net.parameters(), *net.buffers()) if tensor.is_floating_point()]


def _tensors(pair: Pair) -> tuple[torch.Tensor, torch.Tensor]:
    """Return images with values in [0, 1), and labels."""
    images = torch.from_numpy(pair[0]).reshape(-1, 1, SIDE, SIDE)
    scaled = images.float().div_(256) if images.dtype == torch.uint8 else images
    return scaled.contiguous(memory_format=torch.channels_last), torch.from_numpy(pair[1]).long()


@torch.inference_mode()
def _accuracy(net: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    net.eval()
    chunks = zip(images.split(EVALUATED), labels.split(EVALUATED), strict=True)
    return sum(int((net(x).argmax(1) == y).sum()) for x, y in chunks) / len(labels)


def _converted(array: np.ndarray) -> np.ndarray:
    """Convert parameters between the two layouts: filters are flipped, matrices transposed; its own inverse."""
    return {4: flipped, 2: lambda a: np.ascontiguousarray(a.T)}.get(array.ndim, np.array)(array)
