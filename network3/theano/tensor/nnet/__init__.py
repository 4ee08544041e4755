"""``theano.tensor.nnet``: convolution, activation functions, costs and batch normalization."""

from typing import Any

from network3.theano.missing import missing_name

from . import abstract_conv as abstract_conv
from . import bn as bn
from . import conv as conv
from .abstract_conv import conv2d as conv2d
from .abstract_conv import conv2d_grad_wrt_inputs as conv2d_grad_wrt_inputs
from .abstract_conv import conv2d_transpose as conv2d_transpose
from .activations import elu as elu
from .activations import hard_sigmoid as hard_sigmoid
from .activations import logsoftmax as logsoftmax
from .activations import relu as relu
from .activations import selu as selu
from .activations import sigmoid as sigmoid
from .activations import softmax as softmax
from .activations import softplus as softplus
from .activations import softsign as softsign
from .bn import batch_normalization as batch_normalization
from .bn import batch_normalization_test as batch_normalization_test
from .bn import batch_normalization_train as batch_normalization_train
from .crossentropy import binary_crossentropy as binary_crossentropy
from .crossentropy import categorical_crossentropy as categorical_crossentropy
from .crossentropy import sigmoid_binary_crossentropy as sigmoid_binary_crossentropy


def __getattr__(name: str) -> Any:
    """Raise an AttributeError that names what stands in the place of a name that is missing."""
    raise AttributeError(missing_name("theano.tensor.nnet", name))
