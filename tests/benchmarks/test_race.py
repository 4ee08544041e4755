"""The race: its recipe, its trainings and their checks, its rounds, and its table."""

import importlib
import io
import json
import math
import sys
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import typer
from rich.console import Console
from scipy.signal import convolve2d
from typer.testing import CliRunner

from benchmarks.peers import OURS, PEERS
from benchmarks.race import EPSILON, GOAL, PROGRAM, checks, ours, tables
from benchmarks.race import __main__ as command
from benchmarks.race.entrants import FORMS, OF_PYTORCH, Entrant, entrants
from benchmarks.race.recipe import CHUNK, RECIPE, changed, order
from benchmarks.race.rounds import MAX_EPOCHS, SLOW, Race, race, write_grey_levels
from benchmarks.start.process import Library, Run
from benchmarks.worker import PeerError
from network3.training.seeds import epoch_seeds

SMALL = changed({"maps": (2, 3), "epochs": 100})
FAKE = "tests.benchmarks.fake_racer"
TORCH = replace(PEERS["pytorch_eager"], name="pytorch")
FOREVER = float("inf")
MACHINE = {"processor": "A processor", "cores": 2, "time": "2026-01-02T03:04:05Z"}


@pytest.fixture(scope="module")
def data():
    """Images without equal values in a pooling window, whose classes differ."""
    rng = np.random.default_rng(1)
    labels = np.tile(np.arange(10, dtype=np.int32), 8)
    prototypes = rng.random((10, 784), dtype=np.float32)
    return (0.7 * prototypes[labels] + 0.2 * rng.random((80, 784), dtype=np.float32)).astype(np.float32), labels


def test_the_rate_rises_and_falls_along_cosines():
    recipe = changed({"epochs": 2, "batch": 10, "eta": 2.0, "rise": 0.25, "start": 0.5, "final": 0.1})
    steps, images = 4 * CHUNK, 20 * CHUNK  # four chunks in two epochs
    assert steps == recipe.epochs * images // recipe.batch
    middles = [0.125, 0.375, 0.625, 0.875]
    rise = 2 * (0.5 + 0.5 * math.sin(math.pi / 2 * middles[0] / 0.25) ** 2)
    fall = [2 * (0.1 + 0.9 * math.cos(math.pi / 2 * (x - 0.25) / 0.75) ** 2) for x in middles[1:]]
    found = [recipe.rate(step, images) for step in range(0, steps, CHUNK)]
    assert found == pytest.approx([rise, *fall])
    for epoch in (2, 7):  # after the cycle, its last epoch is repeated
        later = [recipe.rate(epoch * steps // 2 + step, images) for step in (0, CHUNK)]
        assert later == pytest.approx(found[2:])


def test_the_order_of_the_images_is_that_of_a_shuffled_training():
    for seed, epoch in ((0, 0), (3, 2)):
        expected = np.random.default_rng(epoch_seeds(seed, epoch).shuffle).permutation(50)
        np.testing.assert_array_equal(order(seed, epoch, 50), expected)


def test_the_initial_weights_fit_the_network_and_depend_on_the_seed():
    shapes = [param.get_value().shape for layer in ours.layers(SMALL) for param in layer.params]
    assert [array.shape for array in SMALL.weights(0)] == shapes
    assert not np.array_equal(SMALL.weights(0)[0], SMALL.weights(1)[0])
    filters = RECIPE.weights(0)[3]
    assert filters.std() == pytest.approx(math.sqrt(2 / math.prod(filters.shape[1:])), rel=0.05)


def test_the_reference_is_convolution_pooling_normalization_and_rectification(data):
    rng = np.random.default_rng(2)
    parameters = [array + rng.normal(0, 0.1, array.shape).astype(np.float32) for array in SMALL.weights(0)]
    averages = [rng.random(maps).astype(np.float32) + 0.5 for maps in SMALL.maps for _ in range(2)]
    for image, found in zip(data[0][:2], checks.logits(SMALL, [*parameters, *averages], data[0][:2]), strict=True):
        a = image.reshape(1, 28, 28).astype(np.float64)
        for layer in range(2):
            filters, gamma, beta = parameters[3 * layer : 3 * layer + 3]
            mean, variance = averages[2 * layer : 2 * layer + 2]
            z = np.stack([sum(convolve2d(a[c], kernel, "valid") for c, kernel in enumerate(f)) for f in filters])
            pooled = z.reshape(len(z), z.shape[1] // 2, 2, z.shape[2] // 2, 2).max((2, 4))
            of_map = [v[:, None, None] for v in (gamma, beta, mean, np.sqrt(variance + EPSILON))]
            a = np.maximum(of_map[0] * (pooled - of_map[2]) / of_map[3] + of_map[1], 0)
        np.testing.assert_allclose(found, a.ravel() @ parameters[6] + parameters[7], rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def trained(data):
    """Return our arrays after an epoch, and the accuracies reported."""
    reported = []
    recipe = changed({"maps": (2, 3), "eta": 0.2, "epochs": 1})
    arrays = ours.train(recipe, recipe.weights(0), data, data, lambda a: bool(reported.append(a)), epochs=2, seed=0)
    return recipe, arrays, reported


def run_of(arrays, accuracy=0.995):
    return Run([accuracy], [1.0], [1.0], 1.0, None, {}, arrays)


def test_network3_reports_the_accuracy_of_its_averaged_weights(trained, data):
    recipe, arrays, reported = trained
    assert len(reported) == 2
    assert checks.evaluation(recipe, run_of(arrays, reported[-1]), data) == ""
    wrong = run_of(arrays, reported[-1] - 0.01)
    assert "the reported accuracy is" in checks.evaluation(recipe, wrong, data)


def test_network3_trains_at_the_rates_of_the_recipe(monkeypatch, data):
    calls = []
    monkeypatch.setattr(type(SMALL), "rate", lambda recipe, step, images: calls.append((step, images)) or 0.02)
    found = []
    for eta in (0.1, 10.0):  # only `rate` uses it
        recipe = replace(SMALL, eta=eta)
        found.append(ours.train(recipe, recipe.weights(0), data, data, lambda accuracy: False, epochs=2, seed=0))
    assert calls == [(0, 80), (8, 80)] * 2
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.torch
# After so few steps the running averages are far from those of the images.
@pytest.mark.filterwarnings("ignore:layer .*expected neurons that learn:network3.TrainingWarning")
@pytest.mark.parametrize("changes", [{}, OF_PYTORCH])
def test_pytorch_does_the_same_steps(changes):
    pytest.importorskip("torch")
    theirs = importlib.import_module("benchmarks.race.pytorch")
    recipe = changed({**changes, "epochs": 100})
    rng = np.random.default_rng(5)
    # Random images: maps that are 0 everywhere would make equal values in the next layer's pooling windows.
    data = rng.random((3 * recipe.batch, 784), dtype=np.float32), np.arange(3 * recipe.batch, dtype=np.int32) % 10
    runs = [
        run_of(library.train(recipe, recipe.weights(0), data, data, lambda accuracy: False, epochs=1, seed=0))
        for library in (theirs, ours)
    ]
    assert checks.difference(*runs) < 1e-3
    assert np.abs(runs[0].weights[0] - recipe.weights(0)[0]).max() > 1e-4  # they have moved


def test_other_weights_than_ours_are_wrong(trained):
    _, arrays, _ = trained
    assert checks.agreement(run_of(arrays), run_of(arrays)) == ""
    other = [*arrays[:-1], 1.05 * arrays[-1]]
    assert "differ from those of network3 by 0.05" in checks.agreement(run_of(other), run_of(arrays))


def test_a_training_is_a_process_that_ends_at_the_goal(tmp_path, data):
    levels = (255 * data[0]).astype(np.uint8)
    folder = write_grey_levels(tmp_path / "data", training=(levels, data[1]), test=(levels[:20], data[1][:20]))
    library = Library(replace(TORCH, module=FAKE), sys.executable, 1, PROGRAM)
    run = library.train("race", folder, tmp_path, changes={"batch": 20}, epochs=5, goal=GOAL, seed=3)
    assert run.accuracies == [0.98, 0.991]
    assert run.weights[-1].tolist() == [20, 3, 80, 20]
    np.testing.assert_array_equal(run.weights[0], RECIPE.weights(3)[0])
    with np.load(folder / "training.npz") as file:
        assert file["x"].dtype == np.uint8


@dataclass
class Scripted:
    """A library with invented trainings."""

    peer: object
    seconds: float = 1.0
    accuracies: tuple = (0.98, 0.991)
    arrays: tuple = (np.ones(3),)
    threads: int = 2
    calls: list = field(default_factory=list)

    def train(self, name, data, cache, **options):
        if self.seconds < 0:
            raise PeerError(self.peer, "it failed")
        assert not list(cache.iterdir())
        self.calls.append(options)
        times = [self.seconds * (epoch + 1) for epoch in range(len(self.accuracies))]
        return Run(list(self.accuracies), times, times, times[-1], 100.0, {"python": "3.0"}, list(self.arrays))


@pytest.fixture
def races(monkeypatch, tmp_path, data):
    """Return a function that races scripted libraries, with the accuracies of all weights taken as right."""
    monkeypatch.setattr(checks, "evaluation", lambda *arguments: "")
    folder = write_grey_levels(tmp_path / "data", training=data, test=data)

    def start(*entered, rounds=3, deadline=FOREVER):
        return list(race(Race(entered, folder, folder, lambda text: None), rounds, deadline))

    return start


def test_each_round_has_its_own_weights_and_a_slow_entrant_only_one(races):
    mine, other, slow = Scripted(OURS), Scripted(TORCH, 3.0), Scripted(replace(TORCH, name="slow"), SLOW)
    records = races(Entrant(mine), Entrant(other, {"batch": 50}), Entrant(slow))
    assert [record["seconds"] for record in records] == [2.0, 6.0, 2 * SLOW]
    assert [len(record["seconds_by_round"]) for record in records] == [3, 3, 1]
    assert [record["recipe"]["batch"] for record in records] == [RECIPE.batch, 50, RECIPE.batch]
    first, *rounds = other.calls
    assert first["changes"]["batch"] == 50
    assert "goal" not in first
    assert rounds == [{"changes": {"batch": 50}, "epochs": MAX_EPOCHS, "goal": GOAL, "seed": s} for s in range(3)]
    # Ours is compared in its own form and in the other's, whose changes differ.
    assert [call["changes"].get("batch") for call in mine.calls] == [None, 50, None, None, None]
    json.dumps(records)


@pytest.mark.parametrize(
    ("wrong", "kind", "words"),
    [
        ({"arrays": (np.full(3, 1.1),)}, "wrong", "differ from those of network3 by 0.1"),
        ({"accuracies": (0.98, 0.98)}, "wrong", "after 2 epochs the test accuracy was 98.00%"),
        ({"seconds": -1.0}, "skipped", "it failed"),
    ],
)
def test_an_entrant_that_fails_or_is_wrong_is_excluded(races, wrong, kind, words):
    mine, its = races(Entrant(Scripted(OURS)), Entrant(Scripted(TORCH, **wrong)))
    assert (mine["kind"], its["kind"], its["peer"]) == ("race", kind, "pytorch")
    assert words in its["reason"]


def test_without_ours_there_is_no_race(races):
    (record,) = races(Entrant(Scripted(OURS, -1.0)), Entrant(Scripted(TORCH)))
    assert (record["kind"], record["peer"]) == ("wrong", "ours")


def test_no_round_starts_after_the_deadline(races):
    (record,) = races(Entrant(Scripted(OURS)), deadline=0.0)
    assert len(record["seconds_by_round"]) == 1


def test_pytorch_takes_part_in_every_form_and_number_of_threads():
    (alone,) = entrants(None, FORMS, 2)
    assert (alone.library.peer.name, alone.library.peer.module) == ("ours", "benchmarks.race.ours")
    found = entrants("python-of-pytorch", FORMS, 2)
    names = ["ours", "pytorch_1", "pytorch_2", "pytorch_own_1", "pytorch_own_2", "pytorch_compiled"]
    assert [entrant.library.peer.name for entrant in found] == names
    assert [entrant.library.threads for entrant in found] == [2, 1, 2, 1, 2, 2]
    assert {entrant.library.program for entrant in found} == {PROGRAM}
    assert [bool(entrant.changes) for entrant in found] == [False, False, False, True, True, False]
    for entrant in found:
        path = entrant.library.peer.module.replace(".", "/")
        assert entrant.library.peer.module == "benchmarks.race.ours" or path.startswith("benchmarks/race/pytorch")


@pytest.fixture
def records():
    about = {"kind": "race", "goal": 0.99, "recipe": {"batch": 10}, "versions": {"torch": "1.0"}}
    about |= {"seconds_by_round": [[1.0, 2.0], [1.0]], "accuracies_by_round": [[0.9, 0.992], [0.991]]}
    return [
        about | {"peer": "ours", "title": "network3", "seconds": 2.5, "cpu_s": 4.0},
        about | {"peer": "a", "title": "A", "seconds": 10.0, "cpu_s": 20.0},
        {"kind": "skipped", "peer": "b", "title": "B", "reason": "not [here]"},
    ]


def test_the_table_has_wall_and_processor_time_and_our_share(records):
    _, _, mine, other, _, about = tables.markdown(records, MACHINE).splitlines()
    size = "1 or 2 epochs in mini-batches of 10"
    assert mine == f"| network3 | {size} | 2.50 s | 4.00 s | 99.10% to 99.20% |  |"
    assert other == f"| A | {size} | 10.0 s | 20.0 s | 99.10% to 99.20% | **0.25** |"
    assert about == "Medians of up to 2 rounds. Measured on A processor, 2 cores, 2026-01-02; torch 1.0."
    written = io.StringIO()
    tables.show(records, Console(file=written, width=160))
    assert "0.25" in written.getvalue()
    assert "skipped: B: not [here]" in written.getvalue()
    assert tables.line(records[1]) == "  A, to 99.0%: 10.0 s"


def test_the_command_writes_results_and_table(monkeypatch, tmp_path, data):
    levels = (255 * data[0]).astype(np.uint8), data[1]
    monkeypatch.setattr(command, "load_mnist", lambda: [levels] * 3)
    monkeypatch.setattr(checks, "evaluation", lambda *arguments: "")

    def fakes(python, forms, threads):
        found = entrants(python, forms, threads)
        return [
            replace(e, library=replace(e.library, peer=replace(e.library.peer, module=FAKE, versions=())))
            for e in found
        ]

    monkeypatch.setattr(command, "entrants", fakes)
    app = typer.Typer()
    app.command()(command.main)
    path = tmp_path / "new" / "race.jsonl"
    options = ["--form", "pytorch", "--rounds", "1", "--threads", "1", "--results", str(path)]
    result = CliRunner().invoke(app, [*options, "--python", f"pytorch_eager={sys.executable}"])
    assert result.exit_code == 0, result.output
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [record["peer"] for record in found] == ["ours", "pytorch_1"]
    assert all(record["accuracies_by_round"] == [[0.98, 0.991]] for record in found)
    assert "network3 / it" in path.with_suffix(".md").read_text(encoding="utf-8")
