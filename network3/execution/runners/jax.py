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
    """Set JAX's x64 as `dtype` needs it, whatever it is outside, and full precision unless the user chose another.

    GPUs would else multiply float32 with the 10-bit fractions of TF32, which JAX's own setting asks for:
    ``jax.config.update("jax_default_matmul_precision", "tensorfloat32")``.

    Raises
    ------
    RuntimeError
        See `check_not_forked`.
    """
    check_not_forked()
    chosen = jax.config.jax_default_matmul_precision  # type: ignore[attr-defined]  # set at run time
    precision = jax.default_matmul_precision(chosen or "highest")
    with jax.enable_x64(dtype == "float64"), precision, warnings.catch_warnings():
        # PyTensor asks for float64 accumulators and int64 indices; float32 networks use 32 bits.
        warnings.filterwarnings("ignore", message="Explicitly requested dtype")
        yield


compile_context = execution_context
