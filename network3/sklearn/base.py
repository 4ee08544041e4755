"""What classifier and regressor share: the network of an estimator, built and trained from its parameters."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from network3.layers import FullyConnectedLayer, Layer, ReLU
from network3.layers.calls import function_of
from network3.layers.checks import error_message, integer, real, shown, sizes
from network3.layers.initializers import he
from network3.network import Network
from network3.optim import Adam

LayersFunction: TypeAlias = Callable[[int, int], Sequence[Any]]
FLOATS = (np.float64, np.float32)
LARGEST_SEED = 2**31 - 1


class NetworkEstimator(BaseEstimator, ABC):
    """Base class of the estimators: parameters are stored as they are given, and checked by `fit`."""

    layers: LayersFunction | Sequence[int]
    epochs: int
    mini_batch_size: int
    eta: float
    lmbda: float
    rule: Callable | None
    regularizer: Callable | None
    schedule: Callable | None
    stopping: Callable | None
    shuffle: bool
    validation_fraction: float
    warm_start: bool
    random_state: int | np.random.RandomState | None
    callbacks: Sequence[Any]
    verbose: bool

    network_: Network

    @abstractmethod
    def _last_layer(self, n_in: int, n_out: int) -> Layer: ...

    def _cost(self, targets: NDArray[Any]) -> Callable | None:
        """Return the cost of a training, if it is not the last layer's own."""
        return None

    def _fit(self, x: NDArray[Any], targets: NDArray[Any], n_out: int, strata: NDArray[Any] | None) -> Self:
        """Train on all epochs, with a new network unless `warm_start` finds one.

        Parameters
        ----------
        x : float array of shape (n, features)
        targets : array of shape (n,) or (n, n_out)
            As `Network.SGD` takes them.
        n_out : int
        strata : array of shape (n,), optional
            Classes that the validation part has in the same shares as the rest.
        """
        fraction = real(self._argument("validation_fraction"), self.validation_fraction, least=0.0, below=1.0)
        if not (self.warm_start and hasattr(self, "network_")):
            self._begin(n_out)
        validation = None
        if fraction:
            seed = self._random.randint(LARGEST_SEED)
            parts = train_test_split(x, targets, test_size=fraction, random_state=seed, stratify=strata)
            x, validation, targets = parts[0], (parts[1], parts[3]), parts[2]
        self._train(x, targets, self.epochs, validation)
        if validation is not None and self.network_.best is not None:
            self.network_.set_weights(self.network_.best)
        return self

    def _partial_fit(self, x: NDArray[Any], targets: NDArray[Any], n_out: int) -> Self:
        """Train for one epoch, with a new network in the first call."""
        if not hasattr(self, "network_"):
            self._begin(n_out)
        self._train(x, targets, 1, None)
        return self

    def _begin(self, n_out: int) -> None:
        """Build the network; its initial weights follow from `random_state`."""
        self._random = check_random_state(self.random_state)
        size = integer(self._argument("mini_batch_size"), self.mini_batch_size)
        with _global_seed(self._random.randint(LARGEST_SEED)):
            self.network_ = Network(list(self._built_layers(self.n_features_in_, n_out)), size)
        self.n_iter_ = 0

    def _built_layers(self, n_in: int, n_out: int) -> Sequence[Any]:
        if callable(self.layers):
            example = "lambda n_in, n_out: [SoftmaxLayer(n_in, n_out)]"
            return function_of(self._argument("layers"), self.layers, ("n_in", "n_out"), example)(n_in, n_out)
        who = self._argument("layers")
        if not isinstance(self.layers, list | tuple | np.ndarray):
            expected = "expected a function of n_in and n_out, or the sizes of hidden layers"
            raise TypeError(error_message(who, expected, shown(self.layers), "Write e.g. layers=(100,)."))
        hidden = sizes(who, self.layers, len(self.layers))
        widths = (n_in, *hidden)
        pairs = zip(widths, hidden, strict=False)
        dense = [FullyConnectedLayer(n, width, ReLU, initializer=he) for n, width in pairs]
        return [*dense, self._last_layer(widths[-1], n_out)]

    def _train(self, x: NDArray[Any], targets: NDArray[Any], epochs: int, validation: Any) -> None:
        self.history_ = self.network_.SGD(
            (x, targets),
            epochs,
            min(integer(self._argument("mini_batch_size"), self.mini_batch_size), len(x)),
            self.eta,
            validation,
            lmbda=self.lmbda,
            lmbda_over="examples",
            cost=self._cost(targets),
            rule=Adam() if self.rule is None else self.rule,
            regularizer=self.regularizer,
            schedule=self.schedule,
            stopping=self.stopping,
            shuffle=self.shuffle,
            seed=int(self._random.randint(LARGEST_SEED)),
            callbacks=self.callbacks,
            verbose=self.verbose,
        )
        self.n_iter_ += self.history_.epochs

    def _outputs(self, x: Any) -> NDArray[np.float64]:
        """Return the activations of the last layer for each row of `x`, of shape (n, n_out)."""
        check_is_fitted(self, "network_")
        rows = validate_data(self, x, dtype=FLOATS, reset=False)
        return self.network_.predict_proba(rows).astype(np.float64)

    def _argument(self, name: str) -> str:
        return f"{type(self).__name__}: {name}"


def refuse_other_outputs(who: str, expected: int, got: int) -> None:
    """Raise ValueError where `warm_start` or `partial_fit` meets data with another number of outputs."""
    if expected != got:
        hint = "Fit a new estimator, or set warm_start=False."
        raise ValueError(error_message(who, f"expected {expected} outputs, as in the first call", got, hint))


@contextmanager
def _global_seed(seed: int) -> Iterator[None]:
    """Seed NumPy's global generator, from which layers draw their weights, and restore it afterwards."""
    state = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(state)
