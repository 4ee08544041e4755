"""The text of an LLVM function: lines in basic blocks, each of which begins with a label and ends with a jump.

Each line that defines a value has a unique name (LLVM's static single assignment). A value may be used wherever its
definition dominates: later in the same block, or in a block that is reached only through it. Variables, which change,
are slots: memory that LLVM promotes to registers.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

INT64_MAX = 2**63 - 1


@dataclass(frozen=True)
class Loop:
    """A loop with step 1 whose body is one block.

    Attributes
    ----------
    number, start, stop : str
        Its index and its bounds.
    guard : str
        The condition that it runs at all.
    before, body, end : str
        The labels of the block before it, of its body, and of the block after it.
    following : str
        The index of the next iteration.
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
        """Upper bound of the number of iterations; infinite if it is unknown."""
        known = self.start.isdigit() and self.stop.isdigit()
        return max(1, int(self.stop) - int(self.start)) if known else math.inf


@dataclass(slots=True, eq=False)
class Slot:
    """A variable: its address, its LLVM type, and its value, if known, in a straight-line region of text."""

    address: str
    kind: str
    known: str = ""
    region: int = -1


class Writer:
    """An LLVM function that is being built. Text is appended to it.

    Attributes
    ----------
    label : str
        Label of the current block; "" if the block has ended and no other has begun.
    """

    def __init__(self) -> None:
        self.label = "entry"
        self._lines: list[str] = []
        self._slots: list[str] = []
        self._count = 0
        # Values that have been computed in this straight-line region of text.
        self._pure: dict[str, str] = {}
        self._region = 0

    @property
    def terminated(self) -> bool:
        """Whether the current block has ended."""
        return not self.label

    def body(self) -> str:
        """Return the text between the function's braces."""
        return "\n".join(["entry:", *self._slots, *self._lines])

    # --- lines

    def do(self, line: str) -> None:
        """Add a line that defines no value."""
        self._lines.append(line)

    def value(self, line: str) -> str:
        """Add a line, and return the name of the value that it defines."""
        self._count += 1
        name = f"%v{self._count}"
        self._lines.append(f"{name} = {line}")
        return name

    def pure(self, line: str) -> str:
        """Return the value of a line that has no side effects; equal lines are added once per straight-line region."""
        name = self._pure.get(line)
        if name is None:
            name = self._pure[line] = self.value(line)
        return name

    # --- variables

    def slot(self, kind: str) -> Slot:
        """Return a new variable of an LLVM type."""
        return Slot(self.memory(kind), kind)

    def memory(self, kind: str) -> str:
        """Return the address of memory for one `kind`, valid until the function returns."""
        address = f"%s{len(self._slots)}"
        self._slots.append(f"{address} = alloca {kind}")
        return address

    def get(self, slot: Slot) -> str:
        """Return the value of a variable."""
        if slot.region != self._region:
            slot.known, slot.region = self.value(f"load {slot.kind}, ptr {slot.address}"), self._region
        return slot.known

    def set(self, slot: Slot, value: str) -> None:
        """Set a variable."""
        self.do(f"store {slot.kind} {value}, ptr {slot.address}")
        slot.known, slot.region = value, self._region

    # --- blocks

    def new_label(self, name: str) -> str:
        """Return a unique label for a block; its name is for readers."""
        self._count += 1
        return f"{name}{self._count}"

    def begin(self, label: str, *, after: bool = False) -> None:
        """Begin a block; `after` if it is reached only from the block before."""
        self._lines.append(f"{label}:")
        self.label = label
        if not after:
            self._pure, self._region = {}, self._region + 1

    def jump(self, label: str) -> None:
        """End the block with a jump to `label`."""
        self.end(f"br label %{label}")

    def branch(self, condition: str, yes: str, no: str) -> None:
        """End the block with a branch to one of two labels."""
        self.end(f"br i1 {condition}, label %{yes}, label %{no}")

    def end(self, line: str) -> None:
        """End the block with a line."""
        self._lines.append(line)
        self.label = ""

    def resume(self, label: str, target: str) -> bool:
        """Remove the last line if it ended the block `label` with a jump to `target`; return whether it did."""
        if self._lines and self._lines[-1] == f"br label %{target}":
            self._lines.pop()
            self.label = label
            return True
        return False

    def phi(self, kind: str, pairs: Sequence[tuple[str, str]]) -> str:
        """Return the value for the block from which this one is reached; `pairs` lists values and labels."""
        return self.value(f"phi {kind} {', '.join(f'[ {value}, %{label} ]' for value, label in pairs)}")

    @contextmanager
    def loop(self, start: str, stop: str, step: int) -> Iterator[str]:
        """Write a loop; yield its index, an int64 from `start` up to, but not including, `stop`, by `step`."""
        body, end, before = self.new_label("body"), self.new_label("end"), self.label
        guard, variables = self.pure(f"icmp slt i64 {start}, {stop}"), len(self._slots)
        self.branch(guard, body, end)
        self.begin(body)
        # The first line refers to the last ones, so it is written after them.
        number, position = self.value(""), len(self._lines) - 1
        yield number
        incoming = [(start, before)]
        if not self.terminated:
            following = self.value(f"add nsw i64 {number}, {step}")
            incoming.append((following, self.label))
            self.branch(self.pure(f"icmp slt i64 {following}, {stop}"), body, end)
        pairs = ", ".join(f"[ {value}, %{label} ]" for value, label in incoming)
        self._lines[position] = f"{number} = phi i64 {pairs}"
        if step == 1 and incoming[-1][1] == body:
            loop = Loop(number, start, stop, guard, before, body, end, following)
            self.finish_loop(loop, position, {f"%s{k}" for k in range(variables, len(self._slots))})
        self.begin(end)

    def finish_loop(self, loop: Loop, position: int, variables: Collection[str]) -> None:
        """Process a loop of one block, the last in the text.

        Parameters
        ----------
        loop : Loop
        position : int
            Position of the line that defines its index.
        variables : collection of str
            Variables that are bound in it.
        """
