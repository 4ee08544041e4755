"""Checkpoints as files: all formats are read, damage is noticed, the one before serves, one training holds one file."""

import errno
import os
import warnings
from pathlib import Path

import numpy as np
import pytest

from network3.training.checkpoint_file import CheckpointWarning, held, is_there, previous, read, write
from tests.network3.training import stored_run

STORED = Path(__file__).parent / "stored"
FORMATS = sorted(STORED.glob("format*.safetensors"))
HEADER = {
    "settings": {"eta": 0.1},
    "history": {"cost": [0.1, 1 / 3], "seconds": [1.0, 2.0]},
    "seed": 2**63,
    "shuffle": {"state": {"state": 2**127 - 1}, "has_uint32": 0},
}
TENSORS = {"weights.0": np.arange(6.0).reshape(2, 3), "costs": np.empty(0), "masks.0": np.array([1, -1], "int32")}


@pytest.fixture
def file(tmp_path):
    """A file with another before it."""
    path = tmp_path / "checkpoint"
    write(path, HEADER | {"seed": 1}, TENSORS)
    write(path, HEADER, TENSORS)
    return path


def test_what_is_written_comes_back(file):
    header, tensors = read(file)
    assert (header["seed"], header["shuffle"], header["settings"]) == (2**63, HEADER["shuffle"], {"eta": 0.1})
    assert (header["history"].cost, header["history"].epochs) == ([0.1, 1 / 3], 2)
    assert set(tensors) == set(TENSORS)
    for name, array in TENSORS.items():
        np.testing.assert_array_equal(tensors[name], array)
        assert tensors[name].dtype == array.dtype


def test_the_one_before_is_kept(file):
    assert read(previous(file))[0]["seed"] == 1
    assert sorted(path.name for path in file.parent.iterdir()) == ["checkpoint", "checkpoint.previous"]


@pytest.mark.parametrize("path", FORMATS, ids=lambda path: path.stem)
def test_a_training_goes_on_from_every_format(path, tmp_path):
    whole = stored_run.build()
    expected = stored_run.train(whole, 4)
    net = stored_run.build()
    history = stored_run.train(net, 4, resume=path, checkpoint=tmp_path / "c")
    assert (history.cost, history.monitors) == (pytest.approx(expected.cost), expected.monitors | history.monitors)
    for one, other in zip(net.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10)


def test_every_format_is_stored():
    assert [path.stem for path in FORMATS] == ["format1", "format2"]


def flips(path):
    """Yield the file with one bit changed, at many places, and cut at many lengths."""
    whole = path.read_bytes()
    for place in range(8, len(whole), 11):
        yield whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :]
    for length in range(0, len(whole), 37):
        yield whole[:length]


def test_any_damage_is_noticed_and_the_one_before_serves(file):
    for damaged in list(flips(file)):
        file.write_bytes(damaged)
        with pytest.warns(CheckpointWarning, match=r"The one before it serves: 2 epochs were complete\.$"):
            header, _ = read(file)
        assert header["seed"] == 1


def test_where_both_are_damaged_it_says_so(file):
    file.write_bytes(b"damaged")
    previous(file).write_bytes(b"damaged, too")
    expected = (
        r"^SGD: resume from .*: expected a checkpoint .*; got a file that is none, or is damaged\. Pass such a file\.$"
    )
    with pytest.raises(ValueError, match=expected):
        read(file)


def test_a_change_by_hand_is_noticed(file):
    file.write_bytes(file.read_bytes().replace(b'\\"eta\\": 0.1', b'\\"eta\\": 0.7'))
    with pytest.warns(CheckpointWarning, match="got a file that was changed since it was written"):
        read(file)


@pytest.mark.parametrize("gone", ["the newest", "both"])
def test_between_two_renames_there_is_the_one_before(file, gone):
    file.unlink()
    if gone == "both":
        previous(file).unlink()
        assert not is_there(file)
        with pytest.raises(FileNotFoundError, match=r"got .*checkpoint, which is not there\. Check the path\."):
            read(file)
        return
    assert is_there(file)
    with pytest.warns(CheckpointWarning, match=r"got none of that name\. The one before it serves"):
        assert read(file)[0]["seed"] == 1


@pytest.mark.parametrize("what", ["fsync", "replace", "open"])
def test_a_write_that_fails_leaves_both_as_they_were(file, monkeypatch, what):
    before = file.read_bytes(), previous(file).read_bytes()

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full) if what == "fsync" else patch.setattr(Path, what, full)
        with pytest.raises(OSError, match="No space left"):
            write(file, HEADER | {"seed": 3}, TENSORS)
    assert (file.read_bytes(), previous(file).read_bytes()) == before


def test_a_full_disk_ends_no_training(tmp_path, monkeypatch):
    net, path = stored_run.build(), tmp_path / "c"
    sync, calls = os.fsync, []

    def full_later(number):
        calls.append(number)
        if len(calls) > 4:  # a file and its folder for the first two epochs
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(number)

    expected = r"^SGD: checkpoint: expected a file that can be written; got .*c \(No space left on device\)"
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full_later)
        with pytest.warns(CheckpointWarning, match=expected):
            history = stored_run.train(net, 4, checkpoint=path)
    assert history.epochs == 4
    again = stored_run.build()
    stored_run.train(again, 4, resume=path)
    assert all((a == b).all() for a, b in zip(net.get_weights(), again.get_weights(), strict=True))


def test_two_trainings_on_one_file_are_refused(tmp_path):
    path = tmp_path / "c"
    with held(path):
        expected = (
            r"^SGD: checkpoint: expected a file of its own; got .*c, which another training holds\. Wait for it to end"
        )
        with pytest.raises(ValueError, match=expected):
            stored_run.train(stored_run.build(), 1, checkpoint=path)
    stored_run.train(stored_run.build(), 1, checkpoint=path)


def test_within_a_training_another_on_its_file_is_refused(tmp_path):
    path, refused = tmp_path / "c", []

    def again(progress):
        with pytest.raises(ValueError, match="another training holds") as caught:
            stored_run.train(stored_run.build(), 1, checkpoint=path)
        refused.append(caught.value)

    stored_run.train(stored_run.build(), 1, checkpoint=path, callbacks=[again])
    assert refused


def test_whatever_bytes_are_read_the_answer_is_an_error_of_ours(tmp_path):
    rng, path = np.random.default_rng(7), tmp_path / "bytes"
    header = b'{"__metadata__":{"network3 checkpoint":"{\\"format\\": 2, \\"history\\": 3}"}}'
    pieces = [b"", b"\0" * 8, (2**40).to_bytes(8, "little") + b"{}", len(header).to_bytes(8, "little") + header]
    pieces += [rng.bytes(int(n)) for n in rng.integers(1, 400, 200)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for piece in pieces:
            path.write_bytes(piece)
            with pytest.raises(ValueError, match=r"^SGD: resume from .*; got a file that "):
                read(path)
