"""The context in which functions of JAX are compiled and called."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import jax
import pytensor.link.jax.dispatch  # noqa: F401  (its import sets JAX's x64 by PyTensor's floatX, which is the user's)


@contextmanager
def execution_context(dtype: str) -> Iterator[None]:
    """Set JAX's x64 as `dtype` needs it, whatever it is outside."""
    with jax.enable_x64(dtype == "float64"), warnings.catch_warnings():
        # PyTensor asks for float64 accumulators and int64 indices; float32 networks use 32 bits.
        warnings.filterwarnings("ignore", message="Explicitly requested dtype")
        yield


compile_context = execution_context
