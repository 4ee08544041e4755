"""Training on a GPU: who is compared, all in the Python that runs the benchmark.

Numbers are single precision throughout, no tensor cores: so all compute the same, which is checked.
"""

from dataclasses import replace

from benchmarks.peers import Peer

FORM, NETWORKS, DEVICE = "BENCHMARK_FORM", "BENCHMARK_NETWORKS", "BENCHMARK_DEVICE"
JAX = (("XLA_PYTHON_CLIENT_PREALLOCATE", "false"), ("JAX_DEFAULT_MATMUL_PRECISION", "highest"))
MODULES = {
    "ours": "benchmarks.gpu.ours",
    "ours_five": "benchmarks.gpu.ours",
    "jax_loop": "benchmarks.gpu.jax_loop",
    "pytorch_graph": "benchmarks.gpu.pytorch",
    "pytorch_compiled": "benchmarks.gpu.pytorch",
    "pytorch_eager": "benchmarks.gpu.pytorch",
}
FIVE = "ours_five"


def peers(device: str) -> dict[str, Peer]:
    """Return who is compared on `device`, "gpu" or "cpu" (where the benchmark itself is tried), by module."""
    platform = (("JAX_PLATFORMS", "cuda" if device == "gpu" else "cpu"), ("NETWORK3_DEVICE", device))
    jax, torch = (*JAX, *platform), (DEVICE, "cuda" if device == "gpu" else "cpu")
    ours = Peer("ours", "network3", settings=jax, versions=("network3", "pytensor", "jax", "jaxlib"))
    listed = [
        ours,
        replace(ours, module=FIVE, title="network3, five networks at once", settings=(*jax, (NETWORKS, "5"))),
        Peer("jax_loop", "JAX, a loop on the device", settings=jax, versions=("jax", "jaxlib")),
        Peer("pytorch_graph", "PyTorch, CUDA graph", settings=((FORM, "graph"), torch), versions=("torch",)),
        Peer(
            "pytorch_compiled",
            "PyTorch, compiled",
            settings=((FORM, "compiled"), torch),
            versions=("torch",),
            compiles=True,
        ),
        Peer("pytorch_eager", "PyTorch, eager", settings=((FORM, "eager"), torch), versions=("torch",)),
    ]
    return {peer.module: peer for peer in listed}
