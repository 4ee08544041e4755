"""What the callbacks of a training are told."""

from dataclasses import dataclass

from .history import History


@dataclass(frozen=True)
class Progress:
    """The state of a training, after each chunk of steps and after each epoch.

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
        True in the call that follows an epoch's evaluation, and its checkpoint.
    """

    net: object
    history: History
    epoch: int
    epochs: int
    batch: int
    batches: int
    cost: float
    epoch_done: bool
