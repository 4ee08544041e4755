"""A network as a regressor of scikit-learn."""

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import validate_data

from network3.layers import Layer, RegressionLayer
from network3.layers.initializers import glorot

from .base import FLOATS, LayersFunction, NetworkEstimator, refuse_other_outputs


class NetworkRegressor(RegressorMixin, NetworkEstimator):
    r"""A network that ends in linear neurons, one for each value to predict, trained by `Network.SGD`.

    Values far from the range of -1 to 1 take long to learn: scale them, e.g. with scikit-learn's
    `TransformedTargetRegressor`.

    Parameters
    ----------
    layers : function ``layers(n_in, n_out) -> list of layers``, or sequence of int, default (100,)
        The layers of the network for data of `n_in` features and `n_out` values. Numbers are the sizes of hidden
        layers of rectified linear neurons, with a RegressionLayer at the end. Searches with several processes, and
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
    validation_fraction : float in [0, 1), default 0
        Share of the examples that `fit` holds out. After the training, the network has the weights of the best
        validation epoch.
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
    n_features_in_, n_outputs_, n_iter_ : int
        Features, values of an example, and epochs that the network was trained for.
    feature_names_in_ : array of str
        If `fit` got a data frame.

    Raises
    ------
    TypeError, ValueError
        By `fit`: parameters or data that do not fit.

    Examples
    --------
    >>> NetworkRegressor(layers=(30,), eta=0.1)
    NetworkRegressor(eta=0.1, layers=(30,))
    """

    n_outputs_: int

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
        self.validation_fraction = validation_fraction
        self.warm_start = warm_start
        self.random_state = random_state
        self.callbacks = callbacks
        self.verbose = verbose

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train the network on `X`, of shape (n, features), and the values `y`, of shape (n,) or (n, values)."""
        x, values = self._checked(X, y, first=not (self.warm_start and hasattr(self, "network_")))
        return self._fit(x, values, self.n_outputs_, None)

    def partial_fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train the network for one epoch on `X`, of shape (n, features), and `y`, of shape (n,) or (n, values).

        The update rule starts anew in each call.
        """
        x, values = self._checked(X, y, first=not hasattr(self, "network_"))
        return self._partial_fit(x, values, self.n_outputs_)

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the values for each row of `X`, in the shape of the `y` that was learned: (n,) or (n, values)."""
        outputs = self._outputs(X)
        return outputs[:, 0] if self._one_axis else outputs

    def _checked(self, X: ArrayLike, y: ArrayLike, *, first: bool) -> tuple[NDArray[Any], NDArray[Any]]:
        x, values = validate_data(self, X, y, dtype=FLOATS, multi_output=True, y_numeric=True, reset=first)
        rows = values.reshape(len(values), -1)
        if first:
            self._one_axis, self.n_outputs_ = values.ndim == 1, rows.shape[1]
        refuse_other_outputs(type(self).__name__, self.n_outputs_, rows.shape[1])
        return x, rows

    def _last_layer(self, n_in: int, n_out: int) -> Layer:
        return RegressionLayer(n_in, n_out, initializer=glorot)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
