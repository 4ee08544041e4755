"""A compiled graph as data: the memory of every value, and the sequence of kernels to run.

All intermediate values are in one block of memory, the arena. Two of them share memory if the last use of one is
before the first use of the other; nothing is allocated when a plan runs. A command is the address of a kernel, the
address of its argument block, and its number of parts.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .compiler import Array, Kernel
from .compiler.kernel import REPORT
from .processor import LINE
from .store import Request, request

WORD = 8


@dataclass(eq=False)
class Buffer:
    """Memory of one value, or of several that are views of each other.

    Attributes
    ----------
    size : int
        Bytes.
    given : bool
        Whether the memory belongs to the caller, who sets its address before each run.
    memory : array of uint8 or None
        The memory of a constant; None for other buffers.
    first, last : float
        Numbers of the first and the last command that use it.
    start : int
        Its offset in the arena, in bytes.
    words : list of (index among all argument words, bytes from the buffer's start)
        The arguments that point into external memory.
    owner : object
        The node that it was created for, named in the message if the buffer is too large.
    """

    size: int
    external: bool = False
    memory: np.ndarray | None = None
    first: float = math.inf
    last: float = -1
    start: int = 0
    words: list[tuple[int, int]] = field(default_factory=list)
    owner: Any = None

    @property
    def end(self) -> int:
        """The first offset in the arena at which the next buffer can start."""
        return self.start + -(-max(self.size, 1) // LINE) * LINE


@dataclass(frozen=True, eq=False)
class View:
    """The layout of a value in a buffer; strides and offset count elements.

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
        """Whether the elements are contiguous in row-major order."""
        pairs = zip(self.shape, self.strides, row_strides(self.shape), strict=True)
        return self.size == 0 or all(n == 1 or stride == expected for n, stride, expected in pairs)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return np.dtype(self.dtype).itemsize


def row_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the strides of a contiguous array, in elements."""
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
    """The commands of a graph; ready to run once `finish` has been called.

    Parameters
    ----------
    checking : bool, default False
        Use kernels that check every array access.
    """

    def __init__(self, *, checking: bool = False):
        self.checking = checking
        self.commands: list[Command] = []
        self.buffers: list[Buffer] = []
        self.report = np.zeros(REPORT, np.int64)
        self._requests: list[Request] = []

    def new(self, dtype: str, shape: tuple[int, ...], owner: Any = None) -> View:
        """Return a view of new memory in the arena."""
        buffer = Buffer(math.prod(shape) * np.dtype(dtype).itemsize, owner=owner)
        self.buffers.append(buffer)
        return View(buffer, str(dtype), tuple(shape), row_strides(shape))

    def external(self, dtype: str, shape: tuple[int, ...]) -> View:
        """Return a view of memory whose address the caller sets before each run."""
        view = self.new(dtype, shape)
        view.buffer.external = True
        return view

    def constant(self, value: np.ndarray) -> View:
        """Return a view of a constant."""
        value = np.ascontiguousarray(value).reshape(np.shape(value))
        memory = aligned(value.nbytes)
        memory[: value.nbytes] = np.frombuffer(value.tobytes(), np.uint8)
        buffer = Buffer(value.nbytes, memory=memory)
        self.buffers.append(buffer)
        return View(buffer, value.dtype.name, value.shape, row_strides(value.shape))

    def view_of(self, array: np.ndarray) -> View:
        """Return a view of a contiguous array, in its own memory."""
        memory = array.reshape(-1).view(np.uint8)
        assert memory.base is not None, "an array whose memory is shared"
        buffer = Buffer(array.nbytes, memory=memory)
        self.buffers.append(buffer)
        return View(buffer, array.dtype.name, array.shape, row_strides(array.shape))

    def run(self, kernel: Kernel, arguments: list[View | int], parts: int = 1) -> None:
        """Add a command; `arguments` are a `View` for each array, and integers."""
        now = len(self.commands)
        for argument in arguments:
            if isinstance(argument, View):
                buffer = argument.buffer
                buffer.first, buffer.last = min(buffer.first, now), max(buffer.last, now)
        self.commands.append(Command(kernel, arguments, parts))
        # A new kernel is compiled in the background from here on.
        self._requests.append(request(kernel, checking=self.checking))

    def keep(self, view: View) -> None:
        """Reserve the memory of a value until the last command."""
        view.buffer.last = math.inf
        view.buffer.first = min(view.buffer.first, 0 if view.buffer.first is math.inf else view.buffer.first)

    @property
    def arena_size(self) -> int:
        """Bytes of all intermediate values, after `lay_out`."""
        return max((buffer.end for buffer in self._in_arena()), default=0)

    def _in_arena(self) -> list[Buffer]:
        return [b for b in self.buffers if not b.external and b.memory is None and b.last >= 0]

    def lay_out(self) -> None:
        """Assign every buffer an offset in the arena: the largest first, each at the lowest offset that is free."""
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
        codes = [code.result() for code in self._requests]
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
            if buffer.external:
                buffer.words.append((len(words), offset))
            words.append(0 if buffer.external else self._address(buffer) + offset)
            if self.checking:
                assert kind == Array(argument.dtype), f"{argument.dtype} for {kind}"
                words.append((buffer.size - offset) // argument.itemsize)

    def _address(self, buffer: Buffer) -> int:
        return self.arena.ctypes.data + buffer.start if buffer.memory is None else buffer.memory.ctypes.data

    def set_address(self, buffer: Buffer, address: int) -> None:
        """Set the address of an external buffer."""
        for word, offset in buffer.words:
            self.words[word] = address + offset

    def word_addresses(self, view: View) -> np.ndarray:
        """Return the addresses of the argument words that point to an external buffer."""
        first = self.words.ctypes.data
        return np.array([first + WORD * word for word, _ in view.buffer.words], np.int64)

    def array(self, view: View) -> np.ndarray:
        """Return a value in the arena, or a constant, as an array over the same memory."""
        buffer = view.buffer
        memory = self.arena[buffer.start :] if buffer.memory is None else buffer.memory
        strides = tuple(stride * view.itemsize for stride in view.strides)
        return np.ndarray(view.shape, view.dtype, memory.data, view.offset * view.itemsize, strides)


def aligned(size: int) -> np.ndarray:
    """Return `size` bytes that start at a cache line."""
    memory = np.zeros(size + 2 * LINE, np.uint8)
    skipped = -memory.ctypes.data % LINE
    return memory[skipped : skipped + size + LINE]
