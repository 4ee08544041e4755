"""The book's Python 2 pickles are read; damaged ones are rejected with a clear message."""

import gzip
import pickle
import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from network3.datasets import read_pickle

make = runpy.run_path(str(Path(__file__).with_name("make_python2_pickle.py")))
python2_pickle, small_sets = make["python2_pickle"], make["small_sets"]

SETS = small_sets()
ARRAYS = [(np.array(images), np.array(labels)) for images, labels in SETS]


def assert_sets_equal(sets, expected):
    assert isinstance(sets, list)
    assert len(sets) == 3
    for (images, labels), (expected_images, expected_labels) in zip(sets, expected, strict=True):
        assert images.dtype == expected_images.dtype
        np.testing.assert_array_equal(images, expected_images)
        np.testing.assert_array_equal(labels, expected_labels)


# -----------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", [0, 2])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_python_2_files_with_a_list_of_lists(read, protocol, pack):
    assert isinstance(SETS[0][0], list)
    assert_sets_equal(read(pack(python2_pickle(SETS, protocol))), ARRAYS)


@pytest.mark.parametrize("protocol", [0, 2])
def test_python_2_files_of_arrays(read, protocol):
    assert_sets_equal(read(python2_pickle(ARRAYS, protocol)), ARRAYS)


@pytest.mark.parametrize("protocol", [0, 2])
def test_the_fixture_fails_like_the_books_file_and_agrees_with_latin1(protocol):
    content = python2_pickle(SETS, protocol)
    with pytest.raises(UnicodeDecodeError, match="'ascii' codec"):
        pickle.loads(content)
    reference = pickle.loads(content, encoding="latin1")
    assert_sets_equal([tuple(map(np.array, pair)) for pair in reference], ARRAYS)


def test_the_fixture_starts_like_the_books_file():
    # The first bytes of mnist.pkl.gz, without its memo (q...) and its short forms (K, U, \x85).
    content = python2_pickle(ARRAYS)
    assert content.startswith(b"\x80\x02((cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("sets", [SETS, ARRAYS, [list(pair) for pair in SETS], tuple(ARRAYS)])
def test_python_3_files(read, protocol, sets):
    assert_sets_equal(read(pickle.dumps(sets, protocol)), ARRAYS)


@pytest.mark.parametrize("dtype", ["?", "u1", "i1", "<i2", ">i4", "<u8", "<f2", ">f4", "<f8"])
@pytest.mark.parametrize("protocol", [2, 5])
def test_every_type_of_number(read, dtype, protocol):
    images = np.arange(6).reshape(2, 3).astype(dtype)
    sets = read(pickle.dumps([(images, np.arange(2))] * 3, protocol))
    assert_sets_equal(sets, [(images, np.arange(2))] * 3)


@pytest.mark.parametrize("axes", [(0, 1, 2), (0, 2, 1), (2, 1, 0), (2, 0, 1)])
@pytest.mark.parametrize("protocol", [2, 5])
def test_every_order_of_axes(read, axes, protocol):
    images = np.arange(24.0).reshape(2, 3, 4).transpose(axes)
    labels = np.arange(len(images))
    assert_sets_equal(read(pickle.dumps([(images, labels)] * 3, protocol)), [(images, labels)] * 3)


def test_lists_of_plain_numbers(read):
    sets = read(pickle.dumps([([[0.5, 1.0], [0.25, 2.0]], [7, 3])] * 3))
    assert_sets_equal(sets, [(np.array([[0.5, 1.0], [0.25, 2.0]], np.float32), np.array([7, 3]))] * 3)


def test_arrays_are_writable(read):
    images, labels = read(python2_pickle(SETS))[1]
    images[0, 0], labels[0] = 1, 1


# -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [python2_pickle(SETS, 0), python2_pickle(SETS, 2), *(pickle.dumps(SETS, n) for n in (2, 4, 5))],
)
def test_every_truncation_is_rejected(tmp_path, content):
    path = tmp_path / "sets.pkl"
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(pickle.UnpicklingError, match=r"read_pickle\("):
            read_pickle(path)


def test_every_truncation_of_the_gzip_stream_is_rejected(tmp_path):
    path = tmp_path / "sets.pkl.gz"
    content = gzip.compress(python2_pickle(SETS))
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(pickle.UnpicklingError, match=r"read_pickle\("):
            read_pickle(path)


def test_a_wrong_gzip_checksum_is_rejected(read):
    content = bytearray(gzip.compress(python2_pickle(SETS)))
    content[-6] ^= 1
    with pytest.raises(pickle.UnpicklingError, match=r"BadGzipFile.*Download the file again"):
        read(content)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_bytes_after_the_end_are_rejected(read, pack):
    with pytest.raises(pickle.UnpicklingError, match="more bytes after its end"):
        read(pack(python2_pickle(SETS) + b"x"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "a list of 0 instead of three sets"),
        ({"a": 1}, "a dict instead of three sets"),
        (ARRAYS[:2], "a list of 2 instead of three sets"),
        (5, "a int instead of three sets"),
        ([*ARRAYS[:2], 7], r"a int instead of the test set's \(images, labels\)"),
        ([*ARRAYS[:2], (1, 2, 3)], "a tuple of 3 instead of the test set's"),
        (
            [(ARRAYS[0][0], ARRAYS[1][1]), *ARRAYS[1:]],
            r"training images of shape \(5, 6\) and labels of shape \(4,\)",
        ),
        ([(ARRAYS[0][1], ARRAYS[0][1]), *ARRAYS[1:]], r"training images of shape \(5,\)"),
        ([([ARRAYS[0][0][0], ARRAYS[0][0]], [1, 2]), *ARRAYS[1:]], "2 different sizes in one list"),
        ([([], []), *ARRAYS[1:]], "training images of 0 different sizes"),
        ([(["ab"], [1]), *ARRAYS[1:]], "a str of 2 instead of training image 0"),
        (
            [(ARRAYS[0][0], [10**30] * 5), *ARRAYS[1:]],
            "a list of 5 instead of the training labels",
        ),
    ],
)
def test_other_contents_are_rejected_and_described(read, content, message):
    with pytest.raises(pickle.UnpicklingError, match=f"expected a pickle of three .*{message}"):
        read(pickle.dumps(content))


def test_a_file_that_is_not_a_pickle(read):
    with pytest.raises(pickle.UnpicklingError, match=r"got 7 bytes that cannot be unpickled .*Download the file again"):
        read(b"nothing")


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_pickle(tmp_path / "nowhere.pkl.gz")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=80))
def test_random_bytes(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "random.pkl"
    path.write_bytes(content)
    with pytest.raises(pickle.UnpicklingError, match=r"read_pickle\("):
        read_pickle(path)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_random_damage(tmp_path_factory, data):
    content = bytearray(data.draw(st.sampled_from([python2_pickle(SETS), pickle.dumps(SETS)])))
    for _ in range(data.draw(st.integers(1, 3))):
        # Not r (LONG_BINPUT): a huge memo is a weakness of Python itself.
        byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != ord("r")))
        content[data.draw(st.integers(0, len(content) - 1))] = byte
    path = tmp_path_factory.getbasetemp() / "damaged.pkl"
    path.write_bytes(content)
    try:
        sets = read_pickle(path)
    except pickle.UnpicklingError:
        return
    assert len(sets) == 3
