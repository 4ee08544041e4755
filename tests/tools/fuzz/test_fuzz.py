"""Damaged files, a fixed number of them: each reader answers or refuses in four parts, whatever the bytes."""

import re

import numpy as np
import pytest

from tests.tools.fuzz.damage import damaged
from tests.tools.fuzz.memory import limited_memory
from tests.tools.fuzz.readers import readers

FILES = 150  # for each reader
NAMES = ["idx", "idx, gzipped", "pickle", "pickle, gzipped", "npz", "network", "checkpoint", "history", "records"]
NAMES += ["settings", "png", "jpeg", "bmp", "tiff", "gif"]


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    return readers(tmp_path_factory.mktemp("sound"))


@pytest.fixture(autouse=True)
def little_memory():
    """A pickle's few bytes can ask for gigabytes, which Python's unpickler would take half a minute to fill."""
    with limited_memory():
        yield


def test_every_reader_is_tried(known):
    assert list(known) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_sound_file_is_read(known, name, tmp_path):
    assert known[name].outcome(tmp_path / f"file{known[name].suffix}", known[name].sound) == "answered"


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_is_read_or_refused(known, name, tmp_path):
    reader, rng, refused = known[name], np.random.default_rng(NAMES.index(name)), 0
    for _ in range(FILES):
        content = damaged(reader.sound, rng)
        outcome = reader.outcome(tmp_path / f"file{reader.suffix}", content)
        assert outcome in ("answered", "refused"), content
        refused += outcome == "refused"
    assert refused > FILES / 5 or name == "records"  # whose lines are skipped with a warning


@pytest.mark.parametrize("name", ["network", "checkpoint", "history", "records", "settings"])
@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"NaN", b"[" * 5000])
def test_numbers_that_are_none_are_refused(known, name, number, tmp_path):
    """In the place of each number in the JSON; a longer header has its length told anew."""
    reader = known[name]
    for place in re.finditer(rb"(?<=[ :\[])\d+(?=[,}\]])", reader.sound):
        content = reader.sound[: place.start()] + number + reader.sound[place.end() :]
        if name in ("network", "checkpoint"):
            grown = int.from_bytes(content[:8], "little") + len(number) - len(place.group())
            content = grown.to_bytes(8, "little") + content[8:]
        outcome = reader.outcome(tmp_path / f"file{reader.suffix}", content)
        assert outcome in ("answered", "refused"), (place, outcome)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_and_noise_are_refused(known, name, tmp_path):
    reader, rng = known[name], np.random.default_rng(3)
    for content in (b"", b"\0", b"\xff" * 1000, *(rng.bytes(int(n)) for n in rng.integers(1, 300, 20))):
        outcome = reader.outcome(tmp_path / f"file{reader.suffix}", content)
        empty = name in ("history", "records") and outcome == "answered"  # no lines, or lines that are skipped
        assert outcome == "refused" or empty, content
