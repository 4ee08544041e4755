"""``theano.tensor``: PyTensor's tensors, and the packages ``nnet`` and ``signal`` that PyTensor dropped."""

from typing import Any

import pytensor.tensor

from network3.theano.missing import missing_name

from . import nnet as nnet
from . import signal as signal

inv = pytensor.tensor.reciprocal


def __getattr__(name: str) -> Any:
    """Return what ``pytensor.tensor`` has under Theano's name: `matrix`, `dot`, `tanh`, `grad` ..."""
    if name.startswith("__") or not hasattr(pytensor.tensor, name):
        raise AttributeError(missing_name("theano.tensor", name))
    return getattr(pytensor.tensor, name)
