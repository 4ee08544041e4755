"""``network3.torch.from_module``: the weights of a module of PyTorch for a network of the same layers."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from torch import Tensor, nn

from network3.exchange import assign
from network3.exchange.operations import (
    NO_SIDES,
    Activate,
    Bias,
    Chain,
    Convolve,
    Drop,
    Multiply,
    Normalize,
    Operation,
    Pool,
    PoolAll,
    Reshape,
    Sides,
)
from network3.graph import NetworkLike
from network3.layer_protocol import check_network
from network3.layers.calls import keywords_checked
from network3.layers.checks import error_message, shown

from . import modules

Part: TypeAlias = "Operation | nn.ConstantPad2d"  # quoted: the site is built without PyTorch
WHO = "torch.from_module"
HINT = "Write the model as an nn.Sequential of such modules, or pass its ONNX file to network3.onnx.load_weights."


@keywords_checked("torch.from_module")
def from_module(net: NetworkLike, module: nn.Module) -> None:
    """Set the weights of `net` to those of a module with the same layers.

    The module may be one of `to_module`, or an `nn.Sequential` of other origin, also one of several others. Pooling and
    activation may be in the other order where this makes no difference, and a softmax at the end may be missing. The
    factors of dropout are accounted for: PyTorch has them while training, the book in evaluation.

    Parameters
    ----------
    net : Network
        Of network3's layers; they decide what is expected.
    module : torch.nn.Module

    Raises
    ------
    TypeError
        Not a module.
    ValueError
        A module of other layers; the first difference is named, and nothing is changed.

    Examples
    --------
    >>> from network3 import FullyConnectedLayer, Network, SoftmaxLayer
    >>> net = Network([FullyConnectedLayer(n_in=784, n_out=30), SoftmaxLayer(n_in=30, n_out=10)], 10)
    >>> module = nn.Sequential(nn.Linear(784, 30), nn.Sigmoid(), nn.Linear(30, 10))
    >>> from_module(net, module)
    >>> np.allclose(net.get_weights()[0], module[0].weight.detach().T)
    True
    """
    check_network(WHO, net)
    if not isinstance(module, nn.Module):
        raise TypeError(error_message(WHO, "expected a module of PyTorch", shown(module), HINT))
    assign(WHO, net, _merged_padding([*_operations(module, "the module")]), "the module")


def _operations(module: nn.Module, where: str) -> Iterator[Part]:
    """Yield the operations of a module and of those in it, and modules that only pad."""
    if type(module) is nn.Sequential:
        for name, inner in module.named_children():
            yield from _operations(inner, f"module {name}" if where == "the module" else f"{where}.{name}")
        return
    if isinstance(module, nn.ConstantPad2d):
        yield module
        return
    parse = PARSERS.get(type(module))
    if parse is None:
        expected = f"expected modules among {', '.join(kind.__name__ for kind in (nn.Sequential, *PARSERS))}"
        raise ValueError(error_message(WHO, expected, f"a {type(module).__name__} ({where})", HINT))
    parsed = parse(module, where)
    if parsed is None:
        got = f"{module} ({where})"
        raise ValueError(error_message(WHO, "expected options that layers of network3 have", got, HINT))
    yield from parsed


def _merged_padding(parts: list[Part]) -> Chain:
    """Return the operations, with the padding of modules that only pad as that of the next operation."""
    merged: Chain = []
    waiting: nn.ConstantPad2d | None = None
    for part in parts:
        if isinstance(part, nn.ConstantPad2d):
            if waiting is not None:
                raise _unmerged(waiting)
            waiting = part
        elif waiting is None:
            merged.append(part)
        else:
            if not isinstance(part, Convolve | Pool) or part.padding != NO_SIDES:
                raise _unmerged(waiting)
            if waiting.value != (-np.inf if isinstance(part, Pool) and part.mode == "max" else 0):
                raise _unmerged(waiting)
            left, right, top, bottom = waiting.padding
            merged.append(replace(part, padding=((top, bottom), (left, right))))
            waiting = None
    if waiting is not None:
        raise _unmerged(waiting)
    return merged


def _unmerged(module: nn.ConstantPad2d) -> ValueError:
    expected = "expected padding of the convolution or pooling that follows, with 0, or -inf for a maximum"
    return ValueError(error_message(WHO, expected, str(module), HINT))


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().double().numpy()


def _convolution(module: Any, where: str) -> Chain | None:
    if module.padding_mode != "zeros":
        return None
    w = np.ascontiguousarray(_array(module.weight)[:, :, ::-1, ::-1])
    padding = {"valid": NO_SIDES}.get(module.padding, module.padding)
    sides = padding if isinstance(padding, str) else _sides(padding)
    convolution = Convolve(where, w, module.stride, sides, module.dilation, module.groups)
    return [convolution, *_bias(module, where)]


def _linear(module: Any, where: str) -> Chain:
    return [Multiply(where, _array(module.weight).T), *_bias(module, where)]


def _bias(module: Any, where: str) -> Chain:
    return [] if module.bias is None else [Bias(where, _array(module.bias))]


def _normalization(module: Any, where: str) -> Chain | None:
    if module.running_mean is None:
        return None
    mean, variance = _array(module.running_mean), _array(module.running_var)
    gamma, b = (
        (_array(module.weight), _array(module.bias)) if module.affine else (np.ones_like(mean), np.zeros_like(mean))
    )
    return [Normalize(where, gamma, b, mean, variance, module.eps)]


def _pool(mode: str) -> Callable[[Any, str], Chain | None]:
    def parse(module: Any, where: str) -> Chain | None:
        padding = _sides(getattr(module, "padding", 0))
        plain = not module.ceil_mode and getattr(module, "divisor_override", None) is None
        plain = plain and _pair(getattr(module, "dilation", 1)) == (1, 1) and getattr(module, "norm_type", 2) == 2
        if not plain or (padding != NO_SIDES and not getattr(module, "count_include_pad", True)):
            return None
        size = _pair(module.kernel_size)
        return [Pool(where, mode, size, size if module.stride is None else _pair(module.stride), padding)]

    return parse


def _pool_all(mode: str) -> Callable[[Any, str], Chain | None]:
    return lambda module, where: [PoolAll(where, mode)] if _pair(module.output_size) == (1, 1) else None


def _flatten(module: Any, where: str) -> Chain | None:
    return [Reshape(where, None)] if (module.start_dim, module.end_dim) == (1, -1) else None


def _unflatten(module: Any, where: str) -> Chain | None:
    return [Reshape(where, tuple(module.unflattened_size))] if module.dim == 1 else None


def _softmax(module: Any, where: str) -> Chain | None:
    axis = 1 if module.dim is None else module.dim
    return [Activate(where, "softmax", axis)] if axis in (1, -1) else None


def _activation(name: str) -> Callable[[Any, str], Chain]:
    return lambda module, where: [Activate(where, name)]


def _nothing(module: Any, where: str) -> Chain:
    return []


def _book_dropout(module: Any, where: str) -> Chain:
    return [Drop(where, module.p, 1 - module.p)]


PARSERS: dict[type, Callable[[Any, str], Chain | None]] = {  # None for options without a counterpart
    nn.Conv2d: _convolution,
    nn.Linear: _linear,
    nn.BatchNorm1d: _normalization,
    nn.BatchNorm2d: _normalization,
    nn.MaxPool2d: _pool("max"),
    nn.AvgPool2d: _pool("average"),
    nn.LPPool2d: _pool("l2"),
    nn.AdaptiveMaxPool2d: _pool_all("max"),
    nn.AdaptiveAvgPool2d: _pool_all("average"),
    nn.Flatten: _flatten,
    nn.Unflatten: _unflatten,
    nn.Sigmoid: _activation("sigmoid"),
    nn.Tanh: _activation("tanh"),
    nn.ReLU: _activation("ReLU"),
    nn.Softmax: _softmax,
    nn.LogSoftmax: _softmax,
    nn.Identity: _nothing,
    nn.Dropout: _nothing,
    nn.Dropout2d: _nothing,
    modules.Bias: _bias,
    modules.BookDropout: _book_dropout,
    modules.Sign: _activation("sign"),
}


def _pair(value: Any) -> tuple[int, int]:
    first, second = value if isinstance(value, tuple | list) else (value, value)
    return first, second


def _sides(value: Any) -> Sides:
    """Return the padding of both sides of rows and columns."""
    rows, columns = _pair(value)
    return (rows, rows), (columns, columns)
