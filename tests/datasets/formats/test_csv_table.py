"""Tables in CSV: the column of labels is found, and what is no table of numbers is refused."""

import numpy as np
import pytest

from network3.datasets import read, read_csv

ROWS = [(f"{k}.5", f"{-k}", ("red", "green, dark")[k % 2]) for k in range(36)]


def write(path, rows, header="", delimiter=",", encoding="utf-8"):
    lines = [delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in row) for row in rows]
    path.write_text("\n".join([*([header] if header else []), *lines]) + "\n", encoding=encoding)
    return path


def all_of(data):
    """Return the examples of all parts as (values, name), in the order of the values."""
    rows = [
        (*map(float, x), str(name))
        for images, labels in data
        for x, name in zip(images, data.names(labels), strict=True)
    ]
    return sorted(rows)


EXPECTED = sorted((float(a), float(b), name) for a, b, name in ROWS)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("header", ["", "a,b,colour"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_the_only_column_of_texts_has_the_labels(tmp_path, delimiter, header, encoding):
    path = write(tmp_path / "t.csv", ROWS, header.replace(",", delimiter), delimiter, encoding)
    data = read_csv(path)
    assert all_of(data) == EXPECTED
    assert data.class_names == ("green, dark", "red")
    assert data[0][0].dtype == np.float32


@pytest.mark.parametrize(("header", "label"), [("label,a,b", None), ("x,a,b", "x"), ("", 0), ("", -3), ("x,a,b", 0)])
def test_numbers_are_labels_by_the_name_or_number_of_their_column(tmp_path, header, label):
    rows = [(str(3 * (k % 2)), f"{k}.5", "0.25") for k in range(36)]
    data = read_csv(write(tmp_path / "t.csv", rows, header), label)
    assert data.class_names == ("0", "3")
    assert all_of(data) == [(k + 0.5, 0.25, "03"[k % 2]) for k in range(36)]


def test_grey_levels_are_stored_as_such(tmp_path):
    rows = [("ab"[k % 2], str(7 * k), "0") for k in range(36)]
    assert read_csv(write(tmp_path / "t.csv", rows))[0][0].dtype == np.uint8
    ages = [("ab"[k % 2], str(k), "0") for k in range(36)]
    assert read_csv(write(tmp_path / "u.csv", ages))[0][0].dtype == np.float32


def test_a_second_table_has_the_test_data(tmp_path):
    training = write(tmp_path / "train.csv", ROWS)
    test = write(tmp_path / "test.csv", ROWS[:4])
    data = read_csv(training, test=test)
    assert len(data[2][1]) == 4
    assert sum(len(labels) for _, labels in data[:2]) == 36


def test_read_finds_the_column_too(tmp_path):
    assert all_of(read(write(tmp_path / "t.csv", ROWS))) == EXPECTED


@pytest.mark.parametrize(
    ("rows", "label", "words"),
    [
        ([("1", "2")] * 9, None, r"expected a column of labels; got 2 columns\. Pass its name or number"),
        ([("a", "2")] * 9, "colour", r"expected a column 'colour'; got the columns a, 2\."),
        ([("a", "2")] * 9, 5, r"expected a column 5; got 2 columns\."),
        ([("a", "2")] * 9 + [("a", "b")], None, r"expected lines of numbers.*got could not convert"),
        ([("a", "2", "3")] * 9 + [("a", "2")], None, r"expected lines of numbers, of one length"),
        ([("a",)] * 9, None, r"expected a column of labels; got the columns a\."),
        ([("a", "nan")] * 9, None, "must be finite"),
    ],
)
def test_other_tables_are_refused(tmp_path, rows, label, words):
    with pytest.raises(ValueError, match=words):
        read_csv(write(tmp_path / "t.csv", rows), label)


def test_another_encoding_is_refused(tmp_path):
    path = write(tmp_path / "t.csv", [("größe", "1"), ("a", "2")], encoding="latin-1")
    with pytest.raises(ValueError, match="expected a table in UTF-8"):
        read_csv(path)
