"""The context in which functions of JAX are compiled and called."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import jax

from network3.execution.device import check_not_forked

_x64 = jax.config.values["jax_enable_x64"]
import pytensor.link.jax.dispatch  # noqa: E402, F401  (after x64 was read; imported to register the Ops)

# The import sets JAX's x64, which is the user's, by PyTensor's floatX.
jax.config.update("jax_enable_x64", _x64)


@contextmanager
def execution_context(dtype: str) -> Iterator[None]:
    """Set JAX's x64 as `dtype` needs it, whatever it is outside.

    Raises
    ------
    RuntimeError
        See `check_not_forked`.
    """
    check_not_forked()
    with jax.enable_x64(dtype == "float64"), warnings.catch_warnings():
        # PyTensor asks for float64 accumulators and int64 indices; float32 networks use 32 bits.
        warnings.filterwarnings("ignore", message="Explicitly requested dtype")
        yield


compile_context = execution_context
