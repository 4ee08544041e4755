"""Theano's signatures on PyTensor: a program for Theano runs with ``network3.theano`` in its imports.

``import theano.tensor as T`` becomes ``import network3.theano.tensor as T``, and every other import likewise. What
PyTensor took over from Theano comes from PyTensor; what it dropped, convolution, pooling and ``tensor.nnet``, is here.
"""

from typing import Any

import pytensor

from . import tensor as tensor
from .missing import missing_name
from .tensor.nnet import batch_normalization_test as batch_normalization_test
from .tensor.nnet import batch_normalization_train as batch_normalization_train
from .tensor.nnet import binary_crossentropy as binary_crossentropy
from .tensor.nnet import categorical_crossentropy as categorical_crossentropy
from .tensor.nnet import conv2d as conv2d
from .tensor.nnet import conv2d_grad_wrt_inputs as conv2d_grad_wrt_inputs
from .tensor.nnet import conv2d_transpose as conv2d_transpose
from .tensor.nnet import relu as relu
from .tensor.nnet import sigmoid as sigmoid
from .tensor.nnet import softmax as softmax
from .tensor.nnet import softplus as softplus
from .tensor.signal.pool import pool_2d as pool_2d


def function(inputs: Any, outputs: Any = None, mode: Any = None, *arguments: Any, **keywords: Any) -> Any:
    """Compile a function, as ``pytensor.function``, with the mode ``NETWORK3`` as the default.

    Parameters
    ----------
    inputs, outputs, mode, and others
        Those of ``pytensor.function``, which are Theano's. Without a mode, and with PyTensor's own default for
        ``config.mode``, the mode is ``"NETWORK3"``: a graph whose sizes are all stated runs on network3's kernels,
        another one is compiled by Numba.

    Returns
    -------
    callable

    Examples
    --------
    >>> x = tensor.matrix()
    >>> double = function([x], 2 * x)
    >>> double([[1.0, 2.0]])
    array([[2., 4.]])
    """
    if mode is None and pytensor.config.mode == "Mode":
        mode = "NETWORK3"
    return pytensor.function(inputs, outputs, mode, *arguments, **keywords)


def __getattr__(name: str) -> Any:
    """Return what PyTensor has under Theano's name: `shared`, `config`, `grad`, `scan` ..."""
    if name.startswith("__") or not hasattr(pytensor, name):
        raise AttributeError(missing_name("theano", name))
    return getattr(pytensor, name)
