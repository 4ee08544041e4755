"""Compile graphs that do not use network3, with network3 imported or not, and report their Ops and results.

Run as a program: ``python other_graphs.py MODE STEP ...``. A step is "import" (network3), "compile" (a graph with Ops
of network3 for MODE), "train" (a network), or "report": a line of JSON with each graph's Ops and a hash of its results.
"""

import hashlib
import json
import sys
import warnings

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.tensor.signal import convolve1d


def graphs():
    """Return, by name, inputs, outputs and values; of static shapes, which the rewrites of a back end need."""
    rng = np.random.default_rng(3)
    values = [rng.normal(size=shape).astype("float32") for shape in [(2000,), (30, 41), (41, 23)]]
    x, a, w = inputs = [pt.tensor(shape=value.shape, dtype="float32") for value in values]
    product = pt.dot(a, w)
    gradient = pt.grad((pt.sigmoid(product) ** 2).sum(dtype="float32"), w)
    outputs = {
        "functions": [pt.exp(x), pt.sigmoid(x), pt.tanh(x)],
        "descent": [product, w - np.float32(0.1) * gradient],
        "rows": [pt.special.softmax(a, axis=1), a.sum(dtype="float32"), a.sum(axis=0, dtype="float32")],
        "convolution": [convolve1d(x, x[:5], mode="valid")],
    }
    indices = {"functions": [0], "descent": [1, 2], "rows": [1], "convolution": [0]}
    return {name: ([inputs[k] for k in ks], outputs[name], [values[k] for k in ks]) for name, ks in indices.items()}


def report(mode):
    """Write each graph's Ops and the hash of its results."""
    found = {}
    for name, (inputs, outputs, values) in graphs().items():
        f = pytensor.function(inputs, outputs, mode=mode)
        results = b"".join(np.asarray(result).tobytes() for result in f(*values))
        found[name] = [str(node.op) for node in f.maker.fgraph.toposort()], hashlib.sha256(results).hexdigest()
    sys.stdout.write(json.dumps(found) + "\n")


def compile_ours(mode):
    """Compile and call a graph with Ops of network3."""
    from network3.layers.ops import pool2d

    x = pt.tensor(shape=(None,) * 4, dtype="float32")
    assert pytensor.function([x], pool2d(x), mode=mode)(np.ones((2, 3, 6, 7), "float32")).sum() == 2 * 3 * 3 * 3


def train(mode):
    """Train a fully connected network, with dropout, for two mini-batches on the CPU."""
    import network3

    network3.use(device="cpu", backend="auto" if mode == "NUMBA" else "jax")
    layers = [network3.FullyConnectedLayer(41, 23, p_dropout=0.5), network3.SoftmaxLayer(23, 3)]
    rng = np.random.default_rng(4)
    data = rng.random((10, 41), dtype="float32"), rng.integers(0, 3, 10).astype("int32")
    network3.Network(layers, 5).SGD(data, 1, 5, 0.1, data, data)


if __name__ == "__main__":
    mode, *steps = sys.argv[1:]
    warnings.simplefilter("ignore")
    for step in steps:
        if step == "import":
            import network3  # noqa: F401  (imported for its effects)
        elif step == "report":
            report(mode)
        else:
            {"compile": compile_ours, "train": train}[step](mode)
