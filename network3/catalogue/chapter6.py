"""Chapter 6: from a shallow network to two convolutional layers with rectified linear neurons."""

from network3.layers import ConvPoolLayer, FullyConnectedLayer, ReLU, SoftmaxLayer, sigmoid

from .run import Run


def shallow(mini_batch_size):
    """A hidden layer of 100 sigmoid neurons, and a softmax."""
    return [FullyConnectedLayer(n_in=784, n_out=100), SoftmaxLayer(n_in=100, n_out=10)]


def basic_conv(mini_batch_size):
    """One convolutional and pooling layer before the hidden layer."""
    return [
        ConvPoolLayer(image_shape=(mini_batch_size, 1, 28, 28), filter_shape=(20, 1, 5, 5), poolsize=(2, 2)),
        FullyConnectedLayer(n_in=20 * 12 * 12, n_out=100),
        SoftmaxLayer(n_in=100, n_out=10),
    ]


def dbl_conv(mini_batch_size, activation_fn=sigmoid):
    """Two convolutional and pooling layers before the hidden layer."""
    return [
        ConvPoolLayer(
            image_shape=(mini_batch_size, 1, 28, 28),
            filter_shape=(20, 1, 5, 5),
            poolsize=(2, 2),
            activation_fn=activation_fn,
        ),
        ConvPoolLayer(
            image_shape=(mini_batch_size, 20, 12, 12),
            filter_shape=(40, 20, 5, 5),
            poolsize=(2, 2),
            activation_fn=activation_fn,
        ),
        FullyConnectedLayer(n_in=40 * 4 * 4, n_out=100, activation_fn=activation_fn),
        SoftmaxLayer(n_in=100, n_out=10),
    ]


def dbl_conv_relu(mini_batch_size):
    """The same with rectified linear neurons."""
    return dbl_conv(mini_batch_size, activation_fn=ReLU)


SIGMOID = {"epochs": 60, "mini_batch_size": 10, "eta": 0.1}
RELU = {"epochs": 60, "mini_batch_size": 10, "eta": 0.03, "lmbda": 0.1}

RUNS = [
    Run("shallow", "6.1", "100 sigmoid neurons, softmax", shallow, SIGMOID, 0.9780),
    Run("basic_conv", "6.2", "one conv-pool layer, 100 sigmoid neurons, softmax", basic_conv, SIGMOID, 0.9878),
    Run("dbl_conv", "6.4", "two conv-pool layers, 100 sigmoid neurons, softmax", dbl_conv, SIGMOID, 0.9906),
    Run("dbl_conv_relu", "6.7", "two conv-pool layers, 100 ReLU neurons, softmax", dbl_conv_relu, RELU, 0.9923),
]
