"""Time of one training step of chapter 6's networks, on MNIST, batch 10: ``python -m benchmarks.step``.

The cost is checked before anything is timed (a new softmax layer makes the first cost ln 10), the loop is warmed up,
and compilation is reported separately. The machine may be busy: compare times of the same run only.
"""

import json
import math
import statistics
import time
from typing import Annotated, Any

import numpy as np
import typer

import network3
from network3.data import examples
from network3.execution.backends import make_runner
from network3.execution.compile import compile_step, compiled
from network3.execution.device import chosen_backend
from network3.experiments.catalogue import RUNS
from network3.optim import l2

NAMES = ("shallow", "basic_conv", "dbl_conv_relu")
WARM_UP = 100


def time_steps(name: str, data: tuple[Any, Any], *, steps: int, repeats: int) -> dict[str, Any]:
    """Time the training step of the run `name` on `data`, a pair (images, labels).

    Returns
    -------
    dict
        ``first_step_s`` with compilation, and microseconds a step: ``us_median``, ``us_min`` and ``us_max`` over
        `repeats` measurements of `steps` steps.

    Raises
    ------
    SystemExit
        The first cost is not ln 10.
    """
    training = RUNS[name].training
    batch, eta, lmbda = training["mini_batch_size"], training["eta"], training.get("lmbda", 0.0)
    np.random.seed(0)
    net = network3.Network(RUNS[name].layers(batch), batch)
    start = time.perf_counter()
    checked = examples("training data", data, net)
    step = compiled(net, compile_step, batch, checked.images.shape[1], (), None, l2 if lmbda > 0 else None)
    runner = make_runner(chosen_backend(), step, checked, net.floatX)
    batches = len(checked) // batch
    rows = np.arange(batches * batch).reshape(batches, batch)
    # Without weight decay in this first step, the cost has no L2 term.
    (cost,) = runner.run(rows[:1], eta, 0.0)
    seconds = time.perf_counter() - start
    if not math.isclose(cost, math.log(10), rel_tol=1e-5):
        raise SystemExit(f"{name}: the first cost must be ln 10; got {cost}. The step is wrong: nothing was timed.")
    runner.run(rows[1 : 1 + WARM_UP], eta, lmbda / batches)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        runner.run(rows[:steps], eta, lmbda / batches)
        times.append((time.perf_counter() - start) / steps * 1e6)
    return {
        "network": name,
        "backend": chosen_backend(),
        "batch": batch,
        "first_step_s": round(seconds, 2),
        "us_median": round(statistics.median(times), 1),
        "us_min": round(min(times), 1),
        "us_max": round(max(times), 1),
    }


def main(
    steps: Annotated[int, typer.Option(help="Steps of one measurement.")] = 500,
    repeats: Annotated[int, typer.Option(help="Number of measurements.")] = 7,
    backend: Annotated[str, typer.Option(help="numba or jax.")] = "auto",
) -> None:
    """Print one JSON object for each network."""
    network3.use(backend=backend)
    data = network3.load_data_shared()[0]
    for name in NAMES:
        typer.echo(json.dumps(time_steps(name, data, steps=steps, repeats=repeats)))


if __name__ == "__main__":
    typer.run(main)
