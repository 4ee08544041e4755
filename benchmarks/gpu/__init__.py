"""Training on a GPU: the libraries that are compared, all in the Python that runs the benchmark.

All use single precision without tensor cores, so that all compute the same; this is checked. One variant of ours uses
them, with the factors of products rounded to TF32.
"""

from dataclasses import replace

from benchmarks.peers import Peer

FORM, NETWORKS, DEVICE = "BENCHMARK_FORM", "BENCHMARK_NETWORKS", "BENCHMARK_DEVICE"  # environment variables
PRECISION, SWITCH = "JAX_DEFAULT_MATMUL_PRECISION", "NETWORK3_GPU_GRAPHS"
JAX = (("XLA_PYTHON_CLIENT_PREALLOCATE", "false"), (PRECISION, "highest"))
BOOK_BATCH = 10
# Emulated on a CPU, TF32 changes the costs of chapter 6's networks by less than 1e-4, and up to 3 of 256 labels.
TF32, TF32_EQUAL_LABELS = "tensorfloat32", 0.95


def peers(device: str) -> dict[str, Peer]:
    """Return network3, "ours", and the peers by name, with the settings for `device`.

    Parameters
    ----------
    device : "gpu" or "cpu"
        The CPU serves to test the benchmark itself.
    """
    platform = "cuda" if device == "gpu" else "cpu"
    jax = (*JAX, ("JAX_PLATFORMS", platform), ("NETWORK3_DEVICE", device))
    ours = Peer(
        "ours",
        "network3",
        "benchmarks.gpu.ours",
        variables=jax,
        versions=("network3", "pytensor", "jax", "jaxlib"),
    )
    no_graphs = replace(
        ours, name="ours_no_graphs", title="network3, kernel by kernel", variables=(*jax, (SWITCH, "off"))
    )
    tf32 = replace(
        ours,
        name="ours_tf32",
        title="network3, TF32",
        variables=(*jax, (PRECISION, TF32)),
        equal_labels=TF32_EQUAL_LABELS,
    )
    five = replace(
        ours,
        name="ours_five",
        title="network3, five networks at once",
        variables=(*jax, (NETWORKS, "5")),
        batches=(BOOK_BATCH,),
    )
    loop = Peer(
        "jax_loop",
        "JAX, a loop on the device",
        "benchmarks.gpu.jax_loop",
        variables=jax,
        versions=("jax", "jaxlib"),
    )
    graph, compiled, eager = (
        Peer(
            f"pytorch_{form}",
            title,
            "benchmarks.gpu.pytorch",
            variables=((FORM, form), (DEVICE, platform)),
            versions=("torch",),
            slow_compile=form == "compiled",
        )
        for form, title in (
            ("graph", "PyTorch, CUDA graph"),
            ("compiled", "PyTorch, compiled"),
            ("eager", "PyTorch, eager"),
        )
    )
    return {peer.name: peer for peer in (ours, no_graphs, tf32, loop, graph, five, compiled, eager)}
