"""The Network of the book's chapter 6: layers in a row, trained by mini-batch stochastic gradient descent."""

import math
import os
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.tensor.type import TensorType

from network3.layers import dropout_states
from network3.layers.calls import keywords_checked
from network3.layers.checks import error_message, file_path, integer
from network3.layers.precision import floatX, graph_flags

from .attributes import ExplainedAttributes
from .data import examples
from .graph import buffers_of, connect, follow_shapes, input_width, layer_name
from .layer_protocol import layer_list
from .storage.atomic import explained_errors
from .storage.networks import read, write
from .storage.weight_arrays import HasWeights
from .summary import Summarized
from .training.callbacks import Callback, Progress
from .training.config import TrainingConfig
from .training.evaluation import predictions, score
from .training.history import History
from .training.script_end import before_training
from .training.trainer import train

Data = Any  # a pair (x, y) of arrays or shared variables, or a list of pairs; see `Network.SGD`


class Network(HasWeights, Summarized, ExplainedAttributes):
    """Layers in a row, each fed with the output of the one before.

    Parameters
    ----------
    layers : list of layers
        The first takes the data, the last has a cost. They are wired in place.
    mini_batch_size : int, >= 1
        For layers that ask; `SGD` has its own, which wins.

    Attributes
    ----------
    layers : list
    params : list of shared variables
        ``[w, b]`` of each layer, in order.
    buffers : list of shared variables
        What the layers keep besides, such as running means: training sets it, but not by gradients.
    x : float matrix, (batch, features)
    y : int32 vector, (batch,)
        Or what the last layer's ``target_dtype`` and ``target_ndim`` say.
    output, output_dropout : expressions
        Of the last layer: for evaluation, and for training.
    best : list of arrays or None
        `get_weights` after the `best_epoch` of the last `SGD`, see `History`; ``net.set_weights(net.best)``.
    floatX : "float32" or "float64"
        Type of the network, set when it was made.

    Raises
    ------
    ValueError
        A layer whose shape does not follow from the one before.
    TypeError
        A layer that gives another type than `floatX`.

    Notes
    -----
    Source: book, chapter 6. Beyond the original: shapes are checked, any batch fits the expressions, and sets of any
    size are evaluated whole.

    Examples
    --------
    >>> from network3 import SoftmaxLayer
    >>> net = Network([SoftmaxLayer(n_in=4, n_out=2)], 10)
    >>> net.predict_proba(np.eye(4)[:1])
    array([[0.5, 0.5]], dtype=float32)
    """

    @keywords_checked("Network", layer_list)
    def __init__(self, layers: list[Any], mini_batch_size: int):
        self.layers = layers = layer_list(layers)
        self.mini_batch_size = integer("Network: mini_batch_size", mini_batch_size)
        self.floatX = floatX()
        self.shapes = follow_shapes(layers)
        self.params: list[SharedVariable] = [param for layer in layers for param in layer.params]
        self.buffers = buffers_of(layers)
        last = layers[-1]
        with graph_flags(self.floatX):
            self.x = TensorType(self.floatX, shape=(None, None))("x")
            self.y = TensorType(
                getattr(last, "target_dtype", "int32"), shape=(None,) * getattr(last, "target_ndim", 1)
            )("y")
            connect(layers, self.x, self.mini_batch_size, self.floatX)
        self.output, self.output_dropout = last.output, last.output_dropout
        self.dropout_states = dropout_states(self.output_dropout)
        self.best: list[np.ndarray] | None = None
        self.compiled: dict[tuple, Any] = {}

    @property
    def input_width(self) -> int | None:
        """Values of one example; None if the first layer does not say."""
        return input_width(self.layers)

    @property
    def output_width(self) -> int | None:
        """Values that the last layer gives for one example; None if it does not say."""
        shape = self.shapes[-1]
        return getattr(self.layers[-1], "n_out", None) if shape is None else math.prod(shape[1:])

    @keywords_checked("SGD")
    def SGD(
        self,
        training_data: Data,
        epochs: int,
        mini_batch_size: int,
        eta: float,
        validation_data: Data | None = None,
        test_data: Data | None = None,
        lmbda: float = 0.0,
        *,
        cost: Callable | None = None,
        regularizer: Callable | None = None,
        lmbda_over: Literal["mini_batches", "examples"] = "mini_batches",
        rule: Callable | None = None,
        schedule: Callable | None = None,
        stopping: Callable[[History], bool] | None = None,
        monitor: str | Sequence[str] = (),
        shuffle: bool = False,
        augment: Callable | None = None,
        devices: int | None = None,
        seed: int | None = None,
        callbacks: Sequence[Callback | Callable[[Progress], None]] = (),
        checkpoint: str | os.PathLike | None = None,
        resume: str | os.PathLike | None = None,
        verbose: bool = True,
    ) -> History:
        r"""Train by mini-batch stochastic gradient descent, and print what the book's program prints.

        .. math:: w \to w - \eta \frac{\partial}{\partial w}\left(C + \frac{\lambda}{2 m} \sum_w \|w\|^2\right)

        with the mean cost :math:`C` of a mini-batch and the number :math:`m` of mini-batches an epoch. Biases are not
        regularized.

        Parameters
        ----------
        training_data, validation_data, test_data : pair (x, y), or list of pairs; the first is required
            Pairs of shared variables as `load_data_shared` gives them, or arrays: x (n, features), floats, or uint8 to
            be divided by 256 when used; y (n,) labels, or (n, n_out) values for a RegressionLayer or, with `cost`, a
            FullyConnectedLayer. Or ``network.py``'s lists of (column, label or one-hot column).
        epochs : int, >= 0
        mini_batch_size : int, >= 1
            Examples that fill no mini-batch are not trained on; evaluation uses all.
        eta : float
            Learning rate.
        lmbda : float, >= 0, default 0
            Strength of the regularization.
        cost : callable, optional
            ``cost(a, y) -> scalar expression``, e.g. from `network3.layers.costs`; default the last layer's own.
        regularizer : callable, default L2
            ``regularizer(weights) -> scalar expression``, see `network3.optim`.
        lmbda_over : "mini_batches" or "examples"
            What :math:`m` counts: mini-batches as in chapter 6, or examples as in chapter 3.
        rule : callable, default `gradient_descent`
            See `network3.optim`: momentum, Adam, the Hessian technique, clipped gradients, averaged weights.
        schedule : callable, optional
            ``schedule(eta, history) -> eta`` of the next epoch, see `network3.optim`. It always gets the first rate,
            `eta` above; the rate of the last epoch is ``history.eta[-1]``.
        stopping : callable, optional
            ``stopping(history) -> bool`` after each epoch, see `network3.optim`.
        monitor : names such as training_cost, validation_cost, test_accuracy
            What to evaluate over a whole set after each epoch, into the History. Costs are those that training
            lowers: without dropout, with the regularization.
        shuffle : bool, default False
            Shuffle the training data before each epoch; the original never did.
        augment : callable, optional
            ``augment(images, rng) -> images`` of the same shape and type: what an epoch trains on instead of the
            training images, see `network3.optim`. `rng` is a NumPy Generator.
        devices : int, optional
            Number of devices that share each mini-batch, on the JAX back end; default a GPU if there is one, or all
            devices of the processes that JAX has joined.
        seed : int, optional
            Of the shuffle, of dropout's masks and of `augment`; by default drawn from NumPy's global generator, if any
            of them is used.
        callbacks : list of callables or `Callback`
            Functions of one `Progress`, called after each chunk of up to 250 steps and after each epoch; or objects
            with methods of `network3.training.callbacks.Callback`.
        checkpoint : path, optional
            File to save the training to, after each epoch and on Ctrl-C. By default that of `resume`, if given.
        resume : path, optional
            A checkpoint to go on from, to the same weights as without the interruption. Network, data and arguments
            must be those of the first call; `epochs` may be more.
        verbose : bool, default True
            Whether to print.

        Returns
        -------
        History

        Raises
        ------
        TypeError, ValueError
            Arguments or data that do not fit, before anything is compiled; or a checkpoint of another training.
        OSError
            A checkpoint that is not there, or cannot be written.
        DivergenceError
            A cost or weights that became NaN or infinite; the network keeps the weights of the last good epoch.
        TrainingInterrupted
            Ctrl-C, once the mini-batches under way are finished and saved. A KeyboardInterrupt; in a notebook the
            History until then is returned instead.
        TrainingTerminated
            SIGTERM, likewise. A SystemExit with code 143.
        """
        arguments = {name: value for name, value in locals().items() if name != "self"}
        with before_training():
            config = TrainingConfig(self, **arguments)
        if config.test_data is not None:  # the original's function of a mini-batch's index
            images, size = config.test_data.images, config.mini_batch_size
            self.test_mb_predictions = lambda i: self.predict(images[i * size : (i + 1) * size])
        return train(self, config)

    @keywords_checked("predict")
    def predict(self, images: ArrayLike | SharedVariable) -> np.ndarray:
        """Return the label of each image, as integers of shape (n,); the output of a layer of values, or of one output.

        Parameters
        ----------
        images : array or shared variable of shape (n, features) or (n, maps, rows, columns), or a single image
            Floats as in training, or uint8 grey levels, which are divided by 256.
        """
        return predictions(self, images)[0]

    @keywords_checked("predict_proba")
    def predict_proba(self, images: ArrayLike | SharedVariable) -> np.ndarray:
        """Return the activations of the last layer for each image, of shape (n, n_out): probabilities for a softmax."""
        return predictions(self, images)[-1]

    @keywords_checked("accuracy")
    def accuracy(self, data: Data) -> float:
        """Return the share of `data`, all of it, that is classified as labelled, in [0, 1].

        Parameters
        ----------
        data : pair (x, y), or list of pairs, as in `SGD`
        """
        if not hasattr(self.layers[-1], "accuracy"):
            name, hint = layer_name(self.layers, len(self.layers) - 1), "Use predict, or end with a SoftmaxLayer."
            raise ValueError(error_message(name, "the last layer must have an accuracy(y)", "one without", hint))
        return score(self, examples("accuracy: data", data, self))["accuracy"]

    @keywords_checked("save")
    def save(self, filename: str | os.PathLike) -> None:
        """Write the network to `filename`, in safetensors with the architecture in the header; see `network3.load`."""
        path = file_path("save: filename", filename)
        with explained_errors("save: filename", path):
            write(self, path)

    def __getstate__(self) -> dict[str, Any]:
        """Leave compiled functions, and what holds a data set, out of copies and pickles."""
        return {**{k: v for k, v in self.__dict__.items() if k != "test_mb_predictions"}, "compiled": {}}


@keywords_checked("load")
def load(filename: str | os.PathLike, layers: list[Any] | None = None) -> Network:
    """Read a network that `Network.save` wrote.

    Parameters
    ----------
    filename : path
    layers : list of layers, optional
        For a network with layers or activations of your own, which a file cannot hold: build them as before, and
        they are given the file's parameters.

    Returns
    -------
    Network
        Of the type it was saved with.

    Raises
    ------
    FileNotFoundError
        No such file.
    ValueError
        Not a file of ours, of a newer format, or one whose parameters do not fit `layers`.

    Examples
    --------
    >>> from network3 import SoftmaxLayer
    >>> Network([SoftmaxLayer(n_in=2, n_out=2)], 10).save("net.safetensors")
    >>> load("net.safetensors").layers[0].n_in
    2
    """
    saved = read(file_path("load: filename", filename), None if layers is None else layer_list(layers))
    with graph_flags(saved.floatX):
        net = Network(saved.layers, saved.mini_batch_size)
    saved.assign(net)
    return net
