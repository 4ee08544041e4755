"""The programs that are checked: our chunk of steps, and the loop written by hand in JAX, compiled for an H100.

XLA needs a description of the card (``h100.txtpb``, as its tools print it) and CUDA's compiler, but no card.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax import ShapeDtypeStruct
from jax.experimental import topologies

import network3
from benchmarks.configurations import EXAMPLES, SIDE, Configuration, channels_last
from benchmarks.gpu import jax_loop
from benchmarks.layers import layers
from network3.execution.compile import compile_step, compiled
from network3.execution.runners.jax import execution_context
from network3.execution.runners.jax_program import GPU_OPTIONS, STEPS, Form, make_loop
from network3.execution.sharding import DeviceMesh
from network3.optim import l2

DTYPE = "float32"
CARD = Path(__file__).with_name("h100.txtpb")


@cache
def mesh() -> DeviceMesh:
    """Return the H100, as a mesh of one device."""
    topology = topologies.get_topology_desc(platform="cuda", target_config=CARD.read_text(), topology="1x1x1")
    return DeviceMesh((topology.devices[0],))


def ours(config: Configuration, batch: int, module: str, networks: int = 1) -> str:
    """Compile our chunk of steps of a network, or of several at once; return the text of the optimized module."""
    network3.use(backend="jax")
    net = network3.Network(layers(config, batch), batch)
    regularizer = l2 if config.lmbda > 0 else None
    step = compiled(net, compile_step, batch, SIDE * SIDE, (), None, regularizer)
    lead = () if networks == 1 else (networks,)
    states = [_array((*lead, *np.shape(c.storage[0])), np.asarray(c.storage[0]).dtype) for c in step.shared]
    data = _array((EXAMPLES, SIDE * SIDE), "uint8"), _array((EXAMPLES,), "int32")
    rows = _array((STEPS, *lead, batch), "int32")
    with execution_context(DTYPE):
        form = Form(networks=networks > 1, few_kernels=True)
        loop = make_loop(step.jax_function, step.results, step.updates, DTYPE, mesh(), form)
        return _compile(loop, module, (states, *data, rows, _array(lead, DTYPE), _array(lead, DTYPE)))


def by_hand(config: Configuration, batch: int, module: str) -> str:
    """Compile the loop of `benchmarks.gpu.jax_loop` with the same options; return the text of the module."""
    params = [_array(w.shape, w.dtype) for w in channels_last(config, config.weights())]
    key = jax.eval_shape(lambda: jax.random.key(0, impl="rbg"))
    count = EXAMPLES // batch
    x, y = _array((count, batch, SIDE * SIDE), DTYPE), _array((count, batch), "int32")

    def loop(params: Any, key: Any, x: Any, y: Any, start: Any) -> Any:
        return jax_loop.train_steps(params, key, x, y, start, STEPS, config, config.decay(batch))

    return _compile(loop, module, (params, _array(key.shape, key.dtype), x, y, _array((), "int32")))


def _array(shape: tuple[int, ...], dtype: Any) -> ShapeDtypeStruct:
    return ShapeDtypeStruct(shape, dtype, sharding=mesh().sharding())


def _compile(function: Callable, module: str, arguments: tuple) -> str:
    function.__name__ = module
    program = jax.jit(function, donate_argnums=0, compiler_options=GPU_OPTIONS)
    return program.lower(*arguments).compile().as_text() or ""
