"""The limits of the structure: no circles, imports point downwards, short files and functions."""

import statistics

import pytest

from tests.tools import structure

MODULES = structure.module_graph()
MOST_FILES = 12  # directly in network3/
LONGEST_FILE, LONGEST_MEDIAN = 300, 120  # lines
LONGEST_FUNCTION = 60  # code lines
SOURCES = structure.sources(*structure.FOLDERS)


def test_relative_absolute_and_lazy_imports_are_found():
    assert "network3.layers.ops.conv" in MODULES["network3.layers.backends.cpu.lowerings.conv2d"]
    assert "network3.optim.rules" in MODULES["network3.optim"]
    assert "network3.layers.checks" in MODULES["network3.data"]
    assert "network3.execution.sharding" in MODULES["network3.execution.devices"]
    assert len(MODULES) > 200


def test_circles_and_arrows_upwards_are_found():
    graph = {"network3.data": {"network3.training.state"}, "network3.training.state": {"network3.data"}}
    assert structure.circles(graph) == [["network3.data", "network3.training.state"]]
    assert structure.circles(structure.room_graph(graph)) == [["data", "training"]]
    assert structure.arrows_upwards(graph) == ["network3.data -> network3.training.state"]


def test_code_lines_leave_out_docstrings_comments_and_blank_lines(tmp_path, monkeypatch):
    monkeypatch.setattr(structure, "ROOT", tmp_path)
    lines = [
        "def f(",
        "  a,",
        "):",
        '  """One.',
        "",
        '  Two."""',
        "  # Why.",
        "",
        '  b = """',
        "c",
        '"""',
        "  return a, b",
    ]
    (tmp_path / "f.py").write_text("\n".join(lines), encoding="utf-8")
    assert structure.function_lengths([tmp_path / "f.py"]) == {"f.py:1 f": 7}


def test_every_room_has_a_floor():
    assert set(structure.room_graph(MODULES)) == {name for names in structure.FLOORS for name in names}


@pytest.mark.parametrize("graph", [MODULES, structure.room_graph(MODULES)], ids=["modules", "rooms"])
def test_there_are_no_circles(graph):
    assert structure.circles(graph) == []


def test_imports_point_downwards():
    assert structure.arrows_upwards(MODULES) == []


def test_few_files_are_directly_in_the_package():
    assert len(list((structure.ROOT / "network3").glob("*.py"))) <= MOST_FILES


def test_files_are_short():
    lengths = structure.file_lengths(SOURCES)
    assert statistics.median(lengths.values()) <= LONGEST_MEDIAN
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_functions_are_short():
    lengths = structure.function_lengths(SOURCES)
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}
