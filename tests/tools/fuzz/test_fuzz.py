"""Each reader reads a damaged file or rejects it with an error in four parts; a fixed number of files."""

import re

import numpy as np
import pytest

from tests.tools.fuzz.damage import damaged
from tests.tools.fuzz.memory import limited_memory
from tests.tools.fuzz.readers import readers

FILES = 150  # for each reader
NAMES = ["idx", "idx, gzipped", "pickle", "pickle, gzipped", "npz", "network", "checkpoint", "history", "records"]
NAMES += ["settings", "png", "jpeg", "bmp", "tiff", "gif", "table", "cifar", "onnx"]


@pytest.fixture(scope="module")
def all_readers(tmp_path_factory):
    return readers(tmp_path_factory.mktemp("valid"))


@pytest.fixture(autouse=True)
def memory_limit():
    """A few bytes of a pickle can ask for gigabytes, which Python's unpickler needs half a minute to fill."""
    with limited_memory():
        yield


def test_every_reader_is_tested(all_readers):
    assert list(all_readers) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_valid_file_is_read(all_readers, name, tmp_path):
    reader = all_readers[name]
    assert reader.outcome(tmp_path / f"file{reader.suffix}", reader.valid) == "read"


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_is_read_or_rejected(all_readers, name, tmp_path):
    reader, rng, rejected = all_readers[name], np.random.default_rng(NAMES.index(name)), 0
    for _ in range(FILES):
        content = damaged(reader.valid, rng)
        outcome = reader.outcome(tmp_path / f"file{reader.suffix}", content)
        assert outcome in ("read", "rejected"), content
        rejected += outcome == "rejected"
    assert rejected > FILES / 5 or name == "records"  # damaged lines are skipped with a warning


@pytest.mark.parametrize("name", ["network", "checkpoint", "history", "records", "settings"])
@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"NaN", b"[" * 5000])
def test_invalid_numbers_are_rejected(all_readers, name, number, tmp_path):
    """Instead of each number in the JSON; the length of a safetensors header is corrected."""
    reader = all_readers[name]
    for match in re.finditer(rb"(?<=[ :\[])\d+(?=[,}\]])", reader.valid):
        content = reader.valid[: match.start()] + number + reader.valid[match.end() :]
        if name in ("network", "checkpoint"):
            length = int.from_bytes(content[:8], "little") + len(number) - len(match.group())
            content = length.to_bytes(8, "little") + content[8:]
        outcome = reader.outcome(tmp_path / f"file{reader.suffix}", content)
        assert outcome in ("read", "rejected"), (match, outcome)


@pytest.mark.parametrize("name", NAMES)
def test_empty_files_and_noise_are_rejected(all_readers, name, tmp_path):
    reader, rng = all_readers[name], np.random.default_rng(3)
    for content in (b"", b"\0", b"\xff" * 1000, *(rng.bytes(int(n)) for n in rng.integers(1, 300, 20))):
        outcome = reader.outcome(tmp_path / f"file{reader.suffix}", content)
        empty = name in ("history", "records") and outcome == "read"  # no lines, or lines that are skipped
        assert outcome == "rejected" or empty, content
