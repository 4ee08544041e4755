"""Logs for other programs: what they have is what the History has."""

import csv
import struct
import sys

import numpy as np
import pytest
from tensorboardX.proto.event_pb2 import Event

from network3 import FullyConnectedLayer, Network, RegressionLayer, SoftmaxLayer
from network3.training.logs import CSVLog, TensorBoardLog

RNG = np.random.default_rng(0)
X, LABELS = RNG.random((60, 5)), RNG.integers(0, 3, 60)


def network():
    np.random.seed(2)
    return Network([FullyConnectedLayer(n_in=5, n_out=4), SoftmaxLayer(n_in=4, n_out=3)], 10)


def train(epochs, net=None, **options):
    sets = {"validation_data": (X[:20], LABELS[:20]), "test_data": (X[:10], LABELS[:10])}
    return (net or network()).SGD((X, LABELS), epochs, 10, 0.5, **sets, verbose=False, **options)


def events(folder):
    """Return (tag, step, value) of the scalars, and the tags of the histograms, in TFRecord files."""
    scalars, histograms = [], []
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        while content:
            (length,) = struct.unpack("<Q", content[:8])
            event = Event.FromString(content[12 : 12 + length])
            content = content[16 + length :]
            for value in event.summary.value:
                if value.HasField("histo"):
                    histograms.append((value.tag, event.step, value.histo.num))
                else:
                    scalars.append((value.tag, event.step, value.simple_value))
    return scalars, histograms


def test_the_table_has_a_line_for_each_epoch(tmp_path):
    history = train(3, callbacks=[CSVLog(tmp_path / "log.csv")], monitor=["training_accuracy"])
    with (tmp_path / "log.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = [{name: "" if value is None else str(value) for name, value in row.items()} for row in history]
    assert rows == expected
    assert {"epoch", "cost", "validation_accuracy", "test_accuracy", "training_accuracy", "eta"} <= set(rows[0])


def test_a_resumed_training_has_the_epochs_before_in_its_table(tmp_path):
    train(1, checkpoint=tmp_path / "c")
    train(2, resume=tmp_path / "c", callbacks=[CSVLog(tmp_path / "log.csv")])
    assert [line.split(",")[0] for line in (tmp_path / "log.csv").read_text().splitlines()] == ["epoch", "0", "1"]


def test_a_table_that_cannot_be_written_is_refused_at_once(tmp_path):
    with pytest.raises(OSError, match=r"CSVLog: filename: expected a file that can be written; got .*missing"):
        CSVLog(tmp_path / "missing" / "log.csv")
    with pytest.raises(TypeError, match="CSVLog: filename: expected the name of a file; got 5"):
        CSVLog(5)


def test_tensorboard_gets_the_scalars_of_epochs_and_chunks(tmp_path):
    history = train(2, callbacks=[TensorBoardLog(tmp_path / "run")], monitor=["training_cost"])
    scalars, histograms = events(tmp_path / "run")
    found = {(tag, step): value for tag, step, value in scalars}
    for epoch in range(2):
        assert found["cost/epoch", epoch] == pytest.approx(history.cost[epoch], rel=1e-6)
        assert found["accuracy/validation", epoch] == pytest.approx(history.validation_accuracy[epoch], rel=1e-6)
        assert found["cost/training", epoch] == pytest.approx(history.monitors["training_cost"][epoch], rel=1e-6)
        assert found["eta", epoch] == 0.5
        assert found["cost/chunk", 6 * (epoch + 1)] == pytest.approx(history.cost[epoch], rel=1e-6)
    tested = [epoch for epoch, value in enumerate(history.test_accuracy) if value is not None]
    assert [step for tag, step, _ in scalars if tag == "accuracy/test"] == tested
    assert histograms == []


def test_tensorboard_gets_histograms_of_the_parameters(tmp_path):
    train(1, callbacks=[TensorBoardLog(tmp_path, weights=True)])
    _, histograms = events(tmp_path)
    assert histograms == [("layer_0/w", 0, 20), ("layer_0/b", 0, 4), ("layer_1/w", 0, 12), ("layer_1/b", 0, 3)]


def test_values_instead_of_labels_have_costs(tmp_path):
    net = Network([RegressionLayer(n_in=5, n_out=1)], 10)
    callbacks = [CSVLog(tmp_path / "log.csv"), TensorBoardLog(tmp_path / "run")]
    net.SGD((X, X[:, :1]), 1, 10, 0.1, (X[:20], X[:20, :1]), verbose=False, callbacks=callbacks)
    assert "validation_cost" in (tmp_path / "log.csv").read_text(encoding="utf-8").splitlines()[0]
    assert "cost/validation" in {tag for tag, _, _ in events(tmp_path / "run")[0]}


def test_a_training_that_is_refused_leaves_no_events(tmp_path):
    with pytest.raises(ValueError, match="mini_batch_size"):
        network().SGD((X, LABELS), 1, 1000, 0.5, callbacks=[TensorBoardLog(tmp_path / "run")])
    assert not (tmp_path / "run").exists()


def test_without_tensorboardx_it_is_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match="TensorBoardLog: expected tensorboardX; got none"):
        TensorBoardLog(tmp_path)
