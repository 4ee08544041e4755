"""One form for chains that compute the same: where biases, pooling, activations and the factors of dropout stand."""

from collections.abc import Callable

from .operations import NO_SIDES, Activate, Bias, Chain, Convolve, Drop, Multiply, Operation, Pool, PoolAll

Scaled = list[tuple[Operation, float]]  # operations; the factor is that of the input of a product or a convolution

MONOTONE = {"sigmoid", "tanh", "ReLU", "sign"}


def biases_first(operations: Chain) -> Chain:
    """Return the same chain with biases before the pooling, where the order makes no difference.

    Other libraries have the bias in the convolution: ``max(x) + b`` is ``max(x + b)``, and so for averages of pixels.
    """
    return _sorted(operations, _bias_may_be_first)


def normal_form(operations: Chain) -> Scaled:
    """Return the chain in the form in which chains are compared.

    Biases come first, then pooling, then activations, as far as the order makes no difference. Dropout is left out;
    its factor in evaluation is that of the input of the next product or convolution.
    """
    ordered = _sorted(operations, lambda one, two: _bias_may_be_first(one, two) or _pool_may_be_first(one, two))
    found: Scaled = []
    factor, where = 1.0, ""  # of the dropout that is not yet accounted for
    for operation in ordered:
        match operation:
            case Drop():
                factor, where = factor * operation.scale, operation.where
                continue
            case Multiply() | Convolve():
                found.append((operation, factor))
                factor = 1.0
                continue
            case Pool() | PoolAll() | Activate(function="ReLU") if factor > 0:  # they multiply their outputs as well
                pass
            case _ if factor != 1:
                found.append((Drop(where, 0.0, factor), 1.0))
                factor = 1.0
        found.append((operation, 1.0))
    return found if factor == 1 else [*found, (Drop(where, 0.0, factor), 1.0)]


def _sorted(operations: Chain, may_be_first: Callable[[Operation, Operation], bool]) -> Chain:
    """Move each operation ahead of those before it as far as ``may_be_first(before, operation)`` allows."""
    ordered: Chain = []
    for operation in operations:
        place = len(ordered)
        while place and may_be_first(ordered[place - 1], operation):
            place -= 1
        ordered.insert(place, operation)
    return ordered


def _bias_may_be_first(one: Operation, two: Operation) -> bool:
    if not (isinstance(one, Pool) and isinstance(two, Bias)):
        return False
    return one.mode == "max" or (one.mode == "average" and one.padding == NO_SIDES)


def _pool_may_be_first(one: Operation, two: Operation) -> bool:
    pooling = isinstance(two, Pool | PoolAll) and two.mode == "max"
    return pooling and isinstance(one, Activate) and one.function in MONOTONE
