"""A compiled graph as data: where every value lies, and the kernels that are run one after the other.

All intermediate values lie in one block of memory, the arena. Two of them share a place where the last use of one is
before the first of the other; nothing is allocated when a plan runs. A command is a kernel's address, the address of
its argument block, and its number of parts.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .compiler import Array, Kernel
from .compiler.kernel import REPORT
from .store import request

LINE = 64  # bytes of a cache line
WORD = 8


@dataclass(eq=False)
class Buffer:
    """Memory of one value, or of several that are views of each other.

    Attributes
    ----------
    size : int
        Bytes.
    given : bool
        Whether the memory is the caller's, named anew for each run.
    memory : array of uint8 or None
        Of a constant.
    first, last : float
        The commands that use it first and last.
    start : int
        Where it lies in the arena, in bytes.
    words : list of (word among all arguments, bytes from the buffer's start)
        Which arguments point into memory that is given.
    owner : object
        What it was made for, to be named where it is too large.
    """

    size: int
    given: bool = False
    memory: np.ndarray | None = None
    first: float = math.inf
    last: float = -1
    start: int = 0
    words: list[tuple[int, int]] = field(default_factory=list)
    owner: Any = None

    @property
    def end(self) -> int:
        """Where the next buffer in the arena can begin."""
        return self.start + -(-max(self.size, 1) // LINE) * LINE


@dataclass(frozen=True, eq=False)
class View:
    """Where the numbers of a value lie in a buffer; strides and offset count numbers.

    Attributes
    ----------
    buffer : Buffer
    dtype : str
    shape, strides : tuple of int
    offset : int
    """

    buffer: Buffer
    dtype: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int = 0

    @property
    def contiguous(self) -> bool:
        """Whether the numbers follow each other, the last axis first."""
        pairs = zip(self.shape, self.strides, row_strides(self.shape), strict=True)
        return self.size == 0 or all(n == 1 or stride == expected for n, stride, expected in pairs)

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return math.prod(self.shape)

    @property
    def itemsize(self) -> int:
        """Bytes of a number."""
        return np.dtype(self.dtype).itemsize


def row_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the strides of a contiguous array, in numbers."""
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step)
        step *= n
    return tuple(reversed(strides))


@dataclass(frozen=True)
class Command:
    """One kernel of a plan, with its arguments and its number of parts."""

    kernel: Kernel
    arguments: list[View | int]
    parts: int


class Plan:
    """A graph under way to commands, and, once `finish` is called, ready to be run.

    Parameters
    ----------
    checking : bool, default False
        Run kernels that check every access.
    """

    def __init__(self, *, checking: bool = False):
        self.checking = checking
        self.commands: list[Command] = []
        self.buffers: list[Buffer] = []
        self.report = np.zeros(REPORT, np.int64)
        self._codes: list = []

    def new(self, dtype: str, shape: tuple[int, ...], owner: Any = None) -> View:
        """Return a place in the arena for a value."""
        buffer = Buffer(math.prod(shape) * np.dtype(dtype).itemsize, owner=owner)
        self.buffers.append(buffer)
        return View(buffer, str(dtype), tuple(shape), row_strides(shape))

    def given(self, dtype: str, shape: tuple[int, ...]) -> View:
        """Return a place in memory that the caller names for each run."""
        view = self.new(dtype, shape)
        view.buffer.given = True
        return view

    def constant(self, value: np.ndarray) -> View:
        """Return a place that holds a constant."""
        value = np.ascontiguousarray(value).reshape(np.shape(value))
        memory = aligned(value.nbytes)
        memory[: value.nbytes] = np.frombuffer(value.tobytes(), np.uint8)
        buffer = Buffer(value.nbytes, memory=memory)
        self.buffers.append(buffer)
        return View(buffer, value.dtype.name, value.shape, row_strides(value.shape))

    def of(self, array: np.ndarray) -> View:
        """Return the place of a contiguous array, in its own memory."""
        memory = array.reshape(-1).view(np.uint8)
        assert memory.base is not None, "an array whose memory is shared"
        buffer = Buffer(array.nbytes, memory=memory)
        self.buffers.append(buffer)
        return View(buffer, array.dtype.name, array.shape, row_strides(array.shape))

    def run(self, kernel: Kernel, arguments: list, parts: int = 1) -> None:
        """Add a command: `arguments` are Views, for arrays, and whole numbers."""
        now = len(self.commands)
        for argument in arguments:
            if isinstance(argument, View):
                buffer = argument.buffer
                buffer.first, buffer.last = min(buffer.first, now), max(buffer.last, now)
        self.commands.append(Command(kernel, arguments, parts))
        # Compiled meanwhile, if it is new.
        self._codes.append(request(kernel, checking=self.checking))

    def keep(self, view: View) -> None:
        """Let a value stay to the end."""
        view.buffer.last = math.inf
        view.buffer.first = min(view.buffer.first, 0 if view.buffer.first is math.inf else view.buffer.first)

    @property
    def arena_size(self) -> int:
        """Bytes that the intermediate values need, once they are laid out."""
        return max((buffer.end for buffer in self._in_arena()), default=0)

    def _in_arena(self) -> list[Buffer]:
        return [b for b in self.buffers if not b.given and b.memory is None and b.last >= 0]

    def lay_out(self) -> None:
        """Find a place in the arena for every buffer: the largest first, each as low as it fits."""
        placed: list[Buffer] = []
        for buffer in sorted(self._in_arena(), key=lambda b: -b.size):
            size = buffer.end - buffer.start
            at = 0
            others = (o for o in placed if o.first <= buffer.last and buffer.first <= o.last)
            for other in sorted(others, key=lambda o: o.start):
                if at + size <= other.start:
                    break
                at = max(at, other.end)
            buffer.start = at
            placed.append(buffer)

    def finish(self) -> None:
        """Allocate the arena, wait for the kernels, and write the argument blocks and the table of commands."""
        codes = [code.result() for code in self._codes]
        self.arena = aligned(self.arena_size)
        self.scratch_size = -(-max((code.scratch for code in codes), default=0) // LINE) * LINE + LINE
        words: list[int] = []
        table = np.zeros((len(codes), 3), np.int64)
        for number, (command, code) in enumerate(zip(self.commands, codes, strict=True)):
            table[number] = code.address, len(words) * WORD, command.parts
            if self.checking:
                words.append(self.report.ctypes.data)
            self._write_arguments(command, words)
        self.words = np.array(words, np.int64)
        table[:, 1] += self.words.ctypes.data
        self.table = table

    def _write_arguments(self, command: Command, words: list[int]) -> None:
        kinds = command.kernel.parameters if self.checking else command.arguments
        assert len(kinds) == len(command.arguments), f"{command.kernel!r} takes {len(kinds)} arguments"
        for kind, argument in zip(kinds, command.arguments, strict=True):
            if not isinstance(argument, View):
                words.append(int(argument))
                continue
            buffer, offset = argument.buffer, argument.offset * argument.itemsize
            if buffer.given:
                buffer.words.append((len(words), offset))
            words.append(0 if buffer.given else self._address(buffer) + offset)
            if self.checking:
                assert kind == Array(argument.dtype), f"{argument.dtype} for {kind}"
                words.append((buffer.size - offset) // argument.itemsize)

    def _address(self, buffer: Buffer) -> int:
        return self.arena.ctypes.data + buffer.start if buffer.memory is None else buffer.memory.ctypes.data

    def point(self, buffer: Buffer, address: int) -> None:
        """Name the memory of a buffer that is given."""
        for word, offset in buffer.words:
            self.words[word] = address + offset

    def word_addresses(self, view: View) -> np.ndarray:
        """Return the addresses of the argument words that point to memory that is given."""
        first = self.words.ctypes.data
        return np.array([first + WORD * word for word, _ in view.buffer.words], np.int64)

    def array(self, view: View) -> np.ndarray:
        """Return a value in the arena, or a constant, as an array over the same memory."""
        buffer = view.buffer
        memory = self.arena[buffer.start :] if buffer.memory is None else buffer.memory
        strides = tuple(stride * view.itemsize for stride in view.strides)
        return np.ndarray(view.shape, view.dtype, memory.data, view.offset * view.itemsize, strides)


def aligned(size: int) -> np.ndarray:
    """Return `size` bytes that begin with a cache line."""
    memory = np.zeros(size + 2 * LINE, np.uint8)
    skipped = -memory.ctypes.data % LINE
    return memory[skipped : skipped + size + LINE]
