"""LeNet of the Deep Learning Tutorials, written for Theano: two convolutions with max-pooling, a hidden layer, softmax.

Only the imports differ from a program for Theano; sizes are stated, so that it runs on network3's kernels. Two epochs
with the first 4,000 digits reach a validation accuracy of 94 %.
"""

from typing import Any

import numpy as np

import network3.theano as theano
import network3.theano.tensor as T
from network3 import load_data_shared
from network3.theano.tensor.nnet import categorical_crossentropy, conv2d, softmax
from network3.theano.tensor.signal.pool import pool_2d

BATCH = 20
RATE: Any = np.float32(0.1)


class LeNetConvPoolLayer:
    """Feature maps, the maximum of each window, a bias for each map, and tanh."""

    def __init__(
        self,
        rng: np.random.RandomState,
        input: Any,
        filter_shape: tuple[int, ...],
        image_shape: tuple[int, ...],
        poolsize: tuple[int, int] = (2, 2),
    ):
        fan_in = np.prod(filter_shape[1:])
        fan_out = filter_shape[0] * np.prod(filter_shape[2:]) / np.prod(poolsize)
        self.W = uniform(rng, np.sqrt(6 / (fan_in + fan_out)), filter_shape)
        self.b = zeros(filter_shape[0])
        maps = conv2d(input, self.W, filter_shape=filter_shape, input_shape=image_shape)
        pooled = pool_2d(maps, ws=poolsize, ignore_border=True)
        self.output = T.tanh(pooled + self.b.dimshuffle("x", 0, "x", "x"))
        self.params = [self.W, self.b]


def uniform(rng: np.random.RandomState, limit: float, shape: tuple[int, ...]) -> Any:
    """Return weights drawn from [-limit, limit); their shape is stated, so that it is fixed."""
    return theano.shared(rng.uniform(-limit, limit, shape).astype("float32"), shape=shape)


def zeros(*shape: int) -> Any:
    """Return biases, or the weights of a softmax layer."""
    return theano.shared(np.zeros(shape, "float32"), shape=shape)


def build(kernels: tuple[int, int] = (20, 50), hidden: int = 500) -> tuple[Any, Any]:
    """Return the functions (images, labels) -> cost of a step of descent, and (images, labels) -> errors."""
    rng = np.random.RandomState(23455)
    x = T.tensor("x", shape=(BATCH, 28 * 28), dtype="float32")
    y = T.tensor("y", shape=(BATCH,), dtype="int32")

    first, second = kernels
    images = x.reshape((BATCH, 1, 28, 28))
    layer0 = LeNetConvPoolLayer(rng, images, (first, 1, 5, 5), (BATCH, 1, 28, 28))
    layer1 = LeNetConvPoolLayer(rng, layer0.output, (second, first, 5, 5), (BATCH, first, 12, 12))

    n_in = second * 4 * 4
    W2, b2 = uniform(rng, np.sqrt(6 / (n_in + hidden)), (n_in, hidden)), zeros(hidden)
    layer2 = T.tanh(T.dot(layer1.output.reshape((BATCH, n_in)), W2) + b2)
    W3, b3 = zeros(hidden, 10), zeros(10)
    p_y_given_x = softmax(T.dot(layer2, W3) + b3)

    cost = T.mean(categorical_crossentropy(p_y_given_x, y))
    params = [W3, b3, W2, b2, *layer1.params, *layer0.params]
    grads = T.grad(cost, params)
    updates = [(param, param - RATE * grad) for param, grad in zip(params, grads, strict=True)]
    errors = T.mean(T.cast(T.neq(T.argmax(p_y_given_x, axis=1), y), "float32"))
    return theano.function([x, y], cost, updates=updates), theano.function([x, y], errors)


def main(images: int = 4000, epochs: int = 2, validation: int = 1000) -> float:
    """Print the cost and the validation accuracy after each epoch, and return the last accuracy."""
    training_data, validation_data, _ = load_data_shared()
    (x, y), (vx, vy) = ([part.get_value() for part in pair] for pair in (training_data, validation_data))
    train_model, test_model = build()
    accuracy = 0.0
    for epoch in range(epochs):
        costs = [train_model(x[k : k + BATCH], y[k : k + BATCH]) for k in range(0, images, BATCH)]
        wrong = [test_model(vx[k : k + BATCH], vy[k : k + BATCH]) for k in range(0, validation, BATCH)]
        accuracy = 1 - float(np.mean(wrong))
        print(f"epoch {epoch + 1}: cost {np.mean(costs):.3f}, validation accuracy {accuracy:.2%}")
    return accuracy


if __name__ == "__main__":
    main()
