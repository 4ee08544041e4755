"""What takes the steps of a training: one runner for one network, or for several at once."""

import numpy as np
from numpy.typing import NDArray

from network3.execution.backends import make_runner
from network3.execution.device import chosen_backend
from network3.execution.runner import ManyRunner, Runner
from network3.graph import storages_of

from .state import TrainingState


class SingleRunner:
    """The runner of one network, as a `ManyRunner` of one."""

    def __init__(self, runner: Runner):
        self.runner = runner

    def set_images(self, images: np.ndarray) -> None:
        """Train on these from now on."""
        self.runner.set_images(images)

    def run(self, rows: NDArray[np.int64], etas: list[float], lmbdas: list[float]) -> NDArray[np.float64]:
        """Take a step for each of `rows`, (1, steps, batch); return the costs, (1, steps)."""
        return self.runner.run(rows[0], etas[0], lmbdas[0])[np.newaxis]

    def sync(self) -> None:
        """Do nothing: the network's own shared variables are updated."""

    def close(self) -> None:
        """Store the parameters as NumPy arrays."""
        self.runner.close()


class Steps:
    """Compiles the steps of all networks of a training, and makes runners for those that are still active."""

    def __init__(self, states: list[TrainingState]):
        self.states = states
        self.mesh = states[0].config.mesh
        if len(states) > 1 and self.mesh is not None:
            self._step = states[0].compile_step(regularized=any(state.config.regularized for state in states))
            self._storages = [self._own_storages(state) for state in states]
        else:
            self._runners = [self._own_runner(state) for state in states]

    def runner(self, active: list[int]) -> ManyRunner:
        """Return what runs the networks of these indices."""
        if len(self.states) == 1:
            return SingleRunner(self._runners[0])
        config, dtype = self.states[0].config, self.states[0].net.floatX
        if self.mesh is not None:
            from network3.execution.runners.jax_many import VectorizedRunner

            storages = [self._storages[k] for k in active]
            return VectorizedRunner(self._step, storages, config.training_data, dtype, self.mesh)
        from network3.execution.runners.planned_many import ThreadedRunner

        return ThreadedRunner([self._runners[k] for k in active])

    def _own_storages(self, state: TrainingState) -> list[list]:
        """Return where the values for the step's shared variables are, for one of several networks."""
        slots = [[slot.copy()] for slot in self._step.initial_slots]
        state.use_averages(self._step, slots)
        return storages_of(self._step.shared, self.states[0].net, state.net, slots)

    def _own_runner(self, state: TrainingState) -> Runner:
        step = state.compile_step(regularized=state.config.regularized)
        state.restore_optimizer(step)
        return make_runner(chosen_backend(), step, state.config.training_data, state.net.floatX, self.mesh)
