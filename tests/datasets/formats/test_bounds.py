"""The bounded reader returns the content of the file, and raises beyond the limit."""

import gzip
import io

import pytest

from network3.datasets.formats.bounds import BoundedReader, TooLargeError, allowed_bytes


def reader(content, limit):
    return BoundedReader(io.BufferedReader(io.BytesIO(content)), limit)


def test_reads_up_to_the_limit():
    bounded = reader(b"one\ntwo\nthree", 8)
    assert bounded.readline() == b"one\n"
    assert bounded.peek(3)[:3] == b"two"
    assert bounded.read(4) == b"two\n"
    assert bounded.read(0) == b""


def test_reading_at_the_end_of_the_file():
    bounded = reader(b"abc", 10)
    assert bounded.read(10) == b"abc"
    assert bounded.read(5) == b""
    assert bounded.readline() == b""


@pytest.mark.parametrize("n", [9, 2**62, -1])
def test_a_read_beyond_the_limit(n):
    with pytest.raises(TooLargeError, match="more than 8 bytes"):
        reader(b"0123456789", 8).read(n)


def test_a_line_beyond_the_limit():
    with pytest.raises(TooLargeError, match="more than 8 bytes"):
        reader(b"0123456789" * 10 + b"\n", 8).readline()


def test_small_files_may_expand_more_than_large_ones():
    assert allowed_bytes(0) == allowed_bytes(500_000) == 64 * 2**20
    assert allowed_bytes(10**7) == 10**9
    blank = len(gzip.compress(bytes(10**7)))
    assert allowed_bytes(blank) > 10**7
