"""The text of an LLVM function: lines in blocks, of which each begins with a label and ends with a jump.

A line that gives a value gives it a name of its own (LLVM's static single assignment). A value may be used where its
line has been passed for certain: later in the same block, or in a block that is reached through that block only.
Variables, which change, are slots: memory that LLVM turns into registers.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

I64_MOST = 2**63 - 1


@dataclass(frozen=True)
class Loop:
    """A loop by steps of 1 whose body is one block.

    Attributes
    ----------
    number, start, stop : str
        What it runs over.
    guard : str
        Whether it is run at all.
    before, body, end : str
        The labels of the block that it is reached from, of its own, and of the one behind it.
    following : str
        The number of the next round.
    """

    number: str
    start: str
    stop: str
    guard: str
    before: str
    body: str
    end: str
    following: str

    @property
    def most(self) -> float:
        """How many rounds it has, as far as that is known."""
        known = self.start.isdigit() and self.stop.isdigit()
        return max(1, int(self.stop) - int(self.start)) if known else math.inf


@dataclass(slots=True, eq=False)
class Slot:
    """A variable: its place, LLVM's type of it, and its value as far as that is known in a stretch of text."""

    place: str
    kind: str
    known: str = ""
    stretch: int = -1


class Writer:
    """An LLVM function under way. Text is added at its end.

    Attributes
    ----------
    label : str
        Of the block under way; "" where nothing can follow, since the block has ended and no other has begun.
    """

    def __init__(self) -> None:
        self.label = "entry"
        self._lines: list[str] = []
        self._slots: list[str] = []
        self._count = 0
        # What has been calculated in this stretch of text, which is run from end to end if at all.
        self._pure: dict[str, str] = {}
        self._stretch = 0

    @property
    def terminated(self) -> bool:
        """Whether nothing can follow."""
        return not self.label

    def body(self) -> str:
        """Return the text between the function's braces."""
        return "\n".join(["entry:", *self._slots, *self._lines])

    # --- lines

    def do(self, line: str) -> None:
        """Add a line that gives no value."""
        self._lines.append(line)

    def value(self, line: str) -> str:
        """Add a line, and return the name of the value that it gives."""
        self._count += 1
        name = f"%v{self._count}"
        self._lines.append(f"{name} = {line}")
        return name

    def pure(self, line: str) -> str:
        """Return the value of a line that gives the same wherever it stands; it is added if it is not there yet."""
        name = self._pure.get(line)
        if name is None:
            name = self._pure[line] = self.value(line)
        return name

    # --- variables

    def slot(self, kind: str) -> Slot:
        """Return a new variable of an LLVM type."""
        return Slot(self.memory(kind), kind)

    def memory(self, kind: str) -> str:
        """Return the address of memory for one `kind`, which is there until the function ends."""
        place = f"%s{len(self._slots)}"
        self._slots.append(f"{place} = alloca {kind}")
        return place

    def get(self, slot: Slot) -> str:
        """Return the value of a variable."""
        if slot.stretch != self._stretch:
            slot.known, slot.stretch = self.value(f"load {slot.kind}, ptr {slot.place}"), self._stretch
        return slot.known

    def set(self, slot: Slot, value: str) -> None:
        """Set a variable."""
        self.do(f"store {slot.kind} {value}, ptr {slot.place}")
        slot.known, slot.stretch = value, self._stretch

    # --- blocks

    def new_label(self, name: str) -> str:
        """Return a label for a block; its name is for people."""
        self._count += 1
        return f"{name}{self._count}"

    def begin(self, label: str, *, after: bool = False) -> None:
        """Begin a block; `after` says that it is reached from the block before only."""
        self._lines.append(f"{label}:")
        self.label = label
        if not after:
            self._pure, self._stretch = {}, self._stretch + 1

    def jump(self, label: str) -> None:
        """End the block; go on at `label`."""
        self.end(f"br label %{label}")

    def branch(self, condition: str, yes: str, no: str) -> None:
        """End the block; go on at one of two labels."""
        self.end(f"br i1 {condition}, label %{yes}, label %{no}")

    def end(self, line: str) -> None:
        """End the block with a line."""
        self._lines.append(line)
        self.label = ""

    def resume(self, label: str, target: str) -> bool:
        """Take the last line back if it ended the block `label` with a jump to `target`; return whether it did."""
        if self._lines and self._lines[-1] == f"br label %{target}":
            self._lines.pop()
            self.label = label
            return True
        return False

    def phi(self, kind: str, pairs: Sequence[tuple[str, str]]) -> str:
        """Return, first in a block, the value that belongs to the label it is reached from; `pairs` lists both."""
        return self.value(f"phi {kind} {', '.join(f'[ {value}, %{label} ]' for value, label in pairs)}")

    @contextmanager
    def loop(self, start: str, stop: str, step: int) -> Iterator[str]:
        """Write a loop; yield the int64 that runs from `start` up to `stop`, without it, by `step`."""
        body, end, before = self.new_label("body"), self.new_label("end"), self.label
        guard, variables = self.pure(f"icmp slt i64 {start}, {stop}"), len(self._slots)
        self.branch(guard, body, end)
        self.begin(body)
        # The first line names what the last ones calculate, and where: it is written when they are.
        number, place = self.value(""), len(self._lines) - 1
        yield number
        incoming = [(start, before)]
        if not self.terminated:
            following = self.value(f"add nsw i64 {number}, {step}")
            incoming.append((following, self.label))
            self.branch(self.pure(f"icmp slt i64 {following}, {stop}"), body, end)
        pairs = ", ".join(f"[ {value}, %{label} ]" for value, label in incoming)
        self._lines[place] = f"{number} = phi i64 {pairs}"
        if step == 1 and incoming[-1][1] == body:
            loop = Loop(number, start, stop, guard, before, body, end, following)
            self.finish_loop(loop, place, {f"%s{k}" for k in range(variables, len(self._slots))})
        self.begin(end)

    def finish_loop(self, loop: Loop, place: int, variables: Collection[str]) -> None:
        """Do what is to be done about a loop of one block, the last in the text.

        Parameters
        ----------
        loop : Loop
        place : int
            Of the line that gives its number.
        variables : collection of str
            Those that are bound in it.
        """
