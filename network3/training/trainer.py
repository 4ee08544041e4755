"""The training loop: epochs of mini-batches, with the book's printed lines."""

import io
import time
from contextlib import closing, nullcontext, redirect_stdout
from functools import cache, partial

import numpy as np

from network3.execution.compile import Step, compile_step, compiled
from network3.execution.device import chosen_backend
from network3.execution.runner import make_runner
from network3.graph import foreign_op, layer_name
from network3.layers.checks import error_message

from .callbacks import Progress
from .checkpoint import resume, save
from .checkpoint_file import held
from .config import Plan
from .evaluation import Evaluator, weight_penalty
from .health import check_data, check_epoch
from .history import History
from .signals import StopRequest, TrainingInterrupted, TrainingTerminated, deferred_signals, in_notebook
from .state import State, begin

STEPS_A_CHUNK = 250  # between returns to Python; divides LINE_EVERY
LINE_EVERY = 1000


class DivergenceError(FloatingPointError):
    """The cost or the weights became NaN or infinite; ``history`` holds the epochs before."""

    def __init__(self, message: str, history: History):
        super().__init__(message)
        self.history = history


def train(net, plan: Plan) -> History:
    """Train `net` as `plan` says, print the book's lines, and return the record."""
    with held(plan.checkpoint):
        state = begin(net, plan) if plan.resume is None else resume(net, plan, plan.resume)
        check_data(plan)
        try:
            return _train(net, plan, state)
        except TrainingInterrupted as stop:
            if not in_notebook():  # where it would lose the record
                raise
            print(stop)
            return stop.history


def _train(net, plan: Plan, state: State) -> History:
    step = step_of(net, plan, regularized=plan.lmbda > 0)
    state.take_rule(step)
    runner = make_runner(chosen_backend(), step, plan.training, net.floatX, plan.mesh)
    evaluate = cache(lambda name: Evaluator(net, getattr(plan, name), plan.cost, plan.mesh))
    if plan.validation is not None and state.epoch < plan.epochs:
        evaluate("validation")  # now: the step is compiled in the background meanwhile
    quiet = plan.mesh is not None and not plan.mesh.first
    with (
        deferred_signals() as pressed,
        closing(runner),
        redirect_stdout(io.StringIO()) if quiet else nullcontext(),
    ):
        interrupted = partial(_heard, plan, pressed)
        while state.epoch < plan.epochs and (eta := plan.rate(state.history)) is not None:
            start = time.perf_counter()
            _run_epoch(net, plan, state, runner, eta, interrupted)
            epoch, costs = state.epoch, state.costs
            end_epoch(net, plan, state, eta, start, evaluate)
            saved = save(net, plan, state)
            _tell(net, plan, state, epoch, plan.batches, costs[-STEPS_A_CHUNK:], epoch_done=True)
            if (signal := interrupted()) and state.epoch < plan.epochs:
                raise _interrupted(plan, state, signal, saved=saved)
        if state.epoch < plan.epochs:
            print(f"Stopped after {state.epoch} epochs of {plan.epochs}.")
        _print_summary(plan, state.history, evaluate)
    return state.history


def step_of(net, plan: Plan, *, regularized: bool) -> Step:
    """Return the compiled step of a plan."""
    targets = plan.training.targets.shape[1:]
    regularizer = plan.regularizer if regularized else None
    size, width = plan.mini_batch_size, plan.training.images.shape[1]
    return compiled(net, compile_step, size, width, targets, plan.cost, regularizer, plan.rule)


def end_epoch(net, plan: Plan, state: State, eta: float, start: float, evaluate) -> None:
    """Judge the epoch whose costs are in `state`, which began at the time `start`; write it down and go to the next.

    Raises
    ------
    DivergenceError
    """
    weights = net.get_weights()
    if not all(np.isfinite(w).all() for w in weights):
        raise diverged(net, plan, state, plan.batches - 1, "a finite cost")
    _evaluate(net, plan, state.history, state.epoch, weights, evaluate)
    state.history.cost.append(float(state.costs.mean()))
    state.history.eta.append(eta)
    state.history.seconds.append(time.perf_counter() - start)
    check_epoch(net, plan, state, weights)
    state.next_epoch(plan, weights)


def take_costs(net, plan: Plan, state: State, costs: np.ndarray) -> None:
    """Add what the next mini-batches cost to `state`.

    Raises
    ------
    DivergenceError
        One of them is not finite.
    """
    bad = np.flatnonzero(~np.isfinite(costs))
    if bad.size:
        raise diverged(net, plan, state, state.batch + bad[0], f"a cost of {costs[bad[0]]}")
    state.costs = np.concatenate([state.costs, costs])


def _heard(plan: Plan, pressed: StopRequest) -> type[BaseException] | None:
    """Return what the training is to end with, if a signal came to it, or to a process that trains with it."""
    terminated, interrupted = pressed.terminated.is_set(), pressed.interrupted.is_set()
    if plan.mesh is not None:  # all stop at the same place
        terminated, interrupted = plan.mesh.in_any(terminated, interrupted)
    return TrainingTerminated if terminated else TrainingInterrupted if interrupted else None


def _run_epoch(net, plan: Plan, state: State, runner, eta: float, interrupted) -> None:
    """Run the epoch under way to its end, in chunks; their costs go into `state`."""
    runner.set_images(plan.images(state.seed, state.epoch))
    rows = state.order(plan)
    first = state.epoch * plan.batches  # iterations are counted over all epochs
    while state.batch < plan.batches:
        done = state.batch
        iteration = first + done
        if iteration % LINE_EVERY == 0:
            print(f"Training mini-batch number {iteration}")
        stop = min(plan.batches, done + STEPS_A_CHUNK - iteration % STEPS_A_CHUNK)
        try:
            costs = runner.run(rows[done:stop], eta, plan.decay)
        except Exception as error:  # of an Op of the user's, say
            net.set_weights(state.good)
            if isinstance(error, NotImplementedError) and (found := foreign_op(net)):
                hint = "Give it a perform, or a dispatch for Numba."
                expected = "expected Ops that can be computed"
                raise NotImplementedError(error_message(found[0], expected, found[1], hint)) from error
            raise
        take_costs(net, plan, state, costs)
        _tell(net, plan, state, state.epoch, stop, costs, epoch_done=False)
        if (signal := interrupted()) and stop < plan.batches:
            saved = save(net, plan, state)
            raise _interrupted(plan, state, signal, saved=saved)


def _evaluate(net, plan: Plan, history: History, epoch: int, weights, evaluator) -> None:
    """Score the data sets, print the epoch's lines and keep the weights if they are the best so far."""

    @cache  # each set once
    def scores(name: str) -> dict[str, float]:
        return evaluator(name).score()

    if plan.validation is not None and "accuracy" in scores("validation"):
        _judge(net, plan, history, epoch, scores, weights)
    penalty = weight_penalty(net, plan) if any(name.endswith("_cost") for name in plan.monitor) else 0.0
    for monitor in plan.monitor:
        name, _, what = monitor.partition("_")
        value = scores(name)[what]
        history.monitors[monitor].append(value + penalty if what == "cost" else value)


def _judge(net, plan: Plan, history: History, epoch: int, scores, weights) -> None:
    """Compare the validation accuracy of an epoch with the best before, as the book does: equals count as better."""
    accuracy = scores("validation")["accuracy"]
    print(f"Epoch {epoch}: validation accuracy {accuracy:.2%}")
    history.validation_accuracy.append(accuracy)
    history.test_accuracy.append(None)
    if history.best_epoch != epoch:
        return
    print("This is the best validation accuracy to date.")
    net.best = weights
    if plan.test is not None:
        history.test_accuracy[-1] = scores("test")["accuracy"]
        print(f"The corresponding test accuracy is {history.test_accuracy[-1]:.2%}")


def _print_summary(plan: Plan, history: History, evaluator) -> None:
    print("Finished training network.")
    test = history.corresponding_test_accuracy
    if history.best_epoch is not None:
        print(
            f"Best validation accuracy of {history.best_validation_accuracy:.2%} "
            f"obtained at iteration {history.best_iteration}"
        )
    elif plan.validation is None and plan.test is not None and plan.epochs > 0:
        test = evaluator("test").score().get("accuracy")
    if test is not None:
        print(f"Corresponding test accuracy of {test:.2%}")


def _tell(net, plan: Plan, state: State, epoch: int, batch: int, costs: np.ndarray, *, epoch_done: bool) -> None:
    for callback in plan.callbacks:
        mean = float(costs.mean())
        callback(Progress(net, state.history, epoch, plan.epochs, batch, plan.batches, mean, epoch_done))


def diverged(net, plan: Plan, state: State, batch: int, got: str) -> DivergenceError:
    """Put the last good weights back and return the error to raise, which names the first layer that went wrong."""
    bad = (k for k, layer in enumerate(net.layers) if not all(np.isfinite(p.get_value()).all() for p in layer.params))
    first = next(bad, None)
    got += "" if first is None else f", and {layer_name(net.layers, first)} with weights that are not finite"
    net.set_weights(state.good)
    message = error_message(
        f"SGD: epoch {state.epoch}, mini-batch {batch}",
        "expected a finite cost and finite weights",
        got,
        f"Try a smaller eta than {plan.eta:g}, pixels between 0 and 1, or a narrower initializer; "
        f"the network has the weights it had before epoch {state.epoch}.",
    )
    return DivergenceError(message, state.history)


def _interrupted(plan: Plan, state: State, signal: type[BaseException], *, saved: bool) -> BaseException:
    """Return the error to raise once all is saved; a program that SIGTERM ends says no more than what is printed."""
    where = f"SGD: interrupted in epoch {state.epoch}, after {state.batch:,} of its {plan.batches:,} mini-batches"
    if plan.checkpoint is None:
        hint = "Nothing was saved; SGD(..., checkpoint=filename) saves the training for next time."
    elif saved:
        hint = f"Go on with SGD(..., resume={str(plan.checkpoint)!r})."
    else:
        hint = f"It could not be saved; SGD(..., resume={str(plan.checkpoint)!r}) goes on from the checkpoint before."
    if signal is TrainingTerminated:
        print(f"{where}. {hint}")
    return signal(f"{where}. {hint}", state.history, plan.checkpoint)
