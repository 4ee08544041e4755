"""IDX files written by hand are read, and damaged ones are rejected before any memory is allocated."""

import gzip
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from network3.datasets import read_idx
from network3.datasets.formats.idx import idx_header


def idx(shape, values, kind=8):
    return bytes([0, 0, kind, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + bytes(values)


IMAGES = idx((2, 3, 4), range(24))
LABELS = idx((5,), [9, 0, 255, 128, 1])


def test_labels_have_magic_0801():
    array = read_idx(LABELS)
    assert LABELS[:4] == b"\x00\x00\x08\x01"
    assert array.dtype == np.uint8
    assert array.tolist() == [9, 0, 255, 128, 1]


def test_images_have_magic_0803_and_the_last_dimension_runs_fastest():
    array = read_idx(IMAGES)
    assert IMAGES[:4] == b"\x00\x00\x08\x03"
    assert array.shape == (2, 3, 4)
    assert array[1, 2].tolist() == [20, 21, 22, 23]


@pytest.mark.parametrize("shape", [(7,), (2, 5), (2, 3, 5), (2, 3, 5, 4)])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_one_to_four_dimensions_gzipped_or_plain(tmp_path, shape, pack):
    values = np.arange(np.prod(shape), dtype=np.uint8)
    path = tmp_path / "whatever.name"  # the content decides, not the name
    path.write_bytes(pack(idx(shape, values)))
    np.testing.assert_array_equal(read_idx(path), values.reshape(shape))
    np.testing.assert_array_equal(read_idx(str(path)), values.reshape(shape))


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_like_sources(kind):
    assert read_idx(kind(LABELS)).tolist() == [9, 0, 255, 128, 1]


def test_the_array_does_not_share_memory_with_the_source():
    source = bytearray(LABELS)
    array = read_idx(source)
    array[0] = 77
    assert source == LABELS


def test_idx_header_is_the_header_of_the_file():
    assert idx_header((2, 3, 4)) == IMAGES[:16]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("complete", [IMAGES, LABELS])
def test_every_truncation_is_rejected(complete, pack):
    for length in range(len(complete)):
        with pytest.raises(ValueError, match="read_idx"):
            read_idx(pack(complete[:length]))


def test_every_truncation_of_the_gzip_stream_is_rejected():
    packed = gzip.compress(IMAGES)
    for length in range(len(packed)):
        with pytest.raises(ValueError, match="read_idx"):
            read_idx(packed[:length])


def test_every_flipped_byte_of_the_gzip_checksum_is_rejected():
    packed = gzip.compress(IMAGES)
    for place in range(len(packed) - 8, len(packed)):
        damaged = bytearray(packed)
        damaged[place] ^= 0x40
        with pytest.raises(ValueError, match=r"expected a complete gzip file.*Download the file again"):
            read_idx(damaged)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_too_long(pack):
    with pytest.raises(ValueError, match=r"shape \(5,\) declares; got (more|14 bytes)"):
        read_idx(pack(LABELS + b"\x00"))


@pytest.mark.parametrize("magic", [b"\x00\x01\x08\x01", b"PK\x03\x04", b"\x00\x00\x08\x00", b"\x00\x00\x08\x05"])
def test_wrong_magic(magic):
    with pytest.raises(ValueError, match=rf"starts with 00 00 08.*got {magic.hex(' ')}\. Check the path"):
        read_idx(magic + LABELS[4:])


def test_wrong_type():
    with pytest.raises(ValueError, match=r"0x08 \(unsigned byte\); got type 0x0d\. Save the data as \.npz"):
        read_idx(idx((5,), bytes(20), kind=0x0D))


def test_an_empty_dimension_is_rejected():
    with pytest.raises(ValueError, match=r"at least 1; got the shape \(0, 2, 3\)"):
        read_idx(idx((0, 2, 3), b""))


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_idx(tmp_path / "nowhere")


@pytest.mark.parametrize("shape", [(2**32 - 1,), (2**32 - 1,) * 4, (65536, 256, 256)])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_header_of_gigabytes_in_a_small_file_allocates_nothing(shape, pack):
    file = pack(idx(shape, bytes(100)))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="declares"):
            read_idx(file)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_a_gzip_bomb_is_decompressed_no_further_than_its_header_declares():
    bomb = gzip.compress(idx((5,), bytes(5)) + bytes(2**28))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="got more"):
            read_idx(bomb)
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.binary(max_size=60),
    st.sampled_from([b"", b"\x00\x00\x08\x01", b"\x00\x00\x08\x03", b"\x1f\x8b\x08\x00"]),
)
def test_random_bytes_give_an_array_or_a_value_error(tail, head):
    try:
        array = read_idx(head + tail)
    except ValueError:
        return
    assert idx_header(array.shape) + array.tobytes() == head + tail
