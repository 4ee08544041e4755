"""A peer's workers, one for each number of threads, and how they open their networks side by side."""

import time
from collections.abc import Sequence
from concurrent.futures import Executor, Future, wait
from contextlib import ExitStack
from typing import Any

from benchmarks.child import PATIENCE, Child
from benchmarks.peers import Peer

Record = dict[str, Any]


class Team(ExitStack):
    """The workers of `peer`, in the order of `threads`; a context manager that ends them.

    Parameters
    ----------
    peer : Peer
    threads : sequence of int
    python, folder, module
        As for `benchmarks.child.Child`.
    """

    def __init__(self, peer: Peer, threads: Sequence[int], python, folder, module: str | None = None):
        super().__init__()
        self.peer = peer
        self.children = [self.enter_context(Child(peer, n, python, folder, module=module)) for n in threads]
        self.imports: list[Record] = []
        self.opened: dict[int, list[Record]] = {}
        self._openings: list[Future] = []

    def open(self, pool: Executor, name: str, batches: Sequence[int], until: float, **changes: Any) -> None:
        """Begin to import the library, build the network at each batch and take a step; `check` waits.

        A library that keeps what it compiles on disk opens one worker after the other, so that the second finds the
        first one's cache; the others compile for each number of threads, all at once.

        Parameters
        ----------
        pool : Executor
            With a place for each core.
        name, batches, changes
            The configuration.
        until : float
            ``time.monotonic()`` after which a worker that is not ready is ended.
        """
        self.opened = {batch: [{} for _ in self.children] for batch in batches}
        every = list(enumerate(self.children))
        groups = [every] if self.peer.caches else [[one] for one in every]
        self._openings = [pool.submit(self._open, group, name, until, changes) for group in groups]

    def _open(self, group: list[tuple[int, Child]], name: str, until: float, changes: dict[str, Any]) -> None:
        for place, child in group:
            imported = child.receive()
            if not place:
                self.imports.append(imported)
            for turn, (batch, answers) in enumerate(self.opened.items()):
                child.patience = min(PATIENCE, max(1.0, until - time.monotonic()))
                answer = child.ask("open", name=name, batch=batch, predicted=not turn, **changes)
                step = {k: answer.pop(k) for k in ("first_step_s", "first_step_cpu_s")}
                step["cache"] = "warm" if self.peer.caches and place else "cold"
                answers[place] = answer | {"first_step": step}
            child.patience = PATIENCE

    def wait(self) -> None:
        """Wait for the end of `open`, good or bad."""
        wait(self._openings)

    def check(self) -> None:
        """Wait for the end of `open`.

        Raises
        ------
        PeerError
            A worker failed, or was too late.
        """
        for opening in self._openings:
            opening.result()
