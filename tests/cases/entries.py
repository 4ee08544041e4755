"""Problems that users of the original and its ports reported in ten years, by the numbers of README.md.

A test of an entry is marked ``@case("R01")``; it covers the reported input and similar ones.
"""

import pytest

ENTRIES = [
    *("R01", "R02", "R04", "R05", "R06", "R07", "R08", "R10", "R13", "R14", "R15"),  # ports, loading
    *("R16", "R17", "R19", "R20", "R21", "R22", "R23"),  # network and network2
    *("R24", "R25", "R26", "R27", "R28", "R29", "R30", "R31", "R33"),  # newer versions of Theano
    *("R34", "R35", "R36", "R37", "R38", "R39", "R40"),  # PyTensor
    *("R41", "R42", "R44", "R46", "R49", "R50", "R52", "R53", "R54"),  # shapes, data, classes
    *("R55", "R56", "R57", "R58", "R59", "R61", "R62", "R64", "R67"),  # batches, saving, repeating
    # further users, second round; then what new users met in their first minutes
    *("S01", "S02", "S03", "S04", "S05", "S06", "S09", "S11", "S13", "S14", "S15", "S17"),
    *("S19", "S21", "S22", "S23", "S24", "S25", "S26", "S28", "S29", "S32", "S33", "S34"),
    *("S36", "S37", "S38", "S39", "S44", "S47", "S48", "S49", "S50", "S51", "S52"),
    *("N01", "N02", "N03", "N04", "N05", "N06", "N07", "N09", "N10", "N11", "N13", "N15"),
    *("N16", "N20", "N21"),
]


def case(number):
    """Mark a test as that of an entry."""
    assert number in ENTRIES, number
    return pytest.mark.cases(number)
