"""The settings of trials depend on the seed and the number of the trial, whichever process draws them."""

import optuna
import pytest

from network3.experiments.sampling import NumberedSampler


@pytest.fixture
def storage():
    return optuna.storages.InMemoryStorage()


def study_of(storage, seed, name="one"):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna.create_study(storage=storage, sampler=NumberedSampler(seed), study_name=name, load_if_exists=True)


def settings(trial):
    return trial.suggest_float("a", 0.1, 10, log=True), trial.suggest_float("b", 0, 1)


def test_studies_that_share_a_storage_draw_different_settings(storage):
    one, two = study_of(storage, 3), study_of(storage, 3)
    drawn = [settings(study.ask()) for _ in range(4) for study in (one, two)]
    assert len({value for pair in drawn for value in pair}) == 16


def test_a_trial_has_the_same_settings_whichever_process_draws_it(storage):
    one, two = study_of(storage, 3), study_of(storage, 3)
    shared = [settings((one if k % 3 else two).ask()) for k in range(6)]
    alone = study_of(storage, 3, "alone")
    assert [settings(alone.ask()) for _ in range(6)] == shared
    another = study_of(storage, 4, "another")
    assert settings(another.ask()) != shared[0]


def test_good_settings_are_tried_more_often(storage):
    study = study_of(storage, 0)
    study.optimize(lambda trial: abs(settings(trial)[1] - 0.7), n_trials=40)
    distances = [trial.value for trial in study.trials]
    assert sum(distances[30:]) < 0.5 * sum(distances[:10])
