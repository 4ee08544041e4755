"""A network as a classifier of scikit-learn."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets, unique_labels
from sklearn.utils.validation import column_or_1d, validate_data

from network3.layers import Layer, SoftmaxLayer
from network3.layers.checks import error_message
from network3.layers.costs import LogLikelihood

from .base import FLOATS, LayersFunction, NetworkEstimator


class NetworkClassifier(ClassifierMixin, NetworkEstimator):
    r"""A network that ends in a softmax over the classes, trained by `Network.SGD`.

    Parameters
    ----------
    layers : function ``layers(n_in, n_out) -> list of layers``, or sequence of int, default (100,)
        The layers of the network for data of `n_in` features and `n_out` classes. Numbers are the sizes of hidden
        layers of rectified linear neurons, with a SoftmaxLayer at the end. Searches with several processes, and
        pickles, need a function that can be imported by its name.
    epochs : int, >= 0, default 100
    mini_batch_size : int, >= 1, default 32
        At most the number of examples is used.
    eta : float, default 0.01
        Learning rate.
    lmbda : float, >= 0, default 0
        Strength of the regularization, which is divided by the number of examples.
    rule : callable, default `network3.optim.Adam`
    regularizer, schedule, stopping : callables, optional
        As in `Network.SGD`. Those that use validation data need a `validation_fraction`.
    shuffle : bool, default True
        Whether to shuffle the examples before each epoch.
    class_weight : dict from class to float, "balanced", or None
        Weights of the classes in the cost; "balanced": n / (classes * examples of the class). With them the cost is
        `network3.layers.costs.LogLikelihood`.
    validation_fraction : float in [0, 1), default 0
        Share of the examples that `fit` holds out, of each class alike. After the training, the network has the
        weights of the best validation epoch.
    warm_start : bool, default False
        Whether `fit` continues with the network of the call before.
    random_state : int, RandomState or None
        Source of the initial weights, of the order of the examples, of dropout, and of the validation examples.
    callbacks, verbose
        As in `Network.SGD`.

    Attributes
    ----------
    network_ : Network
    history_ : History
        Of the last call of `fit` or `partial_fit`.
    classes_ : array of shape (classes,)
        The labels, sorted.
    n_features_in_, n_iter_ : int
        Features, and epochs that the network was trained for.
    feature_names_in_ : array of str
        If `fit` got a data frame.

    Raises
    ------
    TypeError, ValueError
        By `fit`: parameters or data that do not fit.

    Examples
    --------
    >>> NetworkClassifier(layers=(30,), eta=0.1)
    NetworkClassifier(eta=0.1, layers=(30,))
    """

    classes_: NDArray[Any]

    def __init__(
        self,
        layers: LayersFunction | Sequence[int] = (100,),
        *,
        epochs: int = 100,
        mini_batch_size: int = 32,
        eta: float = 0.01,
        lmbda: float = 0.0,
        rule: Callable | None = None,
        regularizer: Callable | None = None,
        schedule: Callable | None = None,
        stopping: Callable | None = None,
        shuffle: bool = True,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        validation_fraction: float = 0.0,
        warm_start: bool = False,
        random_state: int | np.random.RandomState | None = None,
        callbacks: Sequence[Any] = (),
        verbose: bool = False,
    ):
        self.layers = layers
        self.epochs = epochs
        self.mini_batch_size = mini_batch_size
        self.eta = eta
        self.lmbda = lmbda
        self.rule = rule
        self.regularizer = regularizer
        self.schedule = schedule
        self.stopping = stopping
        self.shuffle = shuffle
        self.class_weight = class_weight
        self.validation_fraction = validation_fraction
        self.warm_start = warm_start
        self.random_state = random_state
        self.callbacks = callbacks
        self.verbose = verbose

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train the network on `X`, of shape (n, features), and the labels `y`, numbers or texts of shape (n,)."""
        continued = self.warm_start and hasattr(self, "network_")
        x, labels = self._checked(X, y, reset=not continued)
        if not continued:
            self.classes_ = unique_labels(labels)
        numbers = self._numbers(labels)
        return self._fit(x, numbers, len(self.classes_), numbers)

    def partial_fit(self, X: ArrayLike, y: ArrayLike, classes: ArrayLike | None = None) -> Self:
        """Train the network for one epoch on `X`, of shape (n, features), and the labels `y`, of shape (n,).

        The update rule starts anew in each call.

        Parameters
        ----------
        classes : array of labels, optional
            All that may occur, in the first call; by default those in its `y`.
        """
        if self.class_weight == "balanced":
            expected, hint = "expected weights in a dict, since a part has not all examples", "Compute them beforehand."
            raise ValueError(error_message(self._argument("class_weight"), expected, '"balanced"', hint))
        first = not hasattr(self, "network_")
        x, labels = self._checked(X, y, reset=first)
        if first:
            self.classes_ = unique_labels(labels if classes is None else classes)
        return self._partial_fit(x, self._numbers(labels), len(self.classes_))

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the probability of each class for each row of `X`, of shape (n, classes), in the order of `classes_`.

        Outputs of a last layer that is no softmax are divided by their sum.
        """
        outputs = self._outputs(X)
        return outputs / outputs.sum(axis=1, keepdims=True)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable class of each row of `X`, of shape (n,)."""
        outputs = self._outputs(X)
        return self.classes_[outputs.argmax(axis=1)]

    def _checked(self, X: ArrayLike, y: ArrayLike, *, reset: bool) -> tuple[NDArray[Any], NDArray[Any]]:
        x, labels = validate_data(self, X, y, dtype=FLOATS, reset=reset)
        check_classification_targets(labels)
        return x, column_or_1d(labels)

    def _numbers(self, labels: NDArray[Any]) -> NDArray[np.int32]:
        """Return the places of `labels` in `classes_`."""
        unknown = np.setdiff1d(labels, self.classes_)
        if len(unknown):
            expected = f"expected labels among the {len(self.classes_)} classes of the first call"
            hint = "Pass all classes in the first call: partial_fit(X, y, classes)."
            raise ValueError(error_message(type(self).__name__, expected, repr(unknown[0].item()), hint))
        return np.searchsorted(self.classes_, labels).astype(np.int32)

    def _last_layer(self, n_in: int, n_out: int) -> Layer:
        return SoftmaxLayer(n_in, n_out)

    def _cost(self, targets: NDArray[Any]) -> Callable | None:
        if self.class_weight is None:
            return None
        weights = compute_class_weight(self.class_weight, classes=self.classes_, y=self.classes_[targets])
        return LogLikelihood(class_weight=tuple(weights.tolist()))
