"""What the host launches in a step, read from XLA's dump of its schedule: kernels, or recorded graphs of them."""

import re
from pathlib import Path

LINE = re.compile(r"^(\s*)(\d+): (k\w+)\s")
SUFFIX = ".thunk_sequence_after_thunk_passes.txt"


def launches(folder: Path, module: str) -> int | None:
    """Return how many launches the body of the largest loop of ``jit_<module>`` needs; None if XLA dumped no schedule.

    A recorded graph (``kCommandBuffer``) is one launch; what it contains is indented below it.
    """
    found = [_largest_body(path.read_text().splitlines()) for path in folder.glob(f"*jit_{module}{SUFFIX}")]
    return max(found, default=None)


def _largest_body(lines: list[str]) -> int:
    best = (0, 0)
    for start, line in enumerate(lines):
        if not line.strip().startswith("body"):
            continue
        inside = _thunks_below(lines[start + 1 :])
        if inside:
            first = inside[0][0]
            best = max(best, (len(inside), sum(depth == first for depth, _ in inside)))
    return best[1]


def _thunks_below(lines: list[str]) -> list[tuple[int, str]]:
    """Return (indentation, kind) of each thunk until that of the first is left, or the loop's condition begins."""
    found: list[tuple[int, str]] = []
    for line in lines:
        match = LINE.match(line)
        if match is None:
            if found and line.strip().startswith("condition") and len(line) - len(line.lstrip()) < found[0][0]:
                break
            continue
        depth = len(match[1])
        if found and depth < found[0][0]:
            break
        found.append((depth, match[3]))
    return found
