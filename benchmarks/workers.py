"""The workers of one peer, one for each number of threads, which open their networks side by side."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future, wait
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from .peers import Peer
from .records import Record
from .worker import TIMEOUT, Worker


class Workers(ExitStack):
    """The workers of `peer`, in the order of `threads`; a context manager that ends them.

    Parameters
    ----------
    peer : Peer
    threads : sequence of int
    python, folder
        See `benchmarks.worker.Worker`.

    Attributes
    ----------
    workers : list of Worker
    imports : list of dict
        Import times, one for each worker that was the first of its group; see `open`.
    opened : dict
        By batch, the response of each worker to ``open_network``.
    """

    def __init__(self, peer: Peer, threads: Sequence[int], python: str | Path, folder: Path) -> None:
        super().__init__()
        self.peer = peer
        self.workers = [self.enter_context(Worker(peer, n, python, folder)) for n in threads]
        self.imports: list[Record] = []
        self.opened: dict[int, list[Record]] = {}
        self._openings: list[Future[None]] = []

    def open(self, pool: Executor, name: str, batches: Sequence[int], deadline: float, **changes: Any) -> None:
        """Start to import the library, build the network at each batch and take one step; `check` waits for the end.

        The workers of a library that caches compiled code on disk run one after the other, so that the second finds
        the first one's cache; the others compile for each number of threads, all at once.

        Parameters
        ----------
        pool : Executor
            With one thread for each core.
        name, batches, changes
            The configuration, the mini-batch sizes, and the fields of the configuration to change.
        deadline : float
            ``time.monotonic()`` after which a worker that is not ready is ended.
        """
        self.opened = {batch: [{} for _ in self.workers] for batch in batches}
        numbered = list(enumerate(self.workers))
        groups = [numbered] if self.peer.caches_on_disk else [[pair] for pair in numbered]
        self._openings = [pool.submit(self._open, group, name, deadline, changes) for group in groups]

    def _open(
        self, group: Sequence[tuple[int, Worker]], name: str, deadline: float, changes: Mapping[str, Any]
    ) -> None:
        for index, worker in group:
            import_times = worker.receive()
            if index == 0:
                self.imports.append(import_times)
            for turn, (batch, responses) in enumerate(self.opened.items()):
                worker.timeout = min(TIMEOUT, max(1.0, deadline - time.monotonic()))
                response = worker.request("open_network", name=name, batch=batch, predict=turn == 0, **changes)
                step = {key: response.pop(key) for key in ("first_step_s", "first_step_cpu_s")}
                step["cache"] = "warm" if self.peer.caches_on_disk and index else "cold"
                responses[index] = response | {"first_step": step}
            worker.timeout = TIMEOUT

    def wait(self) -> None:
        """Wait until `open` has ended, with or without errors."""
        wait(self._openings)

    def check(self) -> None:
        """Wait until `open` has ended.

        Raises
        ------
        PeerError
            A worker failed, or was not ready at the deadline.
        """
        for opening in self._openings:
            opening.result()
