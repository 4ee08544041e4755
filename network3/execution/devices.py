"""The devices that share a training: those of this process, or of all processes that JAX has joined."""

from typing import TYPE_CHECKING

import numpy as np

from network3.layers.checks import error_message, integer

from .device import chosen_backend, gpu_in_use

if TYPE_CHECKING:
    import jax

    from .sharding import DeviceMesh


def select_devices(devices: int | None, mini_batch_size: int, dtype: str) -> "DeviceMesh | None":
    """Return the devices of a training; None for the CPU, step by step.

    Parameters
    ----------
    devices : int or None
        Their number; None for one GPU, or for all devices if several processes train together.
    mini_batch_size : int
        Examples, of which each device gets an equal part.
    dtype : "float32" or "float64"

    Raises
    ------
    ValueError
        Several devices without JAX, more devices than JAX finds, a mini-batch size that is not a multiple of their
        number, or devices without double precision.
    """
    count = None if devices is None else integer("SGD: devices", devices)
    if chosen_backend() != "jax":
        if count in (None, 1):
            return None
        hint = 'Write network3.use(backend="jax"), or leave devices out.'
        raise ValueError(
            error_message("SGD: devices", "expected the JAX back end for several devices", chosen_backend(), hint)
        )
    import jax

    from .sharding import DeviceMesh

    kind = "gpu" if gpu_in_use() else "cpu"
    if count is None and kind == "cpu" and jax.process_count() == 1:
        return None
    present = jax.devices(kind)
    together = jax.process_count() > 1
    count = (len(present) if together else 1) if count is None else count
    if count > len(present) or (together and count < len(present)):
        expected = f"expected {'all of the' if together else 'at most the'} {len(present)} that JAX finds ({kind})"
        hint = f"Write devices={len(present)}."
        if kind == "cpu" and not together:
            hint += f" XLA_FLAGS=--xla_force_host_platform_device_count={count} splits a CPU into several devices."
        raise ValueError(error_message("SGD: devices", expected, str(count), hint))
    if mini_batch_size % count:
        below = mini_batch_size - mini_batch_size % count
        nearest = " or ".join(str(size) for size in (below, below + count) if size)
        expected = f"expected a multiple of the {count} devices"
        raise ValueError(error_message("SGD: mini_batch_size", expected, str(mini_batch_size), f"Write {nearest}."))
    _check_precision(present[0], dtype)
    return DeviceMesh(tuple(present[:count]))


def _check_precision(device: "jax.Device", dtype: str) -> None:
    """Add two numbers of the type on a device, because some have single precision only."""
    import jax

    try:
        with jax.enable_x64(dtype == "float64"):
            one = jax.device_put(np.ones((), dtype), device)
            jax.block_until_ready(one + one)
    except jax.errors.JaxRuntimeError as error:
        hint = 'Write network3.use(floatX="float32") before the network is built, or device="cpu".'
        got = f"{device.device_kind}, which lacks it ({str(error).splitlines()[0]})"
        raise ValueError(error_message("SGD", f"expected a device with {dtype}", got, hint)) from error
