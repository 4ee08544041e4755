"""The training loop: epochs of mini-batches, with the book's printed lines."""

import time
from dataclasses import dataclass

import numpy as np

from network3.layers.checks import complaint

from .compilation import compile_step, compiled
from .device import chosen_backend
from .evaluation import score
from .history import History
from .plan import Plan
from .runners import make_runner
from .wiring import number_streams

STEPS_A_CHUNK = 250  # between returns to Python; divides LINE_EVERY
LINE_EVERY = 1000


class DivergenceError(FloatingPointError):
    """The cost or the weights became NaN or infinite; ``history`` holds the epochs before."""

    def __init__(self, message: str, history: History):
        super().__init__(message)
        self.history = history


@dataclass(frozen=True)
class Progress:
    """What a callback is told, after each chunk of steps and after each epoch.

    Attributes
    ----------
    net : Network
    history : History
        Of the complete epochs.
    epoch, epochs : int
        The epoch under way, from 0, and how many there will be.
    batch, batches : int
        Mini-batches done in this epoch, and how many it has.
    cost : float
        Mean cost of the last chunk.
    epoch_done : bool
        True in the call that follows an epoch's evaluation.
    """

    net: object
    history: History
    epoch: int
    epochs: int
    batch: int
    batches: int
    cost: float
    epoch_done: bool


def train(net, plan: Plan) -> History:
    """Train `net` as `plan` says, print the book's lines, and return the record."""
    history = History(monitors={name: [] for name in plan.monitor})
    generator = _seed(net, plan)
    examples = plan.training
    step = compiled(
        net,
        compile_step,
        plan.mini_batch_size,
        examples.images.shape[1],
        examples.targets.shape[1:],
        plan.cost,
        plan.lmbda > 0,
    )
    runner = make_runner(chosen_backend(), step, examples, net.floatX)
    good = net.get_weights()
    net.best = None
    for epoch in range(plan.epochs):
        start = time.perf_counter()
        order = generator.permutation(len(examples)) if plan.shuffle else np.arange(len(examples))
        costs = _run_epoch(net, plan, runner, history, epoch, order, good)
        runner.collect()
        weights = net.get_weights()
        if not all(np.isfinite(w).all() for w in weights):
            raise _diverged(net, plan, history, epoch, plan.batches - 1, "weights that are NaN or infinite", good)
        good = weights
        _evaluate(net, plan, history, epoch, good)
        history.cost.append(float(costs.mean()))
        history.seconds.append(time.perf_counter() - start)
        _tell(net, plan, history, epoch, plan.batches, costs[-STEPS_A_CHUNK:], epoch_done=True)
    _print_summary(net, plan, history)
    return history


def _seed(net, plan: Plan) -> np.random.Generator:
    """Return the generator of the shuffle, and number the masks; numpy.random.seed fixes both unless `seed` does."""
    if not (plan.shuffle or net.dropout_states):
        return np.random.default_rng(0)  # not used, so nothing is drawn for it
    seed = int(np.random.randint(2**31 - 1)) if plan.seed is None else plan.seed
    number_streams(net.dropout_states, seed)
    return np.random.default_rng(seed)


def _run_epoch(net, plan: Plan, runner, history: History, epoch: int, order: np.ndarray, good) -> np.ndarray:
    """Run one epoch in chunks and return its costs."""
    rows = order[: plan.batches * plan.mini_batch_size].reshape(plan.batches, plan.mini_batch_size)
    costs: list[np.ndarray] = []
    first = epoch * plan.batches  # iterations are counted over all epochs
    done = 0
    while done < plan.batches:
        iteration = first + done
        if iteration % LINE_EVERY == 0:
            print(f"Training mini-batch number {iteration}")
        stop = min(plan.batches, done + STEPS_A_CHUNK - iteration % STEPS_A_CHUNK)
        costs.append(runner.run(rows[done:stop], plan.eta, plan.lmbda / plan.batches))
        bad = np.flatnonzero(~np.isfinite(costs[-1]))
        if bad.size:
            runner.collect()
            raise _diverged(net, plan, history, epoch, done + bad[0], f"a cost of {costs[-1][bad[0]]}", good)
        done = stop
        _tell(net, plan, history, epoch, done, costs[-1], epoch_done=False)
    return np.concatenate(costs)


def _evaluate(net, plan: Plan, history: History, epoch: int, weights) -> None:
    """Score the data sets, print the epoch's lines and keep the weights if they are the best so far."""
    scores: dict[str, float] = {}
    if plan.validation is not None:
        scores |= {f"validation_{name}": mean for name, mean in score(net, plan.validation, plan.cost).items()}
        if "validation_accuracy" in scores:
            _judge(net, plan, history, epoch, scores["validation_accuracy"], weights)
    if any(name.startswith("training") for name in plan.monitor):
        scores |= {f"training_{name}": mean for name, mean in score(net, plan.training, plan.cost).items()}
    for name in plan.monitor:
        history.monitors[name].append(scores[name])


def _judge(net, plan: Plan, history: History, epoch: int, accuracy: float, weights) -> None:
    """Compare the validation accuracy of an epoch with the best before, as the book does: equals count as better."""
    print(f"Epoch {epoch}: validation accuracy {accuracy:.2%}")
    best = history.best_validation_accuracy
    history.validation_accuracy.append(accuracy)
    history.test_accuracy.append(None)
    if best is not None and accuracy < best:
        return
    print("This is the best validation accuracy to date.")
    history.best_epoch, history.best_iteration = epoch, (epoch + 1) * plan.batches - 1
    net.best = weights
    if plan.test is not None:
        history.test_accuracy[-1] = score(net, plan.test, plan.cost)["accuracy"]
        print(f"The corresponding test accuracy is {history.test_accuracy[-1]:.2%}")


def _print_summary(net, plan: Plan, history: History) -> None:
    print("Finished training network.")
    test = history.corresponding_test_accuracy
    if history.best_epoch is not None:
        print(
            f"Best validation accuracy of {history.best_validation_accuracy:.2%} "
            f"obtained at iteration {history.best_iteration}"
        )
    elif plan.validation is None and plan.test is not None and plan.epochs > 0:
        test = score(net, plan.test, plan.cost).get("accuracy")
    if test is not None:
        print(f"Corresponding test accuracy of {test:.2%}")


def _tell(net, plan: Plan, history: History, epoch: int, batch: int, costs: np.ndarray, *, epoch_done: bool) -> None:
    for callback in plan.callbacks:
        callback(Progress(net, history, epoch, plan.epochs, batch, plan.batches, float(costs.mean()), epoch_done))


def _diverged(net, plan: Plan, history: History, epoch: int, batch: int, got: str, good) -> DivergenceError:
    """Put the last good weights back and return the error to raise."""
    net.set_weights(good)
    message = complaint(
        f"SGD: epoch {epoch}, mini-batch {batch}",
        "wanted a finite cost and finite weights",
        got,
        f"Try a smaller eta than {plan.eta:g}, pixels between 0 and 1, or a narrower initializer; "
        f"the network has the weights it had before epoch {epoch}.",
    )
    return DivergenceError(message, history)
