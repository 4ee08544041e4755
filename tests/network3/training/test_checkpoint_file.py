"""Checkpoint files: all formats are read, damage is detected, the previous one is a backup, and a file is locked."""

import errno
import os
import warnings
from pathlib import Path

import numpy as np
import pytest

from network3.training.checkpoint_file import (
    CheckpointWarning,
    checkpoint_exists,
    checkpoint_lock,
    previous,
    read,
    write,
)
from tests.network3.training import stored_run

STORED = Path(__file__).parent / "stored"
FORMATS = sorted(STORED.glob("format*.safetensors"))
HEADER = {
    "settings": {"eta": 0.1},
    "history": {"cost": [0.1, 1 / 3], "seconds": [1.0, 2.0]},
    "seed": 2**63,
}
TENSORS = {"weights.0": np.arange(6.0).reshape(2, 3), "costs": np.empty(0), "masks.0": np.array([1, -1], "int32")}


@pytest.fixture
def file(tmp_path):
    """A checkpoint with a backup."""
    path = tmp_path / "checkpoint"
    write(path, HEADER | {"seed": 1}, TENSORS)
    write(path, HEADER, TENSORS)
    return path


def test_a_checkpoint_is_read_back_unchanged(file):
    header, tensors = read(file)
    assert (header["seed"], header["settings"]) == (2**63, {"eta": 0.1})
    assert (header["history"].cost, header["history"].epochs) == ([0.1, 1 / 3], 2)
    assert set(tensors) == set(TENSORS)
    for name, array in TENSORS.items():
        np.testing.assert_array_equal(tensors[name], array)
        assert tensors[name].dtype == array.dtype


def test_the_previous_checkpoint_is_kept(file):
    assert read(previous(file))[0]["seed"] == 1
    assert sorted(path.name for path in file.parent.iterdir()) == ["checkpoint", "checkpoint.previous"]


@pytest.mark.parametrize("path", FORMATS, ids=lambda path: path.stem)
def test_a_training_resumes_from_every_format(path, tmp_path):
    saved = read(path)[0]["history"]
    net = stored_run.build()
    history = stored_run.train(net, 4, resume=path, checkpoint=tmp_path / "c")
    assert (history.epochs, history.cost[:2]) == (4, saved.cost)
    assert all(np.isfinite(w).all() for w in net.get_weights())
    assert read(tmp_path / "c")[0]["format"] == 3


def test_a_training_resumed_from_this_format_equals_an_uninterrupted_one(tmp_path):
    uninterrupted = stored_run.build()
    expected = stored_run.train(uninterrupted, 4)
    net = stored_run.build()
    history = stored_run.train(net, 4, resume=STORED / "format3.safetensors", checkpoint=tmp_path / "c")
    assert (history.cost, history.monitors) == (pytest.approx(expected.cost), expected.monitors | history.monitors)
    for one, other in zip(net.get_weights(), uninterrupted.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10)


def test_formats_1_and_2_resume_to_the_same_weights(tmp_path):
    nets = [stored_run.build() for _ in range(2)]
    for net, path in zip(nets, FORMATS, strict=False):
        stored_run.train(net, 4, resume=path, checkpoint=tmp_path / path.stem)
    for one, other in zip(*(net.get_weights() for net in nets), strict=True):
        np.testing.assert_array_equal(one, other)


def test_every_format_is_stored():
    assert [path.stem for path in FORMATS] == ["format1", "format2", "format3"]


def flips(path):
    """Yield the file with one bit changed, at many places, and cut at many lengths."""
    content = path.read_bytes()
    for place in range(8, len(content), 11):
        yield content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]
    for length in range(0, len(content), 37):
        yield content[:length]


def test_any_damage_is_detected_and_the_backup_is_read(file):
    for damaged in list(flips(file)):
        file.write_bytes(damaged)
        with pytest.warns(CheckpointWarning, match=r"Resuming from the previous checkpoint, after 2 epochs\.$"):
            header, _ = read(file)
        assert header["seed"] == 1


def test_an_error_if_both_are_damaged(file):
    file.write_bytes(b"damaged")
    previous(file).write_bytes(b"damaged, too")
    got = r"got a file that is damaged or of another kind\. Pass such a file\.$"
    with pytest.raises(ValueError, match=rf"^SGD: resume from .*: expected a checkpoint .*; {got}"):
        read(file)


def test_an_edited_file_is_detected(file):
    file.write_bytes(file.read_bytes().replace(b'\\"eta\\": 0.1', b'\\"eta\\": 0.7'))
    with pytest.warns(CheckpointWarning, match="got a file that was changed after it was written"):
        read(file)


@pytest.mark.parametrize("missing", ["the newest", "both"])
def test_between_two_renames_there_is_the_backup(file, missing):
    file.unlink()
    if missing == "both":
        previous(file).unlink()
        assert not checkpoint_exists(file)
        with pytest.raises(FileNotFoundError, match=r"got .*checkpoint, which does not exist\. Check the path\."):
            read(file)
        return
    assert checkpoint_exists(file)
    with pytest.warns(CheckpointWarning, match=r"got no file of that name\. Resuming from the previous"):
        assert read(file)[0]["seed"] == 1


@pytest.mark.parametrize("what", ["fsync", "replace", "open"])
def test_a_failed_write_changes_neither_file(file, monkeypatch, what):
    before = file.read_bytes(), previous(file).read_bytes()

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full) if what == "fsync" else patch.setattr(Path, what, full)
        with pytest.raises(OSError, match="No space left"):
            write(file, HEADER | {"seed": 3}, TENSORS)
    assert (file.read_bytes(), previous(file).read_bytes()) == before


def test_a_full_disk_does_not_end_a_training(tmp_path, monkeypatch):
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


def test_two_trainings_cannot_use_one_file(tmp_path):
    path = tmp_path / "c"
    with checkpoint_lock(path):
        expected = (
            r"expected a file that no other training uses; got .*c, which another training uses\. Wait for it to end"
        )
        with pytest.raises(ValueError, match=rf"^SGD: checkpoint: {expected}"):
            stored_run.train(stored_run.build(), 1, checkpoint=path)
    stored_run.train(stored_run.build(), 1, checkpoint=path)


def test_a_training_cannot_start_another_with_its_file(tmp_path):
    path, errors = tmp_path / "c", []

    def again(progress):
        with pytest.raises(ValueError, match="another training uses") as caught:
            stored_run.train(stored_run.build(), 1, checkpoint=path)
        errors.append(caught.value)

    stored_run.train(stored_run.build(), 1, checkpoint=path, callbacks=[again])
    assert errors


def test_arbitrary_bytes_raise_our_error(tmp_path):
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
