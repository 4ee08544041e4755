"""The random numbers of a training: one `numpy.random.SeedSequence`, from which each epoch has its own."""

from dataclasses import dataclass

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable


@dataclass(frozen=True)
class EpochSeeds:
    """The seeds of one epoch of a training.

    Attributes
    ----------
    shuffle, augmentation, dropout : numpy.random.SeedSequence
    """

    shuffle: np.random.SeedSequence
    augmentation: np.random.SeedSequence
    dropout: np.random.SeedSequence


def epoch_seeds(seed: int, epoch: int) -> EpochSeeds:
    """Return the seeds of an epoch; they depend on nothing but the training's seed and the epoch's number."""
    return EpochSeeds(*np.random.SeedSequence(seed, spawn_key=(epoch,)).spawn(3))


def draw_seed() -> int:
    """Draw the seed of a training from NumPy's global generator."""
    return int(np.random.randint(2**31 - 1))


def seed_dropout(states: list[SharedVariable], seed: np.random.SeedSequence) -> None:
    """Start the masks of an epoch: the k-th of the dropout `states` becomes stream k of the seed, at step 0."""
    (word,) = seed.generate_state(1)
    for stream, state in enumerate(states):
        state.set_value(np.array([word, stream, 0], np.uint32).view(np.int32))
