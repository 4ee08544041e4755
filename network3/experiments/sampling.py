"""The settings of trials, drawn so that processes and machines that search together never draw the same."""

import warnings
from typing import Any

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState


class NumberedSampler(BaseSampler):
    """Tree-structured Parzen estimators whose random numbers depend on the seed and on the number of the trial.

    The storage gives each number to one trial, whoever asks. Trials that others are running count as bad ones
    (``constant_liar``), so that the next are not drawn beside them.

    Parameters
    ----------
    seed : int, >= 0

    Notes
    -----
    Source: J. Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._number: int | None = None

    def _sampler(self, trial: FrozenTrial) -> TPESampler:
        """Return the sampler of `trial`, which all of its settings are drawn from."""
        if trial.number != self._number:
            state = np.random.SeedSequence([self._seed, trial.number]).generate_state(1)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ExperimentalWarning)  # of constant_liar, before Optuna 5
                self._current = TPESampler(seed=int(state[0]), constant_liar=True)
            self._number = trial.number
        return self._current

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return which settings are drawn together."""
        return self._sampler(trial).infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Draw settings together."""
        return self._sampler(trial).sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Draw one setting."""
        return self._sampler(trial).sample_independent(study, trial, param_name, param_distribution)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Let the sampler prepare the trial."""
        self._sampler(trial).before_trial(study, trial)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Any) -> None:
        """Let the sampler record the trial."""
        self._sampler(trial).after_trial(study, trial, state, values)
