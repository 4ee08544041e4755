"""``network3.torch.to_module``: a network as a module of PyTorch."""

from collections import deque
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.utils import skip_init

from network3.exchange import chain
from network3.exchange.normal_form import biases_first
from network3.exchange.operations import (
    NO_SIDES,
    Activate,
    Bias,
    Convolve,
    Drop,
    Multiply,
    Normalize,
    Operation,
    Pool,
    PoolAll,
    Reshape,
    Sides,
    Values,
    array_of,
    shape_of,
)
from network3.graph import NetworkLike
from network3.layers.calls import keywords_checked

from . import modules

FUNCTIONS = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "ReLU": nn.ReLU, "sign": modules.Sign}
WHO = "torch.to_module"


@keywords_checked("torch.to_module")
def to_module(net: NetworkLike) -> nn.Sequential:
    """Return `net` as a module of PyTorch, with a copy of its weights.

    Its input has the shape (batch, maps, rows, columns), or (batch, n_in) if the first layer is fully connected, and
    its output that of `Network.predict_proba`. The module is in evaluation mode; after ``module.train()`` it masks
    and normalizes as the network does while training.

    Parameters
    ----------
    net : Network
        Of network3's layers and activations.

    Returns
    -------
    torch.nn.Sequential
        On the CPU, of the type of the network. Its parameters require gradients.

    Raises
    ------
    TypeError
        A layer or an activation that is not network3's; it is named.

    Examples
    --------
    >>> from network3 import FullyConnectedLayer, Network, SoftmaxLayer
    >>> net = Network([FullyConnectedLayer(n_in=784, n_out=30), SoftmaxLayer(n_in=30, n_out=10)], 10)
    >>> module = to_module(net)
    >>> print(module)
    Sequential(
      (0): Linear(in_features=784, out_features=30, bias=True)
      (1): Sigmoid()
      (2): Linear(in_features=30, out_features=10, bias=True)
      (3): Softmax(dim=1)
    )
    >>> images = torch.rand(5, 784)
    >>> np.allclose(module(images).detach(), net.predict_proba(images), atol=1e-5)
    True
    """
    operations = deque(biases_first(chain(WHO, net)))
    dtype = {"float32": torch.float32, "float64": torch.float64}[net.floatX]
    axes = 1 + len(net.layers[0].input_shape)
    made: list[nn.Module] = []
    while operations:
        operation = operations.popleft()
        bias = None
        if isinstance(operation, Convolve | Multiply) and operations and isinstance(operations[0], Bias):
            bias = operations.popleft().b  # type: ignore[attr-defined]  # a Bias
        made += _modules(operation, bias, axes, dtype)
        axes = _axes(operation, axes)
    return nn.Sequential(*made).eval()


def _axes(operation: Operation, before: int) -> int:
    """Return the number of axes of an operation's output, the batch included."""
    match operation:
        case Reshape(shape=shape):
            return 1 + len(shape or ())
        case Multiply() | PoolAll():
            return 2
    return before


def _modules(operation: Operation, bias: Values | None, axes: int, dtype: torch.dtype) -> list[nn.Module]:
    """Return the modules of an operation, and of the bias that follows it."""
    match operation:
        case Reshape():
            shape = operation.shape or ()
            return [nn.Flatten(), *([nn.Unflatten(1, shape)] if len(shape) > 1 else [])]
        case Convolve():
            return _convolution(operation, bias, dtype)
        case Multiply():
            n_in, n_out = shape_of(operation.w)
            linear = skip_init(nn.Linear, n_in, n_out, bias is not None, dtype=dtype)
            return [_filled(linear, weight=array_of(operation.w).T, bias=bias)]
        case Bias():
            (features,) = shape_of(operation.b)
            return [_filled(modules.Bias(features, dtype), bias=operation.b)]
        case Normalize():
            return [_normalization(operation, axes, dtype)]
        case Pool():
            return _pool(operation)
        case PoolAll():
            kind = nn.AdaptiveMaxPool2d if operation.mode == "max" else nn.AdaptiveAvgPool2d
            return [kind(1), nn.Flatten()]
        case Activate(function="softmax"):
            return [nn.Softmax(dim=operation.axis)]
        case Activate():
            return [FUNCTIONS[operation.function]()]
        case Drop():
            return [modules.BookDropout(operation.p)]
    raise KeyError(type(operation))


def _convolution(operation: Convolve, bias: Values | None, dtype: torch.dtype) -> list[nn.Module]:
    """Return a convolution, whose filters PyTorch does not flip, with padding of its own if the sides differ."""
    w = array_of(operation.w)
    before, inside = _padding(operation.padding, 0.0, most=None)
    sizes = (w.shape[1] * operation.groups, w.shape[0], w.shape[2:], operation.stride, inside, operation.dilation)
    convolution = skip_init(nn.Conv2d, *sizes, operation.groups, bias is not None, dtype=dtype)
    return [*before, _filled(convolution, weight=w[:, :, ::-1, ::-1], bias=bias)]


def _pool(operation: Pool) -> list[nn.Module]:
    size, stride = operation.size, operation.stride
    half = (size[0] // 2, size[1] // 2)  # the most that PyTorch's pooling pads
    if operation.mode == "l2":  # which PyTorch does not pad
        return [*_padding(operation.padding, 0.0, most=(0, 0))[0], nn.LPPool2d(2, size, stride)]
    before, inside = _padding(operation.padding, 0.0 if operation.mode == "average" else -np.inf, most=half)
    kind = nn.MaxPool2d if operation.mode == "max" else nn.AvgPool2d
    return [*before, kind(size, stride, inside)]


def _padding(sides: Sides | str, value: float, most: tuple[int, int] | None) -> tuple[list[nn.Module], tuple[int, int]]:
    """Return modules that pad, and the padding left for the operation: equal on both sides, and at most `most`."""
    assert not isinstance(sides, str), "chains of networks have numbers"
    (top, bottom), (left, right) = sides
    fits = most is None or (top <= most[0] and left <= most[1])
    if fits and (top, left) == (bottom, right):
        return [], (top, left)
    if sides == NO_SIDES:
        return [], (0, 0)
    return [nn.ConstantPad2d((left, right, top, bottom), value)], (0, 0)


def _normalization(operation: Normalize, axes: int, dtype: torch.dtype) -> nn.Module:
    """Return batch normalization; PyTorch's momentum is the share of the new values."""
    kind: Any = nn.BatchNorm1d if axes == 2 else nn.BatchNorm2d
    (features,) = shape_of(operation.gamma)
    made = kind(features, eps=operation.epsilon, momentum=1 - operation.momentum, dtype=dtype)
    averages = {"running_mean": operation.mean, "running_var": operation.variance}
    return _filled(made, weight=operation.gamma, bias=operation.b, **averages)


def _filled(module: nn.Module, **arrays: Values | None) -> nn.Module:
    """Set parameters and buffers of `module` to a copy of the arrays, and return it."""
    with torch.no_grad():
        for name, values in arrays.items():
            if values is not None:
                getattr(module, name).copy_(torch.from_numpy(np.array(array_of(values), order="C")))
    return module
