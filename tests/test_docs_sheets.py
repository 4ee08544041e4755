"""The exercise sheets of docs/sheets: right answers are accepted, and wrong ones get the hint that fits."""

import importlib
import re
import sys
from typing import Any

import numpy as np
import pytest

from network3 import FullyConnectedLayer, Network, SoftmaxLayer
from tests.pages import ROOT

FOLDER = ROOT / "docs" / "sheets"
TRAINS = {"2e", "3e"}
# Question -> a wrong answer, and words of its hint.
WRONG: dict[str, list[tuple[Any, str]]] = {
    "1a": [(([1, 1], -1.5), "For the inputs [0, 1] it outputs 0"), (([1], 0), "Give two weights")],
    "1b": [(lambda nand, a, b: a ^ b, "does not use the gate"), (lambda nand, a, b: nand(a, b), "For 0 and 0")],
    "1c": [(lambda z: np.exp(z) / (1 + np.exp(z)), "not finite"), (np.tanh, "at 0 it should be 0.5")],
    "1d": [(23_820, "has a bias, too"), (24_644, "they have no bias"), (1, "Multiply the sizes")],
    "1e": [(np.zeros((10, 4)), "For the digit 1"), (np.zeros((4, 10)), "(10, 4)"), (0, "(10, 4)")],
    "2a": [
        ((0.4774, 0.7774), "cross-entropy"),
        ((0.6179, 0.9179), "uphill"),
        ((0, 0), "dC/dw"),
        ((1, 2, 3), "as a pair"),
    ],
    "2b": [
        (lambda z: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True), "overflows"),
        (lambda z: np.exp(z) / np.exp(z).sum(), "All values together"),
        (lambda z: z, "add up to"),
        (lambda z: 0 * z + 1 / 3, "not e^z"),
    ],
    "2c": [(lambda a, y: np.eye(3)[y] - a, "sign"), (lambda a, y: a, "np.eye(3)"), (lambda a, y: a[:1], "shape")],
    "2d": [(5e-5, "subtracted"), (1, "(1 - eta lambda / n)")],
    "2e": [({"eta": 0.001}, "raise eta"), ({"learning_rate": 1}, "Your answer raised TypeError")],
    "3a": [
        ([24, 12, 8, 4], "a pair of rows"),
        ([(24, 24)], "you gave 1"),
        ([(28, 28)] * 4, "number 1"),
        ([(24, 24)] * 4, "number 2"),
    ],
    "3b": [(1560, "all 20 maps"), (20_500, "a bias, too"), (0, "Weights: 20 filters")],
    "3c": [
        (lambda x, w: np.lib.stride_tricks.sliding_window_view(x, w.shape).sum(axis=(2, 3)), "a window"),
        (lambda x, w: (np.lib.stride_tricks.sliding_window_view(x, w.shape) * w).sum(axis=(2, 3)), "cross-correlation"),
        (lambda x, w: x, "4 x 6"),
    ],
    "3d": [
        (lambda net, x, y: np.flatnonzero(net.predict(x) == y), "that are right"),
        (lambda net, x, y: [0], "np.flatnonzero"),
    ],
    "3e": [
        (lambda: Network([SoftmaxLayer(784, 10)], 10), "no ConvPoolLayer"),
        (lambda: Network([FullyConnectedLayer(784, 10)], 10), "no ConvPoolLayer"),
    ],
}


@pytest.fixture(autouse=True)
def folder(monkeypatch):
    """The sheets import what is beside them."""
    monkeypatch.syspath_prepend(str(FOLDER))
    yield
    for name in ("checking", "solutions", *(f"sheet{k}_checks" for k in (1, 2, 3))):
        sys.modules.pop(name, None)


def sheet_of(question):
    return importlib.import_module(f"sheet{question[0]}_checks").sheet


def test_every_question_of_the_text_has_a_check_a_solution_and_a_wrong_answer():
    solutions = importlib.import_module("solutions").SOLUTIONS
    for k in (1, 2, 3):
        text = (FOLDER / f"sheet{k}.md").read_text(encoding="utf-8")
        questions = set(sheet_of(str(k)).questions)
        asked, checked = re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE), re.findall(r'check\("(\w+)"', text)
        assert asked == checked == sorted(questions)
        assert questions <= set(solutions)
        assert questions <= set(WRONG)


@pytest.mark.parametrize(
    "question", [pytest.param(name, marks=pytest.mark.slow) if name in TRAINS else name for name in WRONG]
)
def test_the_solution_is_right(question, capsys):
    sheet = sheet_of(question)
    sheet.check(question, importlib.import_module("solutions").SOLUTIONS[question])
    assert capsys.readouterr().out == f"{question}: right\n"
    assert sheet.right == {question}
    assert sheet.score() == "1 of 5 right"


@pytest.mark.parametrize(
    ("question", "answer", "hint"), [(name, *pair) for name, pairs in WRONG.items() for pair in pairs]
)
def test_a_wrong_answer_gets_a_hint(question, answer, hint, capsys):
    sheet = sheet_of(question)
    sheet.check(question, answer)
    assert hint in capsys.readouterr().out
    assert sheet.right == set()


def test_no_answer_and_no_such_question(capsys):
    sheet = sheet_of("1")
    assert sheet.check("1a", ...) is None  # a notebook would show another value below the hint
    sheet.check("9z", 1)
    assert capsys.readouterr().out == "1a: no answer yet\nThere is no question 9z: choose one of 1a, 1b, 1c, 1d, 1e.\n"
