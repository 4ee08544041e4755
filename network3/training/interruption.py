"""The message of a training that a signal has stopped: where it is, what was saved, and how to go on."""

from .checkpoint_file import checkpoint_exists
from .state import TrainingState


def stop_message(state: TrainingState, networks: int, *, begun: bool, undone: bool, saved: bool) -> str:
    """Return the message.

    Parameters
    ----------
    state : TrainingState
        Of the first network that is trained.
    networks : int
        How many networks are trained at once.
    begun : bool
        Whether there has been a mini-batch.
    undone : bool
        Whether the weights are those of before the epoch.
    saved : bool
        Whether the checkpoint has been written.
    """
    who, whose = ("SGD", "the network has") if networks == 1 else ("train_many", "the networks have")
    if not begun:
        where = "interrupted before the first mini-batch"
    elif state.epoch == state.config.epochs:
        where = "interrupted after the last epoch"
    elif undone:
        where = f"interrupted in epoch {state.epoch}; {whose} the weights of before it"
    else:
        count = f"{state.batch:,} of its {state.config.batches:,} mini-batches"
        where = f"interrupted in epoch {state.epoch}, after {count}"
    ended = networks > 1 or state.epoch == state.config.epochs
    return f"{who}: {where}.{'' if ended else _how_to_go_on(state, begun, saved)}"


def _how_to_go_on(state: TrainingState, begun: bool, saved: bool) -> str:
    path = state.config.checkpoint
    if saved:
        return f" Go on with SGD(..., resume={str(path)!r})."
    if path is not None and checkpoint_exists(path):
        not_saved = " It could not be saved;" if begun else ""
        return f"{not_saved} SGD(..., resume={str(path)!r}) goes on from the checkpoint before."
    if begun:
        return " Nothing was saved; SGD(..., checkpoint=filename) saves the training for next time."
    return ""
