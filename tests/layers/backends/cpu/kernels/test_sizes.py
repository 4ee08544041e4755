"""The division of columns into panels."""

import numpy as np
import pytest

from network3.layers.backends.cpu.kernels import sizes
from network3.layers.backends.cpu.kernels.sizes import Sizes, even_share, ways_to_divide


def vectors_of(panels, n_out):
    """Yield the panel, the first column and the lanes of every vector, in order."""
    for p in range(panels.count(n_out)):
        for offset in panels.regular:
            yield p, p * panels.span + offset, panels.lanes
    after = panels.count(n_out)
    for offset in panels.last:
        yield after, after * panels.span + offset, panels.lanes
    if panels.tail:
        yield after + 1, n_out - panels.tail, panels.tail


@pytest.mark.parametrize("registers", [16, 32])
@pytest.mark.parametrize("lanes", [1, 2, 4, 8, 16])
def test_panels_cover_all_columns(monkeypatch, lanes, registers):
    monkeypatch.setattr(sizes, "vector_registers", lambda: registers)
    for n_out in [*range(lanes, 80), 411, 1000]:
        ways = list(ways_to_divide(n_out, lanes))
        assert ways
        for panels in ways:
            taken = np.zeros(n_out, int)
            of_panel = {}
            for panel, first, count in vectors_of(panels, n_out):
                assert 0 <= first <= n_out - count
                for column in range(first, first + count):
                    assert of_panel.setdefault(column, panel) == panel  # overlapping vectors are in one panel
                taken[first : first + count] += 1
            assert taken.min() == 1
            assert (taken > 1).sum() < lanes
            assert (taken > 1).any() == panels.overlap
            assert panels.parts(n_out) == len(set(of_panel.values()))


@pytest.mark.parametrize(("n_out", "lanes"), [(1, 1), (2, 2), (3, 2), (9, 8), (10, 8), (100, 16)])
def test_a_vector_is_not_longer_than_a_row(monkeypatch, n_out, lanes):
    monkeypatch.setattr(sizes, "lanes_of", lambda dtype: 16)
    assert Sizes(1, 1, n_out, "float32").lanes == lanes


def test_even_shares():
    for count in range(1, 70):
        for most in range(1, 35):
            share = even_share(count, most)
            assert 1 <= share <= most
            assert -(-count // share) == -(-count // most)
