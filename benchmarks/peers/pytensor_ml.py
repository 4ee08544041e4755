"""pytensor-ml, the other library of layers on PyTensor (Python 3.12 and later), on its default back end, Numba."""

import itertools

import numpy as np
import pytensor
from pytensor_ml.activations import ReLU, Sigmoid
from pytensor_ml.layers import Conv2D, Dropout, Flatten, Input, Linear, MaxPool2D, Sequential
from pytensor_ml.loss import CrossEntropy, supervised_loss
from pytensor_ml.optim import compile_train, sgd
from pytensor_ml.pytensorf import compile_predict, function

from benchmarks.configurations import FILTER, POOL, SIDE, channels_first, channels_last

from . import mini_batches

PREDICTED = 500  # images at a time
pytensor.config.floatX = "float32"


def build(config, weights, batch):
    return PyTensorML(config, weights, batch)


def stack(config):
    """Return the layers with weights, in order, and all layers as far as the logits."""
    f = {"sigmoid": Sigmoid, "relu": ReLU}[config.activation]
    weighted, every = [], []
    for i, (maps, shape) in enumerate(zip(config.maps, config.image_shapes, strict=False)):
        weighted.append(Conv2D(f"conv{i}", in_channels=shape[0], out_channels=maps, kernel_size=FILTER))
        every += [weighted[-1], MaxPool2D(f"pool{i}", kernel_size=POOL), f()]
    if config.maps:
        every.append(Flatten)
    for i, (n_in, n_out) in enumerate(itertools.pairwise(config.widths)):
        if config.p_dropout:  # the book's: masked and not rescaled; evaluation multiplies by 1 - p
            keep = np.float32(1 - config.p_dropout)
            every += [Dropout(f"dropout{i}", p=config.p_dropout, random_state=i), lambda x, keep=keep: keep * x]
        weighted.append(Linear(f"fc{i}", n_in=n_in, n_out=n_out))
        every += [weighted[-1], *([f()] if i < len(config.hidden) else [])]
    return weighted, Sequential(*every)


class PyTensorML:
    """The compiled step at a static batch, and a loop over mini-batches."""

    def __init__(self, config, weights, batch):
        self.config, self.batch = config, batch
        self.layers, network = stack(config)
        self.params = [param for layer in self.layers for param in (layer.W, layer.b)]
        for param, array in zip(self.params, channels_last(config, weights), strict=True):
            param.set_value(array)
        self.shape = (SIDE, SIDE, 1) if config.maps else (SIDE * SIDE,)
        x = Input("x", shape=(batch, *self.shape))
        loss, y = supervised_loss(network(x), CrossEntropy(expect_logits=True))
        if config.lmbda:
            squares = sum((layer.W**2).sum() for layer in self.layers)
            loss = loss + np.float32(config.decay(batch) / 2) * squares
        self._loss, self._network = (x, y, loss), network
        self.step = self._evaluate = self._labels = None  # compiled when they are first called

    def load(self, x, y):
        self.batches = itertools.cycle(mini_batches(self.batch, *self._as_inputs(x, y)))

    def _as_inputs(self, x, y):
        return np.ascontiguousarray(x.reshape(-1, *self.shape)), y.astype(np.int64)

    def run(self, steps):
        if self.step is None:
            x, y, loss = self._loss
            self.step = compile_train(loss, sgd(self.config.eta), parameters=self.params, inputs=[x, y])
            self.step.trust_input = True
        for x, y in itertools.islice(self.batches, steps):
            self.step(x, y)

    def cost(self, x, y):
        if self._evaluate is None:
            self._evaluate = function(list(self._loss[:2]), self._loss[2])
        return float(self._evaluate(*self._as_inputs(x, y)))

    def predict(self, x):
        if self._labels is None:
            images = Input("images", shape=(PREDICTED, *self.shape))
            self._labels = compile_predict(self._network(images).argmax(1), inputs=[images])
        images = x.reshape(-1, PREDICTED, *self.shape)  # a number of images that fills whole chunks
        return np.concatenate([self._labels(chunk) for chunk in images])

    def weights(self):
        return channels_first(self.config, [param.get_value() for param in self.params])
