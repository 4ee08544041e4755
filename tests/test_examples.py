"""The examples, chapter by chapter: cut short, each runs; in full, each has the stated result."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[1] / "examples"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py"))


@pytest.fixture
def example(monkeypatch, tmp_path):
    """Return a function from a name to the module of that example, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")

    def load(name):
        spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


def test_each_chapter_with_programs_has_an_example():
    assert {name.split("_")[0] for name in NAMES} == {*(f"chapter{k}" for k in (1, 3, 4, 5, 6)), "port"}


# Name -> few images, the least accuracy with them, the least accuracy in full.
CLASSIFIERS = {
    "port_lenet": ({"images": 1000, "epochs": 2, "validation": 500}, 0.75, 0.93),
    "port_all_convolutional": ({"images": 1500, "epochs": 2, "validation": 500}, 0.5, 0.9),
    "port_residual_network": ({"images": 1500, "epochs": 2, "validation": 500}, 0.45, 0.9),
}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_ported_classifier_learns(example, name):
    few, least, _ = CLASSIFIERS[name]
    assert example(name).main(**few) > least


@pytest.mark.slow
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_ported_classifier_reaches_its_accuracy(example, name):
    assert example(name).main() > CLASSIFIERS[name][2]


def test_the_ported_autoencoder_learns(example):
    first, last = example("port_autoencoder").main(images=1500, epochs=1)
    assert abs(first - np.log(2)) < 0.02  # of a blank guess
    assert last < 0.4


@pytest.mark.slow
def test_the_ported_autoencoder_reaches_its_cost(example):
    _, last = example("port_autoencoder").main()
    assert last < 0.12


def test_the_costs_of_the_ported_dcgan_move(example):
    costs = example("port_dcgan").main(turns=5)
    alone = costs["discriminator"]
    assert alone[0] > 1 > 0.3 > max(alone[-5:])
    generator = costs["generator"]
    assert generator[0] > 2
    assert max(generator[-5:]) < generator[0] / 2
    assert np.isfinite(list(zip(*list(costs.values())[2:], strict=True))).all()


def test_five_nand_gates_add_two_bits(example, capsys):
    table = example("chapter1_perceptrons").main()
    assert {bits: (int(not (bits[0] and bits[1])), sum(bits) % 2, sum(bits) // 2) for bits in table} == table
    assert len(capsys.readouterr().out.splitlines()) == 5


def test_the_function_of_chapter_4_is_approximated(example, monkeypatch):
    monkeypatch.setenv("NETWORK3_MAX_EPOCHS", "20")
    before, after = example("chapter4_any_function").main()
    assert after < before / 3


def test_gradients_vanish_and_explode(example, monkeypatch, tmp_path):
    monkeypatch.setenv("NETWORK3_MAX_EPOCHS", "1")
    found = example("chapter5_gradients").main()
    assert (np.diff(found["vanishing"][0]) > 0).all()
    # The delta of the last neuron is 1 - 0.5; each before it is larger by w sigma' = 100 / 4.
    np.testing.assert_allclose(found["exploding"], 0.5 * 25.0 ** np.arange(5, -1, -1), rtol=1e-4)
    assert len(list(tmp_path.glob("gradients_*.png"))) == 2


@pytest.mark.slow
def test_the_broad_strategy_leads_from_nothing_to_a_good_network(example):
    first, small, last = example("chapter3_broad_strategy").main()
    assert first < 0.5 < 0.8 < small < last
    assert last > 0.955


@pytest.mark.slow
def test_all_techniques_learn(example, capsys):
    module = example("chapter3_techniques")
    records = module.main()
    assert set(records) == set(module.TECHNIQUES)
    assert len(capsys.readouterr().out.splitlines()) == len(records)
    assert min(record.best_validation_accuracy for record in records.values()) > 0.88
    assert records["halved on plateaus"].eta[-1] < 0.3
    assert records["early stopping"].epochs < 20


@pytest.mark.slow
def test_more_images_increase_the_accuracy(example):
    found = example("chapter6_going_on").main()
    plain, moved, bent = (found[name, "max"] for name in ("as they are", "moved by a pixel", "rotated, scaled, bent"))
    assert plain + 0.005 < min(moved, bent)
    assert found["as they are", "l2"] > 0.9
