"""Several networks of one architecture trained at once: an ensemble, or a scan over a rate or a regularization."""

import io
import json
import time
import warnings
from contextlib import redirect_stdout
from inspect import signature
from typing import Any

import numpy as np

from network3.execution.device import chosen_backend
from network3.execution.runner import make_runner
from network3.graph import storages_of
from network3.layers.checks import error_message, integer, nearest
from network3.network import Network
from network3.storage.networks import description
from network3.training.config import Plan, make_plan
from network3.training.evaluation import Evaluator
from network3.training.health import check_data
from network3.training.history import History
from network3.training.signals import TrainingInterrupted, TrainingTerminated, deferred_signals
from network3.training.state import State, begin
from network3.training.trainer import STEPS_A_CHUNK, DivergenceError, end_epoch, step_of, take_costs

WHO = "train_many"
ALONE = ("callbacks", "checkpoint", "resume")  # of a training of its own
OPTIONS = {name: p.default for name, p in signature(Network.SGD).parameters.items() if p.kind is p.KEYWORD_ONLY}


def train_many(
    builders,
    training_data,
    epochs,
    mini_batch_size,
    eta,
    validation_data=None,
    test_data=None,
    lmbda=0.0,
    *,
    seeds=None,
    **options,
) -> list[tuple[Network, History]]:
    """Train networks of one architecture at once: on a GPU as one program, on a CPU each in one thread.

    Each is trained as `Network.SGD` would train it, to the same weights but for rounding.

    Parameters
    ----------
    builders : list of functions without arguments that return a Network, or of Networks
        One for each; or one function, which is called for each of `seeds`.
    training_data, epochs, mini_batch_size, validation_data, test_data
        As in `Network.SGD`, the same for all.
    eta, lmbda : float, or list of floats
        For all, or one for each.
    seeds : list of int, optional
        One for each: NumPy's global generator is set to it before the network is built, and the order of the examples
        and the masks follow from it. By default they follow from that generator as it is.
    **options
        As in `Network.SGD`, but for callbacks, checkpoint and resume.

    Returns
    -------
    list of pairs (Network, History)
        A network that diverged has the weights of its last good epoch, and the record until then.

    Raises
    ------
    TypeError, ValueError
        As `Network.SGD`; or networks that are not alike, or lists that are not of one length.
    TrainingInterrupted
        Ctrl-C.

    Warns
    -----
    RuntimeWarning
        A network diverged; the others go on.
    """
    _check_options(options)
    builders, seeds = _for_each(builders, seeds)
    etas, lmbdas = _rates("eta", eta, len(builders)), _rates("lmbda", lmbda, len(builders))
    nets = [_built(builder, seed) for builder, seed in zip(builders, seeds, strict=True)]
    _check_alike(nets)
    data = {"validation_data": validation_data, "test_data": test_data}
    own = [
        {"epochs": epochs, "mini_batch_size": mini_batch_size, "eta": rate, "lmbda": strength, "seed": seed}
        for rate, strength, seed in zip(etas, lmbdas, seeds, strict=True)
    ]
    plans = [
        make_plan(net, (training_data, *data.values()), **(OPTIONS | options | one))
        for net, one in zip(nets, own, strict=True)
    ]
    at_once = plans[0].mesh is not None or chosen_backend() == "network3"
    if at_once and plans[0].augment is None:
        return list(zip(nets, _train_together(nets, plans), strict=True))
    histories = []
    for number, (net, one) in enumerate(zip(nets, own, strict=True)):
        print(f"Network {number + 1} of {len(nets)}")
        try:
            histories.append(net.SGD(training_data, **one, **data, **options))
        except DivergenceError as error:
            histories.append(_gone(number, error))
    return list(zip(nets, histories, strict=True))


def _train_together(nets: list[Network], plans: list[Plan]) -> list[History]:
    """Train all at once, an epoch at a time."""
    check_data(plans[0])
    states = [begin(net, own) for net, own in zip(nets, plans, strict=True)]
    runner_of = (_one_a_thread if plans[0].mesh is None else _one_program)(nets, plans, states)
    evaluators = _evaluators(nets, plans)
    going: list[int] = []
    gone: set[int] = set()
    with deferred_signals() as pressed:
        while rates := _next_rates(plans, states, gone):
            if list(rates) != going:  # some have stopped
                going = list(rates)
                runner = runner_of(going)
            start = time.perf_counter()
            costs = _run_epoch([plans[k] for k in going], [states[k] for k in going], runner, rates, pressed)
            for k, own_costs in zip(going, costs, strict=True):
                try:
                    take_costs(nets[k], plans[k], states[k], own_costs)
                    with redirect_stdout(io.StringIO()):
                        end_epoch(nets[k], plans[k], states[k], rates[k], start, evaluators[k].__getitem__)
                except DivergenceError as error:
                    _gone(k, error)
                    gone.add(k)
            _tell(states)
    print(f"Finished training {len(nets)} networks.")
    return [state.history for state in states]


def _one_program(nets: list[Network], plans: list[Plan], states: list[State]):
    """Return ``runner_of(networks)``, which runs some of them as one program on the devices of their mesh."""
    from network3.execution.runners.jax_many import ManyRunner

    first, plan = nets[0], plans[0]
    step = step_of(first, plan, regularized=any(own.lmbda > 0 for own in plans))
    storages = [storages_of(step.shared, first, net, [[value.copy()] for value in step.first]) for net in nets]

    def runner_of(going: list[int]):
        return ManyRunner(step, [storages[k] for k in going], plan.training, first.floatX, plan.mesh)

    return runner_of


def _one_a_thread(nets: list[Network], plans: list[Plan], states: list[State]):
    """Return ``runner_of(networks)``, which runs some of them on the CPU, each by a step of its own in one thread."""
    from network3.execution.runners.planned_many import ManyRunner

    runners = []
    for net, plan, state in zip(nets, plans, states, strict=True):
        step = step_of(net, plan, regularized=plan.lmbda > 0)
        state.take_rule(step)
        runners.append(make_runner(chosen_backend(), step, plan.training, net.floatX))
    return lambda going: ManyRunner([runners[k] for k in going])


def _evaluators(nets: list[Network], plans: list[Plan]) -> list[dict[str, Evaluator]]:
    """Return each network's evaluators of the data sets that are scored."""
    plan = plans[0]
    sets = {name for name in ("training", "validation", "test") if getattr(plan, name) is not None}
    sets -= set() if any(monitor.startswith("training") for monitor in plan.monitor) else {"training"}
    like = None if plan.mesh is None else nets[0]
    return [
        {name: Evaluator(net, getattr(plan, name), plan.cost, plan.mesh, like=like) for name in sets} for net in nets
    ]


def _next_rates(plans: list[Plan], states: list[State], gone: set[int]) -> dict[int, float]:
    """Return the learning rate of the next epoch of each network that has one."""
    left = [k for k, state in enumerate(states) if k not in gone and state.epoch < plans[k].epochs]
    rates = {k: plans[k].rate(states[k].history) for k in left}
    return {k: rate for k, rate in rates.items() if rate is not None}


def _run_epoch(plans, states, runner, rates, pressed) -> np.ndarray:
    """Return the costs of the mini-batches of an epoch, (networks, batches)."""
    rows = np.stack([state.order(plan) for plan, state in zip(plans, states, strict=True)])
    etas, decays = list(rates.values()), [plan.decay for plan in plans]
    costs = []
    for done in range(0, rows.shape[1], STEPS_A_CHUNK):
        costs.append(runner.run(rows[:, done : done + STEPS_A_CHUNK], etas, decays))
        if pressed():
            message = f"{WHO}: interrupted in epoch {states[0].epoch}; the networks have the weights of before it."
            if pressed.terminated.is_set():
                print(message)  # the program ends with no more than its code
                raise TrainingTerminated(message, states[0].history, None)
            raise TrainingInterrupted(message, states[0].history, None)
    runner.spread()
    return np.concatenate(costs, axis=1)


def _tell(states: list[State]) -> None:
    """Print how the networks are after an epoch."""
    epoch = max(state.history.epochs for state in states) - 1
    accuracies = [
        f"{state.history.validation_accuracy[-1]:.2%}" for state in states if state.history.validation_accuracy
    ]
    said = f"validation accuracies {', '.join(accuracies)}" if accuracies else "done"
    print(f"Epoch {epoch}: {said}")


def _gone(number: int, error: DivergenceError) -> History:
    warnings.warn(f"network {number + 1}: {error}", RuntimeWarning, stacklevel=3)
    return error.history


def _check_options(options: dict[str, Any]) -> None:
    known = [name for name in OPTIONS if name not in (*ALONE, "seed")]
    for name in options:
        if name not in known:
            near = "seeds" if name == "seed" else nearest(name, known)
            hint = f"Perhaps you meant {near}=." if near and name not in ALONE else "Leave it out, or call Network.SGD."
            raise TypeError(error_message(WHO, f"expected arguments among {', '.join(known)}", f"{name}=", hint))


def _for_each(builders, seeds) -> tuple[list, list]:
    """Return a builder and a seed for each network."""
    if callable(builders):
        if seeds is None:
            hint = "Write e.g. seeds=range(5)."
            raise ValueError(
                error_message(f"{WHO}: seeds", "expected one for each network of a single builder", "none", hint)
            )
        seeds = list(seeds)
        builders = [builders] * len(seeds)
    builders = list(builders)
    seeds = [None] * len(builders) if seeds is None else [integer(f"{WHO}: seeds", seed, least=0) for seed in seeds]
    if not builders or len(seeds) != len(builders):
        got = f"{len(builders)} builders and {len(seeds)} seeds"
        raise ValueError(
            error_message(WHO, "expected as many seeds as networks, one at least", got, "Pass one for each.")
        )
    return builders, seeds


def _rates(name: str, value, count: int) -> list:
    if np.ndim(value) == 0:
        return [value] * count
    values = list(value)
    if len(values) != count:
        hint = "Pass one number, or one for each network."
        raise ValueError(error_message(f"{WHO}: {name}", f"expected {count} values", str(len(values)), hint))
    return values


def _built(builder, seed) -> Network:
    if seed is not None:
        np.random.seed(seed)  # the layers' first values come from NumPy's global state, as the book's
    net = builder() if callable(builder) else builder
    if not isinstance(net, Network):
        hint = "Pass functions that return a Network, or Networks."
        raise TypeError(error_message(f"{WHO}: builders", "expected networks", f"a {type(net).__name__}", hint))
    return net


def _check_alike(nets: list[Network]) -> None:
    """Raise ValueError unless all have the same layers, or are the same one twice."""
    kinds = [
        (net.floatX, [w.shape for w in net.get_weights()], json.dumps([description(layer) for layer in net.layers]))
        for net in nets
    ]
    for k, (net, kind) in enumerate(zip(nets, kinds, strict=True)):
        if kind != kinds[0]:
            hint = "Train others in calls of their own."
            raise ValueError(
                error_message(WHO, "expected networks of one architecture", f"another for network {k + 1}", hint)
            )
        if any(net is other for other in nets[:k]):
            hint = "Pass functions, or build each network anew."
            raise ValueError(error_message(WHO, "expected networks that differ", f"number {k + 1} twice", hint))
