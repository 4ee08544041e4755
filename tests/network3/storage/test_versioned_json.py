"""JSON with a format number: what is read, and which errors damage and newer formats give."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from network3.storage.versioned_json import (
    DamagedError,
    NewerFormatError,
    parse_object,
    parse_versioned,
    read_safetensors,
)

NEWER = r"^who: expected format 2 or older; got format 3\. Update network3, pip install -U network3\.$"


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("encode", [str, str.encode], ids=["text", "bytes"])
def test_old_and_current_formats_are_read(version, encode):
    content = {"format": version, "name": "Grün", "values": [1, None]}
    assert parse_versioned(encode(json.dumps(content, ensure_ascii=False)), 2, "who") == (content, version)


DAMAGED = ["", "no json", "[1, 2]", "7", "null", '{"format": 1', "[" * 100_000, b"\xff{}", '{"format": ' + "1" * 5000]


@pytest.mark.parametrize("text", DAMAGED, ids=range(len(DAMAGED)))
def test_text_that_is_not_a_json_object(text):
    with pytest.raises(DamagedError):
        parse_object(text)
    with pytest.raises(DamagedError):
        parse_versioned(text, 2, "who")


@pytest.mark.parametrize("number", ["null", "[]", "{}", '"one"', "NaN", "Infinity", "1e999"])
def test_invalid_format_numbers(number):
    with pytest.raises(DamagedError, match="without a format number"):
        parse_versioned(f'{{"format": {number}}}', 2, "who")
    with pytest.raises(DamagedError, match="without a format number"):
        parse_versioned("{}", 2, "who")


def test_a_newer_format_has_an_error_in_four_parts():
    with pytest.raises(NewerFormatError, match=NEWER) as caught:
        parse_versioned('{"format": 3}', 2, "who")
    assert caught.value.version == 3


def test_a_safetensors_header_and_its_arrays(tmp_path):
    path, arrays = tmp_path / "file", {"a": np.arange(6.0).reshape(2, 3), "b": np.array([1, -1], "int32")}
    save_file(arrays, path, {"key": '{"format": 2, "seed": 4}'})
    header, version, tensors = read_safetensors(path, "key", 2, "who")
    assert (header, version) == ({"format": 2, "seed": 4}, 2)
    assert set(tensors) == set(arrays)
    for name, array in arrays.items():
        assert tensors[name].dtype == array.dtype
        np.testing.assert_array_equal(tensors[name], array)


def test_other_safetensors_headers_are_rejected(tmp_path):
    path = tmp_path / "file"
    for metadata in (None, {"other": "{}"}, {"key": "[]"}):
        save_file({"a": np.zeros(3)}, path, metadata)
        with pytest.raises(DamagedError):
            read_safetensors(path, "key", 2, "who")
    save_file({"a": np.zeros(3)}, path, {"key": '{"format": 3}'})
    with pytest.raises(NewerFormatError, match=NEWER):
        read_safetensors(path, "key", 2, "who")


@pytest.mark.parametrize("content", [None, b"", b"no tensors here, but some text"], ids=["missing", "empty", "text"])
def test_other_files_are_rejected(tmp_path, content):
    if content is not None:
        (tmp_path / "file").write_bytes(content)
    with pytest.raises(DamagedError):
        read_safetensors(tmp_path / "file", "key", 2, "who")
