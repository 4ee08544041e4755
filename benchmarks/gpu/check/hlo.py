"""What a compiled program of XLA consists of, read from its text: the loop, its kernels, their longest chain."""

import re
from collections import Counter
from dataclasses import dataclass

COMMENT = re.compile(r"/\*.*?\*/")
HEADER = re.compile(r"^(?:ENTRY )?%?([\w.\-]+) \(.*\{\s*$")
NAME = r"^\s*(?:ROOT )?%?([\w.\-]+) = "
TYPE = r"(?:\([^=]*?\)|[\w\[\],]+(?:\{[^}]*\})?)"
INSTRUCTION = re.compile(NAME + TYPE + r" ([\w\-]+)\((.*?)\)(?:,|$)")
OPERAND = re.compile(r"%([\w.\-]+)")
NO_KERNEL = {
    "parameter",
    "constant",
    "tuple",
    "get-tuple-element",
    "bitcast",
    "after-all",
    "opt-barrier",
    "partition-id",
    "replica-id",
}


@dataclass(frozen=True)
class Loop:
    """The loop over training steps in a program.

    Attributes
    ----------
    trip_count : int or None
        Its length, if XLA has found it; else the host waits for the device before each step.
    kernels : Counter
        What a step starts on the device, by kind.
    chain : int
        The most kernels that wait for one another.
    """

    trip_count: int | None
    kernels: Counter[str]
    chain: int

    @property
    def count(self) -> int:
        """Kernels of a step."""
        return self.kernels.total()


@dataclass(frozen=True)
class _Instruction:
    name: str
    kind: str
    operands: tuple[str, ...]
    line: str


def largest_loop(text: str) -> Loop:
    """Return the loop with the most kernels in its body, in the text of an optimized module.

    Raises
    ------
    ValueError
        There is no loop.
    """
    computations = _computations(text)
    loops = [
        _loop(instruction.line, computations)
        for body in computations.values()
        for instruction in body
        if instruction.kind == "while"
    ]
    if not loops:
        raise ValueError("the program has no loop; a chunk of several steps should be one")
    return max(loops, key=lambda loop: loop.count)


def _computations(text: str) -> dict[str, list[_Instruction]]:
    """Return the instructions of each computation of a module."""
    found: dict[str, list[_Instruction]] = {}
    current: list[_Instruction] = []
    for raw in text.splitlines():
        line = COMMENT.sub("", raw)
        if (header := HEADER.match(line)) and not line.startswith(" "):
            current = found.setdefault(header[1], [])
        elif match := INSTRUCTION.match(line):
            current.append(_Instruction(match[1], match[2], tuple(OPERAND.findall(match[3])), line))
    return found


def _loop(line: str, computations: dict[str, list[_Instruction]]) -> Loop:
    body = computations[_attribute("body", line)]
    known = re.search(r'known_trip_count[^}]*?n[\\"]*:[\\"]*(\d+)', line)
    return Loop(int(known[1]) if known else None, _kernels(body, computations), _longest_chain(body))


def _kernels(body: list[_Instruction], computations: dict[str, list[_Instruction]]) -> Counter[str]:
    count: Counter[str] = Counter()
    for instruction in body:
        if instruction.kind == "call":
            count += _kernels(computations[_attribute("to_apply", instruction.line)], computations)
        elif instruction.kind == "fusion":
            count[f"fusion:{_fusion_kind(instruction.line)}"] += 1
        elif instruction.kind == "custom-call":
            target = re.search(r'custom_call_target="([^"]+)"', instruction.line)
            count[f"custom:{target[1] if target else '?'}"] += 1
        elif instruction.kind not in NO_KERNEL:
            count[instruction.kind] += 1
    return count


def _fusion_kind(line: str) -> str:
    if "triton" in line:
        return "triton"
    return "cudnn" if "__cudnn" in line else _attribute("kind", line)


def _longest_chain(body: list[_Instruction]) -> int:
    depth: dict[str, int] = {}
    for instruction in body:
        before = max((depth.get(name, 0) for name in instruction.operands), default=0)
        depth[instruction.name] = before + (instruction.kind not in NO_KERNEL)
    return max(depth.values(), default=0)


def _attribute(name: str, line: str) -> str:
    match = re.search(rf"{name}=%?([\w.\-]+)", line)
    if match is None:
        raise ValueError(f"no attribute {name} in: {line.strip()[:200]}")
    return match[1]
