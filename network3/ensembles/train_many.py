"""Several networks of one architecture trained at once: an ensemble, or a scan over a rate or a regularization."""

import json
import warnings
from collections.abc import Callable, Iterable, Sequence
from inspect import isfunction, signature
from typing import Any

import numpy as np

from network3.execution.device import chosen_backend
from network3.layers.calls import call, function_of, keywords_checked
from network3.layers.checks import as_list, error_message, integer, nearest, shown
from network3.network import Data, Network
from network3.storage.architecture import description
from network3.training.callbacks import Callback, Progress, formatted, show_wait
from network3.training.config import TrainingConfig
from network3.training.health import DivergenceError
from network3.training.history import History
from network3.training.notebook import training_log
from network3.training.state import TrainingState, begin
from network3.training.trainer import Trainer

WHO = "train_many"
ALONE = ("callbacks", "checkpoint", "resume")  # options of one network's training
Builder = Callable[[], Network]
OPTIONS = {name: p.default for name, p in signature(Network.SGD).parameters.items() if p.kind is p.KEYWORD_ONLY}


@keywords_checked(WHO)
def train_many(
    builders: Builder | Iterable[Builder | Network],
    training_data: Data,
    epochs: int,
    mini_batch_size: int,
    eta: float | Sequence[float],
    validation_data: Data | None = None,
    test_data: Data | None = None,
    lmbda: float | Sequence[float] = 0.0,
    *,
    seeds: Iterable[int] | None = None,
    **options: Any,
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
        One for each: NumPy's global generator is seeded with it before the network is built, and the order of the
        examples and the dropout masks follow from it. By default that generator is used as it is.
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

    Examples
    --------
    >>> import numpy as np
    >>> from network3 import FullyConnectedLayer, SoftmaxLayer
    >>> def build():
    ...     return Network([FullyConnectedLayer(n_in=4, n_out=3), SoftmaxLayer(n_in=3, n_out=2)], 10)
    >>> data = np.eye(4)[[0, 1] * 50], np.array([0, 1] * 50)
    >>> trained = train_many(build, data, 5, 10, 1.0, seeds=[0, 1], verbose=False)
    >>> [history.epochs for net, history in trained]
    [5, 5]
    """
    _check_options(options)
    pairs = _for_each(builders, seeds)
    etas, lmbdas = _rates("eta", eta, len(pairs)), _rates("lmbda", lmbda, len(pairs))
    nets = [_built(builder, seed) for builder, seed in pairs]
    _check_alike(nets)
    same = {"epochs": epochs, "mini_batch_size": mini_batch_size, **options}
    same |= {"training_data": training_data, "validation_data": validation_data, "test_data": test_data}
    configs = [
        TrainingConfig(net, eta=rate, lmbda=strength, seed=seed, **same)
        for net, rate, strength, (_, seed) in zip(nets, etas, lmbdas, pairs, strict=True)
    ]
    states = [begin(net, config) for net, config in zip(nets, configs, strict=True)]
    if configs[0].mesh is not None:
        for state in states:
            state.template = nets[0]
    at_once = configs[0].mesh is not None or chosen_backend() == "network3"
    if at_once and configs[0].augment is None and len(nets) > 1:
        log = [EnsembleLog(states)] if configs[0].verbose else []
        histories = Trainer(states, log).run()
    else:
        histories = [_train_alone(k, state, len(nets)) for k, state in enumerate(states)]
    return list(zip(nets, histories, strict=True))


class EnsembleLog(Callback):
    """Prints the validation accuracies of several networks after each epoch, or their costs."""

    def __init__(self, states: list[TrainingState]):
        self.states = states

    def on_wait(self, progress: Progress) -> None:
        """Print what takes long, to standard error."""
        show_wait(progress)

    def on_epoch(self, progress: Progress) -> None:
        """Print the accuracies of an epoch, or the costs."""
        histories = [state.history for state in self.states if state.history.epochs]
        measure = progress.history.measure
        name, what = {
            "accuracy": ("validation_accuracy", "validation accuracies"),
            "cost": ("validation_cost", "validation costs"),
            None: ("cost", "costs"),
        }[measure]
        values = ", ".join(formatted(measure, getattr(history, name)[-1]) for history in histories)
        print(f"Epoch {progress.epoch}: {what} {values}")

    def on_end(self, progress: Progress) -> None:
        """Print that the training has ended."""
        print(progress.message if progress.interrupted else f"Finished training {len(self.states)} networks.")


def _train_alone(number: int, state: TrainingState, count: int) -> History:
    """Train one network after the other, where they cannot be trained at once."""
    log: list[Callback] = [training_log()] if state.config.verbose else []
    if log:
        print(f"Network {number + 1} of {count}")
    try:
        (history,) = Trainer([state], log).run()
    except DivergenceError as error:
        warnings.warn(f"network {number + 1}: {error}", RuntimeWarning, stacklevel=3)
        return error.history
    return history


def _check_options(options: dict[str, Any]) -> None:
    known = [name for name in OPTIONS if name not in (*ALONE, "seed")]
    for name in options:
        if name not in known:
            near = "seeds" if name == "seed" else nearest(name, known)
            hint = f"Perhaps you meant {near}=." if near and name not in ALONE else "Leave it out, or call Network.SGD."
            raise TypeError(error_message(WHO, f"expected arguments among {', '.join(known)}", f"{name}=", hint))


def _for_each(builders: Any, seeds: Iterable[int] | None) -> list[tuple[Builder | Network, int | None]]:
    """Return a builder and a seed for each network."""
    if callable(builders):
        if seeds is None:
            hint = "Write e.g. seeds=range(5)."
            raise ValueError(
                error_message(f"{WHO}: seeds", "expected one for each network of a single builder", "none", hint)
            )
        seeds = _listed("seeds", seeds)
        builders = [builders] * len(seeds)
    builders = _listed("builders", builders)
    for builder in builders:
        if isfunction(builder):
            function_of(f"{WHO}: builders", builder, (), "lambda: Network([...], 10)")
    seeds = None if seeds is None else _listed("seeds", seeds)
    own = [None] * len(builders) if seeds is None else [integer(f"{WHO}: seeds", seed, least=0) for seed in seeds]
    if not builders or len(own) != len(builders):
        got = f"{len(builders)} builders and {len(own)} seeds"
        raise ValueError(
            error_message(WHO, "expected as many seeds as networks, one at least", got, "Pass one for each.")
        )
    return list(zip(builders, own, strict=True))


def _listed(name: str, value: Any) -> list[Any]:
    values = as_list(value)
    if values is None:
        hint = "Pass a list, one for each network."
        raise TypeError(error_message(f"{WHO}: {name}", "expected a list", shown(value), hint))
    return values


def _rates(name: str, value: float | Sequence[float], count: int) -> list[float]:
    single = isinstance(value, str) or not hasattr(value, "__iter__") or getattr(value, "ndim", 1) == 0
    values = [value] * count if single else _listed(name, value)
    if len(values) != count:
        hint = "Pass one number, or one for each network."
        raise ValueError(error_message(f"{WHO}: {name}", f"expected {count} values", str(len(values)), hint))
    return values  # type: ignore[return-value]  # floats, see above


def _built(builder: Builder | Network, seed: int | None) -> Network:
    if seed is not None:
        np.random.seed(seed)  # the initial weights are drawn from NumPy's global generator, as the book's
    net = call(f"{WHO}: builders", builder, of="no arguments") if callable(builder) else builder
    if not isinstance(net, Network):
        hint = "Pass functions that return a Network, or Networks."
        raise TypeError(error_message(f"{WHO}: builders", "expected networks", f"a {type(net).__name__}", hint))
    return net


def _check_alike(nets: list[Network]) -> None:
    """Raise ValueError if some layers differ, or if a network occurs twice."""
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
