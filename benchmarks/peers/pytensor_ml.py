"""pytensor-ml, another library of layers on PyTensor (Python 3.12 and later), on its default back end, Numba."""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytensor
from pytensor_ml.activations import ReLU, Sigmoid
from pytensor_ml.layers import Conv2D, Dropout, Flatten, Input, Linear, MaxPool2D, Sequential
from pytensor_ml.loss import CrossEntropy, supervised_loss
from pytensor_ml.optim import compile_train, sgd
from pytensor_ml.pytensorf import compile_predict, function

from benchmarks.configurations import Configuration, channels_first, channels_last

from . import mini_batches

PREDICT_BATCH = 500  # images at a time
pytensor.config.floatX = "float32"


def build(config: Configuration, weights: Sequence[np.ndarray], batch: int) -> "PyTensorML":
    return PyTensorML(config, weights, batch)


def stack(config: Configuration) -> tuple[list[Conv2D | Linear], Sequential]:
    """Return the layers with weights, in order, and the network up to the logits."""
    f = {"sigmoid": Sigmoid, "relu": ReLU}[config.activation]
    weighted: list[Conv2D | Linear] = []
    every: list[Any] = []
    for i, (maps, shape, pool) in enumerate(zip(config.maps, config.image_shapes, config.poolings, strict=False)):
        sizes = {"in_channels": shape[0], "out_channels": maps, "kernel_size": config.filter}
        weighted.append(Conv2D(f"conv{i}", **sizes, padding=config.padding))
        every += [weighted[-1], *([MaxPool2D(f"pool{i}", kernel_size=pool)] if pool > 1 else []), f()]
    if config.maps:
        every.append(Flatten)
    for i, (n_in, n_out) in enumerate(itertools.pairwise(config.widths)):
        if config.p_dropout:  # the book's dropout: masked, not rescaled; evaluation multiplies by 1 - p
            keep = np.float32(1 - config.p_dropout)
            every += [Dropout(f"dropout{i}", p=config.p_dropout, random_state=i), lambda x, keep=keep: keep * x]
        weighted.append(Linear(f"fc{i}", n_in=n_in, n_out=n_out))
        every += [weighted[-1], *([f()] if i < len(config.hidden) else [])]
    return weighted, Sequential(*every)


class PyTensorML:
    """The step, compiled for a static batch, and a loop over mini-batches."""

    def __init__(self, config: Configuration, weights: Sequence[np.ndarray], batch: int) -> None:
        self.config, self.batch = config, batch
        self.layers, network = stack(config)
        self.params = [param for layer in self.layers for param in (layer.W, layer.b)]
        for param, array in zip(self.params, channels_last(config, weights), strict=True):
            param.set_value(array)
        maps, *image = config.image
        self.shape: tuple[int, ...] = (*image, maps) if config.maps else (math.prod(config.image),)
        x = Input("x", shape=(batch, *self.shape))
        loss, y = supervised_loss(network(x), CrossEntropy(expect_logits=True))
        if config.lmbda:
            squares = sum((layer.W**2).sum() for layer in self.layers)
            loss = loss + np.float32(config.decay(batch) / 2) * squares
        self._loss, self._network = (x, y, loss), network
        # Compiled at the first call.
        self.step: Callable[..., Any] | None = None
        self._evaluate: Callable[..., Any] | None = None
        self._labels: Callable[..., Any] | None = None

    def load(self, x: np.ndarray, y: np.ndarray) -> None:
        self.batches: Iterator[tuple[np.ndarray, ...]] = itertools.cycle(
            mini_batches(self.batch, *self._as_inputs(x, y))
        )

    def _as_inputs(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self._images(x), y.astype(np.int64)

    def _images(self, x: np.ndarray) -> np.ndarray:
        if not self.config.maps:
            return x
        return np.ascontiguousarray(x.reshape(-1, *self.config.image).transpose(0, 2, 3, 1))

    def run(self, steps: int) -> None:
        if self.step is None:
            *inputs, loss = self._loss
            step = compile_train(loss, sgd(self.config.eta), parameters=self.params, inputs=inputs)
            step.trust_input = True
            self.step = step
        for x, y in itertools.islice(self.batches, steps):
            self.step(x, y)

    def cost(self, x: np.ndarray, y: np.ndarray) -> float:
        if self._evaluate is None:
            self._evaluate = function(list(self._loss[:2]), self._loss[2])
        return float(self._evaluate(*self._as_inputs(x, y)))

    def predict(self, x: np.ndarray) -> np.ndarray:
        if self._labels is None:
            images = Input("images", shape=(PREDICT_BATCH, *self.shape))
            self._labels = compile_predict(self._network(images).argmax(1), inputs=[images])
        chunks = self._images(x).reshape(-1, PREDICT_BATCH, *self.shape)  # needs a multiple of PREDICT_BATCH
        return np.concatenate([self._labels(chunk) for chunk in chunks])

    def weights(self) -> list[np.ndarray]:
        return channels_first(self.config, [param.get_value() for param in self.params])
