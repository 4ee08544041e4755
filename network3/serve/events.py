"""What happened in a training, as a log that any number of pages follow, each at its own speed."""

import asyncio
import json
import math
import threading
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

MOST = 20_000  # events kept for pages that join later
POLL = 0.1  # seconds between looks for news: waking the server from the training's thread would cost that more
HEARTBEAT = 15.0  # seconds without an event after which a follower is written to, to find out whether it is there


@dataclass(frozen=True)
class Event:
    """One line of the log.

    Attributes
    ----------
    number : int
        From 1, without gaps.
    kind : str
    data : str
        Values by name, as JSON.
    """

    number: int
    kind: str
    data: str


class EventLog:
    """Events that one thread publishes and others follow; a slow or lost follower holds up nobody.

    Attributes
    ----------
    followers : int
        The number of those that follow.
    """

    def __init__(self, most: int = MOST) -> None:
        self._events: deque[Event] = deque(maxlen=most)
        self._last = 0
        self._lock = threading.Lock()
        self.followers = 0
        self._closed = False

    def publish(self, kind: str, **values: Any) -> None:
        """Append an event; values that JSON does not have, NaN and infinity, become null."""
        data = json.dumps(_finite(values), separators=(",", ":"))
        with self._lock:
            self._last += 1
            self._events.append(Event(self._last, kind, data))

    def clear(self) -> None:
        """Forget all events: a new training begins. Numbers go on."""
        with self._lock:
            self._events.clear()

    def close(self) -> None:
        """End all followers."""
        self._closed = True

    def after(self, number: int) -> list[Event]:
        """Return the events with greater numbers; all if there is no such number yet, as in a log before this one."""
        with self._lock:
            last = number if number <= self._last else 0
            return [event for event in self._events if event.number > last]

    async def follow(self, number: int = 0, heartbeat: float = HEARTBEAT) -> AsyncIterator[list[Event]]:
        """Yield the events after `number` as they come, several at once if there are; none as a sign of life."""
        self.followers += 1  # in the thread of the server's loop only
        silent = 0.0
        try:
            while True:
                closed, events = self._closed, self.after(number)
                if events:
                    number, silent = events[-1].number, 0.0
                    yield events
                elif closed:
                    return
                elif silent >= heartbeat:
                    silent = 0.0
                    yield []
                else:
                    await asyncio.sleep(POLL)
                    silent += POLL
        finally:
            self.followers -= 1


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
