"""Callbacks that write the record of a training to files for other programs: CSV, and TensorBoard's events."""

import csv
import io
import os
from typing import Any

from network3.layers.checks import error_message, file_path, flag
from network3.storage.atomic import atomic_write, check_writable

from .callbacks import Callback, Progress


class CSVLog(Callback):
    """Writes a table with a line for each epoch: pass it to ``SGD(callbacks=[...])``.

    The file is replaced after each epoch and has the whole record, also of the epochs before a training was resumed.

    Parameters
    ----------
    filename : path
        Its columns are those of `History.to_frame`; a value that an epoch does not have is empty.

    Raises
    ------
    OSError
        The file cannot be written.

    Examples
    --------
    >>> from network3 import FullyConnectedLayer, Network, SoftmaxLayer
    >>> net = Network([FullyConnectedLayer(n_in=2, n_out=2), SoftmaxLayer(n_in=2, n_out=2)], 1)
    >>> history = net.SGD(([[0, 1], [1, 0]], [1, 0]), 3, 2, 0.1, verbose=False, callbacks=[CSVLog("training.csv")])
    >>> with open("training.csv") as file:
    ...     print(next(file).strip())
    epoch,iteration,cost,seconds,eta
    """

    def __init__(self, filename: str | os.PathLike[str]):
        self.path = file_path("CSVLog: filename", filename)
        check_writable("CSVLog: filename", self.path)

    def on_epoch(self, progress: Progress) -> None:
        """Write the epochs so far."""
        rows = list(progress.history)
        text = io.StringIO()
        table = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        with atomic_write(self.path) as file:
            file.write(text.getvalue().encode())


class TensorBoardLog(Callback):
    """Writes scalars for TensorBoard, see ``tensorboard --logdir FOLDER``: pass it to ``SGD(callbacks=[...])``.

    After each epoch: what the History has of it, such as ``accuracy/validation``, ``cost/epoch`` and ``eta``, with the
    number of the epoch as the step; and after each chunk its mean cost, ``cost/chunk``, with the number of mini-batches
    as the step. It needs tensorboardX, which ``pip install 'network3[tensorboard]'`` installs.

    Parameters
    ----------
    folder : path
        Made if it does not exist. One for each training, such as ``runs/first``.
    weights : bool, default False
        Whether to write a histogram of each parameter after each epoch as well.

    Raises
    ------
    ImportError
        tensorboardX is not installed.

    Examples
    --------
    >>> from network3 import FullyConnectedLayer, Network, SoftmaxLayer
    >>> net = Network([FullyConnectedLayer(n_in=2, n_out=2), SoftmaxLayer(n_in=2, n_out=2)], 1)
    >>> log = TensorBoardLog("runs/first")
    >>> history = net.SGD(([[0, 1], [1, 0]], [1, 0]), 3, 2, 0.1, verbose=False, callbacks=[log])
    >>> len(os.listdir("runs/first"))
    1
    """

    def __init__(self, folder: str | os.PathLike[str], *, weights: bool = False):
        self.folder = file_path("TensorBoardLog: folder", folder)
        self.weights = flag("TensorBoardLog: weights", weights)
        try:
            from tensorboardX import SummaryWriter
        except ImportError as error:
            hint = "Install it: pip install 'network3[tensorboard]'."
            raise ImportError(error_message("TensorBoardLog", "expected tensorboardX", "none", hint)) from error
        self._make_writer = SummaryWriter
        self._writer: Any = None

    def on_chunk(self, progress: Progress) -> None:
        """Write the cost of a chunk."""
        self._open().add_scalar("cost/chunk", progress.cost, progress.iteration)

    def on_epoch(self, progress: Progress) -> None:
        """Write the values of an epoch."""
        writer, epoch = self._open(), progress.epoch
        for name, value in progress.history[epoch].items():
            if value is not None and name not in ("epoch", "iteration"):
                writer.add_scalar(_tag(name), value, epoch)
        if self.weights:
            for layer, variables in enumerate(progress.net.layers):
                for param in variables.params:
                    writer.add_histogram(f"layer_{layer}/{param.name}", param.get_value(), epoch)
        writer.flush()

    def on_end(self, progress: Progress) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _open(self) -> Any:
        if self._writer is None:  # for the first event, so that a training that is refused leaves no file
            self._writer = self._make_writer(str(self.folder))
        return self._writer


def _tag(name: str) -> str:
    """Return the tag of a quantity: those that are compared have one prefix, by which TensorBoard groups plots."""
    data, _, quantity = name.rpartition("_")
    if name == "cost":
        return "cost/epoch"
    return f"{quantity}/{data}" if quantity in ("accuracy", "cost") else name
