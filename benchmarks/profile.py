"""Time of each kernel in a training step: ``python -m benchmarks.profile vgg16 --batch 10``.

The commands of the step's plan run one by one, in their order, so that each finds in the caches what it finds in
training; the time of a command without work is subtracted. NETWORK3_THREADS sets the number of threads.
"""

import time
from collections.abc import Sequence
from typing import Annotated

import numpy as np
import typer

import network3
from benchmarks.configurations import CONFIGURATIONS, Configuration
from benchmarks.layers import layers
from network3.data import examples
from network3.execution.backends import make_runner
from network3.execution.compile import compile_step, compiled
from network3.execution.device import chosen_backend
from network3.execution.runner import Runner
from network3.execution.runners.planned import plan_of
from network3.layers.backends.cpu.planned import Planned
from network3.layers.backends.cpu.threads import PlanLoop, thread_pool
from network3.layers.checks import one_of
from network3.optim import l2

SEVERAL = 8  # mini-batches of random images
LEAST = 0.01  # share of a step: kernels that take less are added up


def prepared_step(config: Configuration, batch: int) -> tuple[Planned, Runner]:
    """Return the plan of a training step on random images, after some steps, with a learning rate of 0.

    The plan reads the mini-batch and the learning rate in memory of the runner, which is returned too.

    Raises
    ------
    SystemExit
        The step has no plan.
    """
    net = network3.Network(layers(config, batch), batch)
    weights = config.weights()
    net.set_weights([*weights, *net.get_weights()[len(weights) :]])
    rng = np.random.default_rng(0)
    count, width = SEVERAL * batch, int(np.prod(config.image))
    data = examples("profile", (rng.random((count, width)), rng.integers(0, 10, count)), net)
    step = compiled(net, compile_step, batch, width, (), None, l2 if config.lmbda > 0 else None)
    planned = plan_of(step)
    if planned is None:
        raise SystemExit(f"{config.name}: the step has no plan: nothing was timed.")
    runner = make_runner(chosen_backend(), step, data, net.floatX)
    runner.run(np.arange(count).reshape(SEVERAL, batch), 0.0, 0.0)
    return planned, runner


def command_times(planned: Planned, steps: int) -> np.ndarray:
    """Return the microseconds of each command of a plan, float64 of shape (steps, commands)."""
    table, scratch = planned.plan.table, planned.scratch
    loops = [PlanLoop(table[k : k + 1], scratch) for k in range(len(table))]
    nothing = PlanLoop(table[:0], scratch)
    times = np.zeros((steps, len(loops) + 1))
    with thread_pool():
        for step in times:
            for k, loop in enumerate([nothing, *loops]):
                start = time.perf_counter_ns()
                loop()
                step[k] = time.perf_counter_ns() - start
    return (times[:, 1:] - np.median(times[:, 0])) / 1000


def table_of(names: Sequence[str], times: np.ndarray) -> list[str]:
    """Return a table in Markdown: the median time of each kernel's commands in a step, the longest first.

    Kernels that take less than `LEAST` of the step are in one row.
    """
    median = np.median(times, axis=0)
    total, kernels = median.sum(), dict.fromkeys(names)
    of_kernels = {name: median[[other == name for other in names]] for name in kernels}
    small = [name for name, each in of_kernels.items() if each.sum() < LEAST * total]
    rows = [(f"`{name}`", each) for name, each in of_kernels.items() if name not in small]
    rows.sort(key=lambda row: -row[1].sum())
    if small:
        rows.append((f"{len(small)} others", np.concatenate([of_kernels[name] for name in small])))
    lines = [f"| {name} | {len(each)} | {each.sum():,.0f} | {each.sum() / total:.1%} |" for name, each in rows]
    return [
        "| kernel | calls | us | share |",
        "| --- | ---: | ---: | ---: |",
        *lines,
        f"| all | {len(names)} | {total:,.0f} | |",
    ]


def main(
    network: Annotated[str, typer.Argument(help=", ".join(CONFIGURATIONS))],
    batch: Annotated[int, typer.Option(help="Mini-batch size.")] = 10,
    steps: Annotated[int, typer.Option(help="Steps that are timed.")] = 300,
) -> None:
    """Print the time that each kernel takes in a training step."""
    planned, _runner = prepared_step(CONFIGURATIONS[one_of("NETWORK", network, CONFIGURATIONS)], batch)
    names = [command.kernel.name for command in planned.plan.commands]
    for line in table_of(names, command_times(planned, steps)):
        typer.echo(line)


if __name__ == "__main__":
    typer.run(main)
