"""Our step beside the peers': each in its own process at 1 and 2 threads, checked, warmed up, then timed in turn."""

import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.child import PATIENCE, PeerError
from benchmarks.configurations import EXAMPLES
from benchmarks.peers import OURS, Peer
from benchmarks.team import Team
from benchmarks.verdicts import disagreement, ratios
from network3.data import scaled

PAUSE = 0.03  # seconds for another process's threads to come to rest
LEAST = 3  # rounds, however late it is
SHARE = 0.7  # of a network's time: all that may go on compiling
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
        How often each is timed, in turn; `LEAST` times once a network has used up its time.
    deadline : float
        ``time.monotonic()`` after which nothing new begins.
    changes : dict
        Fields of the configurations to change.
    modules : dict
        Other modules to run than the peers' own, by the peers' names.
    ours : Peer
        Whom the others are compared with.
    """

    folder: Path
    ours_python: Any
    threads: Sequence[int] = (1, 2)
    seconds: float = 0.1
    rounds: int = 5
    deadline: float = math.inf
    changes: Mapping[str, Any] = field(default_factory=dict)
    modules: Mapping[str, str] = field(default_factory=dict)
    ours: Peer = OURS

    def write_data(self, training, test) -> None:
        """Write the data sets, pairs (x, y), where the workers read them, with one to check on.

        Grey levels (uint8) are divided by 256, as in training.

        The check's images are random: without blank windows no two values of a pooling window are equal, and all
        libraries agree on the gradient.
        """
        rng = np.random.default_rng(0)
        check = rng.random((256, training[0].shape[1])), rng.integers(0, 10, 256)
        for name, (x, y) in {"training": training, "test": test, "check": check}.items():
            np.savez(self.folder / f"{name}.npz", x=scaled(np.asarray(x), "float32"), y=np.asarray(y, np.int32))

    def network(self, name: str, pythons: Mapping[Peer, Any], batches: Sequence[int], share=1.0) -> Iterator[Record]:
        """Yield, for each peer, a record of each batch, then of inference; or of kind "wrong" or "skipped", and why.

        Parameters
        ----------
        name : str
            Of the configuration.
        pythons : dict
            The interpreter of each peer.
        batches : sequence of int
        share : float
            Of the time that is left: once it is used up, fewer rounds are timed.
        """
        until = time.monotonic() + share * (self.deadline - time.monotonic())
        with ThreadPoolExecutor(os.cpu_count()) as pool, ExitStack() as stack:

            def open_team(peer: Peer, python, patience: float) -> Team:
                team = stack.enter_context(Team(peer, self.threads, python, self.folder, self.modules.get(peer.module)))
                team.open(pool, name, batches, time.monotonic() + patience, **self.changes)
                return team

            # All that compile for long do so at once, on every core; first those that use one only.
            ours = open_team(self.ours, self.ours_python, max(60.0, self.deadline - time.monotonic()))
            left = until - time.monotonic()
            slow = sorted((peer for peer in pythons if peer.compiles), key=lambda peer: not peer.caches)
            early = {peer: open_team(peer, pythons[peer], SHARE * left) for peer in slow}
            for team in (ours, *early.values()):
                team.wait()
            for place, peer in enumerate(pythons):
                about = {"configuration": name, "peer": peer.module, "title": peer.title}
                if time.monotonic() > self.deadline:
                    yield {"kind": "skipped", **about, "reason": "out of time"}
                    continue
                share_ends = time.monotonic() + (until - time.monotonic()) / (len(pythons) - place)
                try:
                    ours.check()
                    with early.pop(peer, None) or open_team(peer, pythons[peer], PATIENCE) as theirs:
                        theirs.check()
                        for record in self._pairs(name, ours, theirs, share_ends):
                            yield {**record, **about}
                except PeerError as error:
                    yield {"kind": "wrong" if error.peer is self.ours else "skipped", **about, "reason": str(error)}
                    if error.peer is self.ours:
                        return

    def _pairs(self, name: str, ours: Team, theirs: Team, until: float) -> Iterator[Record]:
        """Yield the records of two teams that are ready."""
        teams = {"ours": ours, "theirs": theirs}
        children = [child for pair in zip(ours.children, theirs.children, strict=True) for child in pair]
        versions = {
            **theirs.children[0].ask("versions", names=theirs.peer.versions),
            **{f"ours: {n}": v for n, v in ours.children[0].ask("versions", names=self.ours.versions).items()},
        }
        about = {"versions": versions, "import": {side: team.imports[0] for side, team in teams.items()}}
        right = False
        for batch in theirs.opened:
            start = time.monotonic()
            opened = {side: team.opened[batch] for side, team in teams.items()}
            reason = disagreement([*opened["ours"], *opened["theirs"]])
            if reason:
                yield {"kind": "wrong", "batch": batch, "reason": reason, **about}
                continue
            right = True
            answers = self._in_turn(children, "time", 1, until, name=name, batch=batch, seconds=self.seconds)
            rates = [[a["seconds"] / a["steps"] * 1e6 for a in child] for child in answers]
            record = {"kind": "training", "batch": batch, **ratios(rates, self.threads, "us"), **about}
            for place, side in enumerate(teams):
                record[side] |= {
                    "epoch_s": record[side]["us_median"] * (EXAMPLES // batch) / 1e6,
                    "first_step": [o["first_step"] for o in opened[side]],
                    "peak_mb": [child[-1]["peak_mb"] for child in answers[place::2]],
                }
            record["costs"] = {side: some[0]["costs"] for side, some in opened.items()}
            yield record | {"took_s": round(time.monotonic() - start, 1)}
        if right:
            answers = self._in_turn(children, "predict", 0, -math.inf, name=name)
            times = ratios([[a["seconds"] * 1e3 for a in child] for child in answers], self.threads, "ms")
            yield {"kind": "inference", "images": answers[0][0]["images"], **times, **about}

    def _in_turn(self, children, what: str, warm_up: int, until: float, **request) -> list[list[Record]]:
        """Return the answers of each child: `rounds` of them or, after `until`, as few as `LEAST`.

        Those of the first `warm_up` rounds are left out.
        """
        answers: list[list[Record]] = [[] for _ in children]
        for round_ in range(self.rounds + warm_up):
            if round_ >= LEAST + warm_up and time.monotonic() > until:
                break
            for child, mine in zip(children, answers, strict=True):
                time.sleep(PAUSE)
                mine.append(child.ask(what, **request))
        return [mine[warm_up:] for mine in answers]
