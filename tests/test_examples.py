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
    assert {name.split("_")[0] for name in NAMES} == {f"chapter{k}" for k in (1, 3, 4, 5, 6)}


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
