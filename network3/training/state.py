"""Where a training stands: with the plan, all that decides how it goes on."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable

from network3.execution.compile import Step
from network3.graph import number_streams

from .config import Plan
from .history import History


@dataclass
class State:
    """Between two mini-batches of a training; the network holds its weights and the states of its masks.

    Attributes
    ----------
    history : History
        Of the complete epochs.
    seed : int or None
        Of the shuffle, of dropout's masks and of what augments the images; None if none is used.
    shuffle : dict
        State of the shuffle's bit generator, before it drew the order of the epoch under way.
    good : list of arrays
        The weights before the epoch under way.
    costs : float64 array of shape (batch,)
        Of the mini-batches of the epoch under way.
    saved_rule : list of arrays
        Of the update rule's own state, if the training goes on from a checkpoint.
    rule : list of shared variables
        That hold it, once `take_rule` has found them.
    """

    history: History
    seed: int | None
    shuffle: dict[str, Any]
    good: list[np.ndarray]
    costs: np.ndarray = field(default_factory=lambda: np.empty(0))
    saved_rule: list[np.ndarray] = field(default_factory=list)
    rule: list[SharedVariable] = field(default_factory=list)

    @property
    def epoch(self) -> int:
        """The epoch under way, from 0."""
        return self.history.epochs

    @property
    def batch(self) -> int:
        """Mini-batches done in it."""
        return len(self.costs)

    def take_rule(self, step: Step) -> None:
        """Give the rule of a compiled step the state that this training is in."""
        self.rule = step.states
        for variable, value in zip(step.states, self.saved_rule or step.first, strict=True):
            variable.set_value(value)

    def order(self, plan: Plan) -> np.ndarray:
        """Return the rows of the training data in the order of the epoch under way, (batches, mini_batch_size)."""
        rows = self._generator().permutation(len(plan.training)) if plan.shuffle else np.arange(len(plan.training))
        return rows[: plan.batches * plan.mini_batch_size].reshape(plan.batches, plan.mini_batch_size)

    def next_epoch(self, plan: Plan, good: list[np.ndarray]) -> None:
        """Go on to the start of the next epoch, the record of this one being complete."""
        if plan.shuffle:
            generator = self._generator()
            generator.permutation(len(plan.training))
            self.shuffle = dict(generator.bit_generator.state)
        self.good, self.costs = good, np.empty(0)

    def _generator(self) -> np.random.Generator:
        generator = np.random.default_rng()
        generator.bit_generator.state = self.shuffle
        return generator


def begin(net, plan: Plan) -> State:
    """Return the state of a new training, and number the masks; without a seed NumPy's global state gives one."""
    seed = plan.seed
    if seed is None and (plan.shuffle or net.dropout_states or plan.augment is not None):  # otherwise nothing is drawn
        seed = int(np.random.randint(2**31 - 1))
    if seed is not None:
        number_streams(net.dropout_states, seed)
    shuffle = dict(np.random.default_rng(0 if seed is None else seed).bit_generator.state)
    net.best = None
    history = History(monitors={name: [] for name in plan.monitor}, batches=plan.batches)
    return State(history, seed, shuffle, net.get_weights())
