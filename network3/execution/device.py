"""The device, back end and floating-point type of networks."""

import os
from importlib.util import find_spec

from network3.layers.calls import keywords_checked
from network3.layers.checks import error_message, one_of
from network3.layers.precision import floatX, set_floatX

DEVICES = ("auto", "cpu", "gpu")
BACKENDS = ("auto", "network3", "numba", "jax")
ON_CPU = ("network3", "numba")

_device: str | None = None
_backend = "auto"
_jax_process: int | None = None  # the process in which JAX was first used


@keywords_checked("use")
def use(device: str | None = None, floatX: str | None = None, *, backend: str | None = None) -> None:
    """Choose the device and back end of networks, and the type of those that are built from now on.

    Parameters
    ----------
    device : "auto", "cpu" or "gpu", optional
        "auto", the default, is a GPU if there is one. The environment variable ``NETWORK3_DEVICE`` sets it too.
    floatX : "float32" or "float64", optional
        Default float32. The environment variable ``NETWORK3_FLOATX`` sets it too. Existing networks keep their type.
    backend : "auto", "network3", "numba" or "jax", optional
        "auto", the default, is "network3", its own kernels, on a CPU and "jax" on a GPU. "numba" is PyTensor's
        default on a CPU.

    Raises
    ------
    ValueError
        An unknown name, or a back end for CPUs together with a GPU.
    RuntimeError
        There is no GPU, or JAX is not installed; names what to install.

    Examples
    --------
    >>> from network3 import Network, SoftmaxLayer
    >>> use(device="cpu", floatX="float64")
    >>> Network([SoftmaxLayer(n_in=2, n_out=2)], 10).floatX
    'float64'
    """
    global _device, _backend
    new_device = _device if device is None else one_of("use: device", device, DEVICES)
    new_backend = _backend if backend is None else one_of("use: backend", backend, BACKENDS)
    if new_device == "gpu" and new_backend in ON_CPU:
        got = f"device='gpu', backend={new_backend!r}"
        raise ValueError(
            error_message("use", f"backend={new_backend!r} runs on a CPU", got, "Write backend='jax' or 'auto'.")
        )
    if new_device == "gpu":
        _need_gpu()
    if new_backend == "jax":
        _need_jax()
    if floatX is not None:
        set_floatX(floatX)
    _device, _backend = new_device, new_backend


def chosen_backend() -> str:
    """Return the back end in use: "network3", "numba" or "jax".

    Raises
    ------
    RuntimeError
        ``NETWORK3_DEVICE=gpu``, but there is no GPU.
    """
    device = _chosen_device()
    if device == "gpu":
        _need_gpu()
        return "jax"
    if _backend == "auto":
        return "jax" if device == "auto" and gpu_present() else "network3"
    return _backend


def gpu_in_use() -> bool:
    """Whether networks run on a GPU."""
    return _chosen_device() != "cpu" and _backend not in ON_CPU and gpu_present()


def gpu_present() -> bool:
    """Whether JAX finds a GPU. JAX is imported only if one of its GPU plug-ins is installed."""
    if find_spec("jax") is None or find_spec("jax_plugins") is None:
        return False
    import jax

    _record_jax_process()
    try:
        return bool(jax.devices("gpu"))
    except RuntimeError:
        return False


def check_not_forked() -> None:
    """Check that this process may use JAX.

    Raises
    ------
    RuntimeError
        It was forked after JAX was used: JAX's threads are missing in it, and it would wait for them forever.
    """
    if _record_jax_process() != os.getpid():
        expected = "expected a process that was not forked, or forked before JAX was used"
        hint = 'Write multiprocessing.get_context("spawn"), or network3.use(backend="network3").'
        raise RuntimeError(error_message("network3 on JAX", expected, f"process {os.getpid()}", hint))


def _record_jax_process() -> int:
    global _jax_process
    _jax_process = _jax_process or os.getpid()
    return _jax_process


def _chosen_device() -> str:
    if _device is not None:
        return _device
    return one_of("NETWORK3_DEVICE", os.environ.get("NETWORK3_DEVICE", "auto"), DEVICES)


def _need_gpu() -> None:
    if not gpu_present():
        raise RuntimeError(
            error_message(
                "use: device='gpu'",
                "expected a GPU that JAX can use",
                "none" if find_spec("jax") else "no JAX",
                "Install JAX for CUDA with pip install 'network3[gpu]', or write device='cpu'.",
            )
        )


def _need_jax() -> None:
    if find_spec("jax") is None:
        raise RuntimeError(
            error_message(
                "use: backend='jax'",
                "expected JAX",
                "an environment without it",
                "Install it with pip install 'network3[jax]', or write backend='network3'.",
            )
        )


__all__ = ["chosen_backend", "floatX", "gpu_in_use", "gpu_present", "use"]
