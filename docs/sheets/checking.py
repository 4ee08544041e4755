"""Sheets of exercises whose answers are checked: a wrong answer gets a hint."""

from collections.abc import Callable, Mapping
from typing import Any


class Sheet:
    """The questions of a sheet.

    Parameters
    ----------
    questions : dict of str to callable
        For each question a function of the answer, which returns a hint, or None if the answer is right.
    """

    def __init__(self, questions: Mapping[str, Callable[[Any], str | None]]):
        self.questions = questions
        self.right: set[str] = set()

    def check(self, question: str, answer: Any) -> None:
        """Print whether `answer` is right, or a hint. ``...`` stands for no answer yet."""
        if question not in self.questions:
            print(f"There is no question {question}: choose one of {', '.join(self.questions)}.")
            return
        if answer is ...:
            print(f"{question}: no answer yet")
            return
        try:
            hint = self.questions[question](answer)
        except Exception as error:  # a mistake in the student's own code is no end of the lesson
            hint = f"Your answer raised {type(error).__name__}: {error}"
        (self.right.discard if hint else self.right.add)(question)
        print(f"{question}: not yet. {hint}" if hint else f"{question}: right")

    def score(self) -> str:
        """Return how many questions are answered."""
        return f"{len(self.right)} of {len(self.questions)} right"
