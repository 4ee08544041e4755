"""Layers as symbolic PyTensor expressions: what they compute, not where or on which data."""

from . import compile_folder as compile_folder  # first: it acts before PyTensor is imported

# isort: split
from . import backends as backends
from . import costs as costs
from . import initializers as initializers
from . import ops as ops
from .activations import ACTIVATIONS as ACTIVATIONS
from .activations import ReLU as ReLU
from .activations import linear as linear
from .activations import sigmoid as sigmoid
from .activations import softmax as softmax
from .activations import step as step
from .activations import tanh as tanh
from .base import Layer as Layer
from .base import ShapeError as ShapeError
from .batch_norm import BatchNormLayer as BatchNormLayer
from .conv_pool import ConvPoolLayer as ConvPoolLayer
from .dropout import dropout_layer as dropout_layer
from .dropout import dropout_states as dropout_states
from .dropout import dropout_updates as dropout_updates
from .fully_connected import FullyConnectedLayer as FullyConnectedLayer
from .global_pool import GlobalPoolLayer as GlobalPoolLayer
from .regression import RegressionLayer as RegressionLayer
from .softmax_layer import SoftmaxLayer as SoftmaxLayer
from .standalone_dropout import DropoutLayer as DropoutLayer
