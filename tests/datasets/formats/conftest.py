"""What the tests of pickles share."""

import pytest

from network3.datasets import read_pickle


@pytest.fixture
def read(tmp_path):
    """Read these bytes from a file."""

    def read(content):
        path = tmp_path / "sets.pkl"
        path.write_bytes(content)
        return read_pickle(path)

    return read
