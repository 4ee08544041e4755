"""What a signal interrupts is undone: a training then continues from a state between two of its parts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from .state import TrainingState


@contextmanager
def steps_undone(states: Sequence[TrainingState]) -> Iterator[None]:
    """Restore all that the steps of the block have changed, if a KeyboardInterrupt stops it."""
    changing = [[*state.net.variables, *state.net.dropout_states, *state.slots] for state in states]
    kept = [(variable, variable.get_value()) for variables in changing for variable in variables]
    try:
        yield
    except KeyboardInterrupt:
        for variable, value in kept:
            variable.set_value(value, borrow=True)
        raise


@contextmanager
def epoch_undone(state: TrainingState) -> Iterator[None]:
    """Restore what `TrainingState.end_epoch` changes, the record included, if a KeyboardInterrupt stops the block."""
    lists = [*state.history.monitors.values(), *(v for v in vars(state.history).values() if isinstance(v, list))]
    lengths = [len(values) for values in lists]
    best, kept = state.net.best, (state.last_finite_weights, state.last_averages, state.costs, state.permutation)
    variables = [(one.container.storage, one.container.storage[0]) for one in state.net.variables]
    try:
        yield
    except KeyboardInterrupt:
        for values, length in zip(lists, lengths, strict=True):
            del values[length:]
        state.net.best = best
        state.last_finite_weights, state.last_averages, state.costs, state.permutation = kept
        for storage, value in variables:  # if the signal came while averages were put in their place
            storage[0] = value
        raise
