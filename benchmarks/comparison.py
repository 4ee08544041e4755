"""Our training step beside the peers': processes with 1 and 2 threads, checked, warmed up, then timed alternately."""

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
from numpy.typing import ArrayLike

from .checks import disagreement
from .configurations import CLASSES, EXAMPLES, Configuration
from .data import write_data
from .peers import OURS, Peer
from .ratios import compare_times
from .records import SIDES, UNITS, Record, joint_versions
from .worker import TIMEOUT, PeerError, Worker
from .workers import Workers

PAUSE = 0.03  # seconds, until the threads of the previous process are idle
MIN_ROUNDS = 3  # timed even after the deadline
MIN_OPENING = 60.0  # seconds for ours to compile, even after the deadline
COMPILE_SHARE = 0.7  # of a network's time: the limit for compilation
CHECK_IMAGES = 256
RANDOM_TRAINING, RANDOM_TEST = 1024, 1000  # images


def _random_data(count: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return `count` random images of `width` values in [0, 1), and labels."""
    rng = np.random.default_rng(0)
    return rng.random((count, width)), rng.integers(0, CLASSES, count)


@dataclass
class StepComparison:
    """How network3 and the peers are compared.

    Parameters
    ----------
    folder : Path
        For the data sets and the caches of compiled code, empty at first.
    our_python : path
        Interpreter of the environment with network3.
    threads : sequence of int
        Each side counts at its best number of threads.
    seconds : float
        Time of one measurement.
    rounds : int
        How often each worker is timed; `MIN_ROUNDS` times once a network has used up its time.
    deadline : float
        ``time.monotonic()`` after which no peer is started.
    changes : dict
        Fields of the configurations to change.
    ours : Peer
        The library that the others are compared with.
    """

    folder: Path
    our_python: str | Path
    threads: Sequence[int] = (1, 2)
    seconds: float = 0.1
    rounds: int = 5
    deadline: float = math.inf
    changes: Mapping[str, Any] = field(default_factory=dict)
    ours: Peer = OURS

    def write_data(self, training: tuple[ArrayLike, ArrayLike], test: tuple[ArrayLike, ArrayLike]) -> None:
        """Write the data sets, pairs (images, labels), for the workers, and one of random images for the checks.

        No two values in a pooling window of random images are equal, so all libraries agree on the gradient.
        """
        width = np.shape(training[0])[1]
        write_data(self.folder, training=training, test=test, check=_random_data(CHECK_IMAGES, width))

    def write_random_data(self, config: Configuration) -> None:
        """Write the same data sets for a network whose images are random."""
        width = math.prod(config.image)
        sizes = {"training": RANDOM_TRAINING, "test": RANDOM_TEST, "check": CHECK_IMAGES}
        write_data(self.folder, **{config.data_set(name): _random_data(n, width) for name, n in sizes.items()})

    def compare(
        self, name: str, pythons: Mapping[Peer, str | Path], batches: Sequence[int], share: float = 1.0
    ) -> Iterator[Record]:
        """Compare all peers on one network.

        Parameters
        ----------
        name : str
            The configuration.
        pythons : dict
            Interpreter of each peer.
        batches : sequence of int
            Mini-batch sizes.
        share : float
            Of the time up to the deadline; fewer rounds are timed once it is used up.

        Yields
        ------
        dict
            See `benchmarks.records`: for each peer "training" at each batch and "inference", or "wrong" or "skipped".
        """
        end = time.monotonic() + share * (self.deadline - time.monotonic())
        with ThreadPoolExecutor(os.cpu_count()) as pool, ExitStack() as stack:

            def start(peer: Peer, python: str | Path, seconds: float) -> Workers:
                workers = stack.enter_context(Workers(peer, self.threads, python, self.folder))
                workers.open(pool, name, batches, time.monotonic() + seconds, **self.changes)
                return workers

            # Libraries with a long compilation compile at the same time, on every core; first those that use one core.
            ours = start(self.ours, self.our_python, max(MIN_OPENING, self.deadline - time.monotonic()))
            left = end - time.monotonic()
            slow = sorted((peer for peer in pythons if peer.slow_compile), key=lambda peer: not peer.caches_on_disk)
            started = {peer: start(peer, pythons[peer], COMPILE_SHARE * left) for peer in slow}
            for workers in (ours, *started.values()):
                workers.wait()
            for index, peer in enumerate(pythons):
                common = {"configuration": name, "peer": peer.name, "title": peer.title}
                if time.monotonic() > self.deadline:
                    yield {"kind": "skipped", **common, "reason": "out of time"}
                    continue
                peer_end = time.monotonic() + (end - time.monotonic()) / (len(pythons) - index)
                try:
                    ours.check()
                    with started.pop(peer, None) or start(peer, pythons[peer], TIMEOUT) as theirs:
                        theirs.check()
                        for record in self._compare_pair(name, ours, theirs, peer_end):
                            yield {**record, **common}
                except PeerError as error:
                    yield {"kind": "wrong" if error.peer is self.ours else "skipped", **common, "reason": str(error)}
                    if error.peer is self.ours:
                        return

    def _compare_pair(self, name: str, ours: Workers, theirs: Workers, end: float) -> Iterator[Record]:
        """Yield the records of one peer; the workers of both sides have opened their networks."""
        sides = dict(zip(SIDES, (ours, theirs), strict=True))
        alternating = [worker for pair in zip(ours.workers, theirs.workers, strict=True) for worker in pair]
        versions = [side.workers[0].request("versions", names=side.peer.versions) for side in (ours, theirs)]
        common = {
            "versions": joint_versions(*versions),
            "import": {side: workers.imports[0] for side, workers in sides.items()},
        }
        any_equal = False
        for batch in theirs.opened:
            start = time.monotonic()
            opened = {side: workers.opened[batch] for side, workers in sides.items()}
            reason = disagreement([*opened["ours"], *opened["theirs"]], theirs.peer.equal_labels)
            if reason:
                yield {"kind": "wrong", "batch": batch, "reason": reason, **common}
                continue
            any_equal = True
            request = {"name": name, "batch": batch, "seconds": self.seconds}
            responses = self._alternate(alternating, "time_steps", 1, end, **request)
            record = self._training_record(batch, opened, responses)
            yield {**record, **common, "took_s": round(time.monotonic() - start, 1)}
        if any_equal:
            responses = self._alternate(alternating, "time_inference", 0, -math.inf, name=name)
            times = [[response["seconds"] * 1e3 for response in rounds] for rounds in responses]
            compared = compare_times(times, self.threads, UNITS["inference"])
            yield {"kind": "inference", "images": responses[0][0]["images"], **compared, **common}

    def _training_record(
        self, batch: int, opened: Mapping[str, list[Record]], responses: Sequence[Sequence[Record]]
    ) -> Record:
        """Return the record of a batch, from the responses of the workers of both sides, alternating."""
        times = [[response["seconds"] / response["steps"] * 1e6 for response in rounds] for rounds in responses]
        record = {"kind": "training", "batch": batch, **compare_times(times, self.threads, UNITS["training"])}
        for index, side in enumerate(SIDES):
            record[side] |= {
                "epoch_s": record[side]["us_median"] * (EXAMPLES // batch) / 1e6,
                "first_step": [response["first_step"] for response in opened[side]],
                "peak_mb": [rounds[-1]["peak_mb"] for rounds in responses[index::2]],
            }
        return record | {"costs": {side: opened[side][0]["costs"] for side in SIDES}}

    def _alternate(
        self, workers: Sequence[Worker], method: str, warm_up: int, end: float, **request: Any
    ) -> list[list[Record]]:
        """Return the responses of each worker, asked in turn: `rounds` of them, after `end` as few as `MIN_ROUNDS`.

        The first `warm_up` rounds are left out.
        """
        responses: list[list[Record]] = [[] for _ in workers]
        for round_ in range(self.rounds + warm_up):
            if round_ >= MIN_ROUNDS + warm_up and time.monotonic() > end:
                break
            for worker, rounds in zip(workers, responses, strict=True):
                time.sleep(PAUSE)
                rounds.append(worker.request(method, **request))
        return [rounds[warm_up:] for rounds in responses]
