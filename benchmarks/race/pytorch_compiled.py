"""The race with PyTorch and ``torch.compile``; otherwise as `pytorch`."""

from functools import partial

import torch

from .pytorch import train as eager_train

train = partial(eager_train, compiler=partial(torch.compile, dynamic=False))
