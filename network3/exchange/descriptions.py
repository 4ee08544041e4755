"""Operations in words, for messages; two operations are of the same kind if their descriptions are equal."""

from .operations import (
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
    shape_of,
)


def describe(operation: Operation) -> str:
    """Return what `operation` does, with the shapes of its arrays but not their values."""
    match operation:
        case Convolve():
            image = "" if operation.image is None else f" over images of {operation.image}"
            options = f"stride {operation.stride}, padding {operation.padding}, dilation {operation.dilation}"
            filters = f"a convolution{image} with filters of {shape_of(operation.w)}"
            return f"{filters}, {options}, groups {operation.groups}"
        case Multiply():
            return f"a product with weights of {shape_of(operation.w)}"
        case Bias():
            return f"a bias of {shape_of(operation.b)}"
        case Normalize():
            return f"batch normalization of {shape_of(operation.mean)} with epsilon {operation.epsilon:.3g}"
        case Pool():
            windows = f"windows of {operation.size}, stride {operation.stride}, padding {operation.padding}"
            return f"{operation.mode} pooling with {windows}"
        case PoolAll():
            return f"global {operation.mode} pooling"
        case Activate():
            axis = f" over axis {operation.axis}" if operation.function == "softmax" else ""
            return f"the activation {operation.function}{axis}"
        case Drop():
            return f"a factor of {operation.scale:.6g}, as of dropout in evaluation"
        case Reshape():
            return f"examples of shape {operation.shape}"
    return type(operation).__name__
