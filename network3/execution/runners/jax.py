"""What JAX needs around the compiling and the calls of its functions."""

import warnings
from contextlib import contextmanager

import jax
import pytensor.link.jax.dispatch  # noqa: F401  (sets JAX's x64 by PyTensor's own floatX: let that be the user's)


@contextmanager
def execution_context(dtype):
    """Hold JAX's x64 to what `dtype` needs, whatever it is outside."""
    with jax.enable_x64(dtype == "float64"), warnings.catch_warnings():
        # PyTensor asks for float64 accumulators and int64 indices; in float32 networks 32 bits are what is expected.
        warnings.filterwarnings("ignore", message="Explicitly requested dtype")
        yield


compile_context = execution_context
