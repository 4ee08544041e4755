"""An all-convolutional network in Theano's style: strides instead of pooling, a mean over each map at the end.

After J. Springenberg et al., "Striving for simplicity: the all convolutional net" (2014). The last convolution has a
map for each class, whose mean is that class's weighted input. Five epochs with the first 4,000 digits reach a
validation accuracy of 92 %.
"""

from typing import Any

import numpy as np

import network3.theano as theano
import network3.theano.tensor as T
from network3 import load_data_shared
from network3.optim import Adam
from network3.theano.tensor.nnet import categorical_crossentropy, conv2d, relu, softmax
from network3.theano.tensor.signal.pool import pool_2d

BATCH = 20
RATE = 0.01  # of the first epoch
# Filters, their length, and the stride of each convolution: 28 -> 28 -> 14 -> 14 -> 7 -> 7 -> 7.
LAYERS = [(16, 3, 1), (16, 3, 2), (32, 3, 1), (32, 3, 2), (32, 1, 1), (10, 1, 1)]


def build() -> tuple[Any, Any]:
    """Return the functions (images, labels, rate) -> cost of a step of Adam, and (images, labels) -> errors."""
    rng = np.random.RandomState(1)
    x = T.tensor("x", shape=(BATCH, 28 * 28), dtype="float32")
    y = T.tensor("y", shape=(BATCH,), dtype="int32")
    rate = T.fscalar("rate")
    maps, channels = x.reshape((BATCH, 1, 28, 28)), 1
    params = []
    for count, length, stride in LAYERS:
        shape = (count, channels, length, length)
        drawn = rng.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape).astype("float32")
        w = theano.shared(drawn, shape=shape)
        b = theano.shared(np.zeros(count, "float32"), shape=(count,))
        maps = conv2d(maps, w, border_mode="half", subsample=(stride, stride)) + b.dimshuffle("x", 0, "x", "x")
        maps = relu(maps) if count != 10 else maps
        params += [w, b]
        channels = count
    means = pool_2d(maps, (7, 7), ignore_border=True, mode="average_exc_pad")
    p_y_given_x = softmax(means.reshape((BATCH, 10)))
    cost = T.mean(categorical_crossentropy(p_y_given_x, y))
    errors = T.mean(T.cast(T.neq(T.argmax(p_y_given_x, axis=1), y), "float32"))
    updates = Adam()(cost, params, rate)
    return theano.function([x, y, rate], cost, updates=updates), theano.function([x, y], errors)


def main(images: int = 4000, epochs: int = 5, validation: int = 1000) -> float:
    """Print the cost and the validation accuracy after each epoch, and return the last accuracy."""
    training_data, validation_data, _ = load_data_shared()
    (x, y), (vx, vy) = ([part.get_value() for part in pair] for pair in (training_data, validation_data))
    train, test = build()
    accuracy = 0.0
    for epoch in range(epochs):
        rate = np.float32(RATE * (1 - epoch / epochs))
        costs = [train(x[k : k + BATCH], y[k : k + BATCH], rate) for k in range(0, images, BATCH)]
        wrong = [test(vx[k : k + BATCH], vy[k : k + BATCH]) for k in range(0, validation, BATCH)]
        accuracy = 1 - float(np.mean(wrong))
        print(f"epoch {epoch + 1}: cost {np.mean(costs):.3f}, validation accuracy {accuracy:.2%}")
    return accuracy


if __name__ == "__main__":
    main()
