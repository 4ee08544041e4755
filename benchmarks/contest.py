"""Our step beside a peer's: each in its own process at 1 and 2 threads, checked, warmed up, then timed in turn."""

import math
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.child import Child, PeerError
from benchmarks.configurations import EXAMPLES
from benchmarks.peers import OURS, Peer

RELATIVE = 1e-4  # to which costs must be the same
SAME_LABELS = 0.99
PAUSE = 0.03  # seconds for another process's threads to come to rest
Record = dict[str, Any]


@dataclass
class Contest:
    """How the peers are compared.

    Parameters
    ----------
    folder : Path
        For the data and the caches of compiled code, empty at first.
    ours_python : path
        Interpreter of the environment with network3.
    threads : sequence of int
        The best of these is taken, for us and for the peer.
    seconds : float
        Between two looks at the clock.
    rounds : int
        How often each is timed, in turn.
    deadline : float
        ``time.monotonic()`` after which nothing new begins.
    changes : dict
        Fields of the configurations to change.
    modules : dict
        Other modules to run than the peers' own, by the peers' names.
    """

    folder: Path
    ours_python: Any
    threads: Sequence[int] = (1, 2)
    seconds: float = 0.15
    rounds: int = 5
    deadline: float = math.inf
    changes: Mapping[str, Any] = field(default_factory=dict)
    modules: Mapping[str, str] = field(default_factory=dict)
    compiled: set = field(default_factory=set)

    def write_data(self, training, test) -> None:
        """Write the data sets, pairs (x, y), where the workers read them, with one to check on.

        The check's images are random: without blank windows no two values of a pooling window are equal, and all
        libraries agree on the gradient.
        """
        rng = np.random.default_rng(0)
        check = rng.random((256, training[0].shape[1])), rng.integers(0, 10, 256)
        for name, (x, y) in {"training": training, "test": test, "check": check}.items():
            np.savez(self.folder / f"{name}.npz", x=np.asarray(x, np.float32), y=np.asarray(y, np.int32))

    def compare(self, name: str, peer: Peer, python, batches: Sequence[int]) -> Iterator[Record]:
        """Yield a record of each batch, then of inference; or of kind "wrong" or "skipped", with the reason."""
        about = {"configuration": name, "peer": peer.module, "title": peer.title}
        if time.monotonic() > self.deadline:
            yield {"kind": "skipped", **about, "reason": "out of time"}
            return
        with ExitStack() as stack:
            try:
                yield from self._pairs(stack, name, peer, python, batches, about)
            except PeerError as error:
                yield {"kind": "skipped", **about, "reason": str(error)}

    def _pairs(self, stack, name, peer, python, batches, about: Record) -> Iterator[Record]:
        ours: list[Child] = []
        theirs: list[Child] = []
        for threads in self.threads:
            for team, entrant, interpreter in ((ours, OURS, self.ours_python), (theirs, peer, python)):
                module = self.modules.get(entrant.module)
                child = Child(entrant, threads, interpreter, self.folder, module=module)
                team.append(stack.enter_context(child))
        children = [child for pair in zip(ours, theirs, strict=True) for child in pair]
        imports = {id(child): child.receive() for child in children}
        about |= {
            "versions": {**theirs[0].ask("versions", names=peer.versions), **_ours(ours[0])},
            "import": {side: imports[id(some[0])] for side, some in (("ours", ours), ("theirs", theirs))},
        }
        measured: list[int] = []
        for batch in batches:
            if time.monotonic() > self.deadline:
                yield {"kind": "skipped", **about, "batch": batch, "reason": "out of time"}
                continue
            start = time.monotonic()
            opened = self._open(name, batch, ours, theirs, predicted=not measured)
            reason = disagreement(opened)
            if reason:
                yield {"kind": "wrong", **about, "batch": batch, "reason": reason}
                continue
            measured.append(batch)
            answers = self._in_turn(children, "time", self.rounds, name=name, batch=batch, seconds=self.seconds)
            rates = [[a["seconds"] / a["steps"] * 1e6 for a in child] for child in answers]
            record = {"kind": "training", **about, "batch": batch, **ratios(rates, self.threads, "us")}
            for first, side in enumerate(("ours", "theirs")):
                record[side] |= {
                    "epoch_s": record[side]["us_median"] * (EXAMPLES // batch) / 1e6,
                    "first_step": [o["first_step"] for o in opened[first::2]],
                    "peak_mb": _largest(answers[first + 2 * record[side]["index"]]),
                }
            record["costs"] = {"ours": opened[0]["costs"], "theirs": opened[1]["costs"]}
            yield record | {"took_s": round(time.monotonic() - start, 1)}
        if measured:
            answers = self._in_turn(children, "predict", min(3, self.rounds), warm_up=0, name=name)
            record = ratios([[a["seconds"] * 1e3 for a in child] for child in answers], self.threads, "ms")
            yield {"kind": "inference", **about, "images": answers[0][0]["images"], **record}

    def _open(self, name, batch, ours, theirs, predicted) -> list[Record]:
        """Let all build their networks and take a step at once; a library that caches one after the other.

        So the second of those finds the first one's cache, and libraries that compile for each number of threads do
        so side by side.
        """
        request = {"name": name, "batch": batch, "predicted": predicted, **self.changes}
        answers = []
        for first in (ours[0], theirs[0], *([] if theirs[0].peer.caches else theirs[1:])):
            first.send("open", **request)
        for turn, pair in enumerate(zip(ours, theirs, strict=True)):
            for child in pair:
                if turn and child.peer.caches:
                    child.send("open", **request)
            for child in pair:
                answer = child.receive()
                key = (child.peer.module, name, batch)
                warm = child.peer.caches and key in self.compiled
                self.compiled.add(key)
                step = {k: answer.pop(k) for k in ("first_step_s", "first_step_cpu_s")}
                answers.append(answer | {"first_step": step | {"cache": "warm" if warm else "cold"}})
        return answers

    def _in_turn(self, children, what, rounds, warm_up=1, **request) -> list[list[Record]]:
        """Return the answers of each child, `rounds` of them, after `warm_up` that are not counted."""
        answers: list[list[Record]] = [[] for _ in children]
        for round_ in range(rounds + warm_up):
            for child, mine in zip(children, answers, strict=True):
                time.sleep(PAUSE)
                answer = child.ask(what, **request)
                if round_ >= warm_up:
                    mine.append(answer)
        return answers


def disagreement(opened: Sequence[Record]) -> str:
    """Say how what the workers opened is not the same network; "" if it is."""
    first = opened[0]
    for other in opened[1:]:
        if len(first["costs"]) != len(other["costs"]) or not np.allclose(
            first["costs"], other["costs"], rtol=RELATIVE, atol=0
        ):
            return f"costs before and after a step: ours {first['costs']}, its {other['costs']}"
        if len(first["labels"]) != len(other["labels"]):
            return f"ours predicted {len(first['labels'])} labels, it {len(other['labels'])}"
        same = np.mean(np.equal(first["labels"], other["labels"])) if first["labels"] else 1.0
        if same < SAME_LABELS:
            return f"only {same:.1%} of the predicted labels are ours"
    return ""


def ratios(times: Sequence[Sequence[float]], threads: Sequence[int], unit: str) -> Record:
    """Compare the best number of threads of ours with the best of the peer's.

    Parameters
    ----------
    times : list of (rounds,) lists
        Ours and the peer's in turn, a pair for each of `threads`.
    threads : sequence of int
    unit : str
        Part of the names in the record.

    Returns
    -------
    dict
        ``ratio`` (ours / peer, the median over the rounds), ``ratio_min``, ``ratio_max``, and for "ours" and "theirs"
        the median and the extremes, the threads that were best, and all times by threads.
    """
    record: Record = {}
    best = []
    for side, some in (("ours", times[::2]), ("theirs", times[1::2])):
        medians = [statistics.median(t) for t in some]
        index = medians.index(min(medians))
        best.append(some[index])
        record[side] = {
            f"{unit}_median": medians[index],
            f"{unit}_min": min(some[index]),
            f"{unit}_max": max(some[index]),
            "threads": threads[index],
            "index": index,
            f"{unit}_by_threads": {str(n): list(t) for n, t in zip(threads, some, strict=True)},
        }
    rounds = [a / b for a, b in zip(*best, strict=True)]
    return {"ratio": statistics.median(rounds), "ratio_min": min(rounds), "ratio_max": max(rounds), **record}


def _ours(child: Child) -> Record:
    return {f"ours: {name}": found for name, found in child.ask("versions", names=OURS.versions).items()}


def _largest(answers: Sequence[Record]) -> float | None:
    return max((a["peak_mb"] for a in answers if a["peak_mb"] is not None), default=None)
