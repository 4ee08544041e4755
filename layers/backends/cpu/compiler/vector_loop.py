"""Vectorization of innermost loops: the body is rewritten for several consecutive iterations at once.

LLVM can vectorize such loops too, but takes more time for it than for all other work on most kernels. Here it is done
on the text of a loop without branches: its arrays are accessed at consecutive or at constant indices, and an array
that it writes is read at the same index only. Any other loop stays as it is.
"""

import re
from collections.abc import Collection
from dataclasses import replace

from .types import SIZES
from .writer import Loop

_STORE = re.compile(r"store (\w+) (\S+), ptr (\S+)")
_LOAD = re.compile(r"load (\w+), ptr (\S+)")
_PLACE = re.compile(r"getelementptr ((?:inbounds )?\w+), ptr (%p\d+|%scratch\d+|@table\d+), i64 (\S+)")
_PURE = re.compile(
    r"(fadd|fsub|fmul|fdiv|fneg|add|sub|mul|and|or|xor|shl|lshr|ashr|icmp|fcmp|select|bitcast"
    r"|sitofp|uitofp|fpext|fptrunc|zext|sext|trunc) "
    r"|call \w+ @llvm\.(fabs|copysign|sqrt|floor|ceil|trunc|rint|fptosi\.sat|fptoui\.sat)\."
)
_SUM = re.compile(r"(add|sub) nsw i64 (\S+), (\S+)")
_LOWER_BITS = re.compile(r"trunc i64 (\S+) to \w+")
_VARIABLE = re.compile(r"%s\d+")
_WORD = re.compile(r"[%@]?[\w.]+|-\d+")
_NUMBER = re.compile(r"-?\d|true|false")
_CALL = re.compile(r"call (\w+) @(\S+?)\((.*)\)")
# How a value changes between iterations: it is the same in all, increases by one, or is different in each.
UNIFORM, CONSECUTIVE, VARYING = "one", "next", "each"


class NotVectorizableError(Exception):
    """The loop cannot be vectorized."""


class VectorLoop:
    """A loop that processes several elements per iteration, with the code before and after it.

    Parameters
    ----------
    loop : Loop
    lines : list of str
        Its body, between the line that defines its index and the one that increments it.
    variables : collection of str
        Variables that are local to the loop.
    vector_bytes : int

    Attributes
    ----------
    lanes : int
        Elements per iteration.
    declared : list of (result, name, types)
        The LLVM functions that it calls.

    Raises
    ------
    NoVectorsError
        The loop stays as it is.
    """

    def __init__(self, loop: Loop, lines: list[str], variables: Collection[str], vector_bytes: int):
        if any("<" in line for line in lines):
            raise NotVectorizableError  # it already has vectors
        self.loop = loop
        self.declared: list[tuple[str, str, list[str]]] = []
        self._own = variables
        self._changing = {m[3] for line in lines if (m := _STORE.match(line))}
        self.lanes = vector_bytes // max(map(_widest, lines)) if lines else 0
        while self.lanes > loop.most:
            self.lanes //= 2
        self._before: list[str] = []
        self._round: list[str] = []
        self._names = 0
        self._values = {loop.number: (CONSECUTIVE, self._new())}
        self._places: dict[str, tuple[str, str, str]] = {}  # how the address changes, the array, the new address
        self._vectors: dict[tuple[str, str], str] = {}  # of values that are the same in all iterations, or consecutive
        self._read: set[tuple[str, str]] = set()  # array and address
        self._written: set[tuple[str, str]] = set()
        if self.lanes < 2:
            raise NotVectorizableError
        for line in lines:
            self._add(line)
        arrays = {array for array, _ in self._written}
        if not arrays or len({(a, place) for a, place in self._read | self._written if a in arrays}) > len(arrays):
            raise NotVectorizableError
        self._in_place = any(array in arrays for array, _ in self._read)

    # --- the lines of an iteration

    def _new(self) -> str:
        self._names += 1
        return f"{self.loop.number}.{self.lanes}.{self._names}"

    def _define(self, state: str, line: str) -> str:
        """Add a line that defines a value; return its name."""
        name = self._new()
        (self._before if state is UNIFORM else self._round).append(f"{name} = {line}")
        return name

    def _add(self, line: str) -> None:
        """Add the vector version of a line."""
        name, _, does = line.rpartition(" = ")
        if match := _STORE.fullmatch(does):
            self._store(*match.groups())
        elif match := _LOAD.fullmatch(does):
            self._values[name] = self._load(*match.groups())
        elif match := _PLACE.fullmatch(does):
            self._places[name] = self._place(*match.groups())
        elif match := _PURE.match(does):
            self._values[name] = self._arithmetic(does)
        else:
            raise NotVectorizableError

    def _store(self, kind: str, x: str, place: str) -> None:
        if place in self._own:
            return  # it is read in the same iteration only, where its value is known
        state, array, address = self._places.get(place, (UNIFORM, "", ""))
        if state is UNIFORM:
            raise NotVectorizableError
        self._written.add((array, address))
        self._round.append(f"store {self._kind(kind)} {self._vector(x, kind)}, ptr {address}, align {SIZES[kind]}")

    def _load(self, kind: str, place: str) -> tuple[str, str]:
        if _VARIABLE.fullmatch(place) and place not in self._changing:
            return UNIFORM, self._define(UNIFORM, f"load {kind}, ptr {place}")
        if place not in self._places:
            raise NotVectorizableError
        state, array, address = self._places[place]
        self._read.add((array, address))
        if state is UNIFORM:
            return UNIFORM, self._define(UNIFORM, f"load {kind}, ptr {address}")
        return VARYING, self._define(VARYING, f"load {self._kind(kind)}, ptr {address}, align {SIZES[kind]}")

    def _place(self, kind: str, array: str, index: str) -> tuple[str, str, str]:
        state, number = self._value(index)
        if state is VARYING:
            raise NotVectorizableError
        return state, array, self._define(state, f"getelementptr {kind}, ptr {array}, i64 {number}")

    def _arithmetic(self, line: str) -> tuple[str, str]:
        same = all(self._value(word)[0] is UNIFORM for word in _WORD.findall(line))
        state = UNIFORM if same else CONSECUTIVE if self._is_next(line) else VARYING
        if state is VARYING:
            return state, self._define(state, self._widen(line))
        return state, self._define(state, _WORD.sub(lambda word: self._value(word[0])[1], line))

    def _is_next(self, line: str) -> bool:
        """Return whether a line defines an integer that increases by one per iteration."""
        if match := _SUM.fullmatch(line):
            states = self._value(match[2])[0], self._value(match[3])[0]
            return states == (CONSECUTIVE, UNIFORM) or (match[1] == "add" and states == (UNIFORM, CONSECUTIVE))
        match = _LOWER_BITS.fullmatch(line)
        return match is not None and self._value(match[1])[0] is CONSECUTIVE

    def _value(self, x: str) -> tuple[str, str]:
        """Return how a value changes, and its new name; values from outside of the body are the same in all."""
        return self._values.get(x, (UNIFORM, x))

    # --- vectors

    def _kind(self, kind: str) -> str:
        return f"<{self.lanes} x {kind}>"

    def _vector(self, x: str, kind: str) -> str:
        """Return the vector of a value's values in consecutive iterations."""
        state, name = self._value(x)
        if state is VARYING:
            return name
        if (x, kind) not in self._vectors:
            wide = self._kind(kind)
            one = self._define(state, f"insertelement {wide} poison, {kind} {name}, i32 0")
            line = f"shufflevector {wide} {one}, {wide} poison, <{self.lanes} x i32> zeroinitializer"
            self._vectors[x, kind] = self._define(state, line)
            if state is CONSECUTIVE:
                steps = ", ".join(f"{kind} {k}" for k in range(self.lanes))
                self._vectors[x, kind] = self._define(state, f"add {wide} {self._vectors[x, kind]}, <{steps}>")
        return self._vectors[x, kind]

    def _widen(self, line: str) -> str:
        """Return a line with all types and values replaced by vectors; each value follows its type."""
        kind = ""

        def widen(match: re.Match) -> str:
            nonlocal kind
            word = match[0]
            if word in SIZES or word == "i1":
                kind = word
                return self._kind(kind)
            if word.startswith("@"):
                return re.sub(r"\.([fi]\d+)", rf".v{self.lanes}\1", word)
            return self._vector(word, kind) if word.startswith("%") or _NUMBER.match(word) else word

        wide = _WORD.sub(widen, line)
        if match := _CALL.fullmatch(line):
            result, _, arguments = match.groups()
            kinds = [self._kind(argument.split()[0]) for argument in arguments.split(", ")]
            name = re.search(r"@([\w.]+)", wide)[1]
            self.declared.append((self._kind(result), name, kinds))
        return wide

    # --- the loop

    def emitted(self) -> tuple[list[str], Loop]:
        """Return the lines from the loop's guard to the definition of its index, and the remaining scalar loop.

        Remaining elements are processed by the original loop, one by one; or, unless it changes an array in place, the
        last vector ends where the loop ends, and some elements are written twice.
        """
        loop, n, number = self.loop, self.lanes, self._values[self.loop.number][1]
        setup, vectors, rest = (f"{loop.body}.{n}.{name}" for name in ("setup", "vectors", "rest"))
        end, fits, last, ahead, more, following, first, left = (self._new() for _ in range(8))
        if self._in_place:
            behind, following = rest, ahead
            step = [f"{more} = icmp sle i64 {ahead}, {last}"]
            others = [
                f"{first} = phi i64 [ {loop.start}, %{loop.before} ], [ {ahead}, %{vectors} ]",
                f"{left} = icmp slt i64 {first}, {loop.stop}",
            ]
        else:
            behind, first, left, others = loop.end, loop.start, loop.guard, []
            step = [
                f"{following}.fits = icmp slt i64 {ahead}, {last}",
                f"{following} = select i1 {following}.fits, i64 {ahead}, i64 {last}",
                f"{more} = icmp slt i64 {number}, {last}",
            ]
        lines = [
            f"{end} = add i64 {loop.start}, {n}",
            f"{fits} = icmp sle i64 {end}, {loop.stop}",
            f"br i1 {fits}, label %{setup}, label %{rest}",
            f"{setup}:",
            *self._before,
            f"{last} = sub i64 {loop.stop}, {n}",
            f"br label %{vectors}",
            f"{vectors}:",
            f"{number} = phi i64 [ {loop.start}, %{setup} ], [ {following}, %{vectors} ]",
            *self._round,
            f"{ahead} = add nsw i64 {number}, {n}",
            *step,
            f"br i1 {more}, label %{vectors}, label %{behind}",
            f"{rest}:",
            *others,
            f"br i1 {left}, label %{loop.body}, label %{loop.end}",
            f"{loop.body}:",
            f"{loop.number} = phi i64 [ {first}, %{rest} ], [ {loop.following}, %{loop.body} ]",
        ]
        return lines, replace(loop, start=first, guard=left, before=rest)


def _widest(line: str) -> int:
    """Return the bytes of the widest operand of a line, not counting indices."""
    if "getelementptr" in line or _VARIABLE.search(line):
        return 1
    words = _WORD.findall(line.rpartition(" to ")[2])
    in_memory = "load" in words or "store" in words or " to " in line
    return max((SIZES.get(word, 1) for word in words if in_memory or word != "i64"), default=1)
