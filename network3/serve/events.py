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
    """Events that one thread publishes and others follow; a slow or lost follower holds up nobody."""

    def __init__(self, most: int = MOST) -> None:
        self._events: deque[Event] = deque(maxlen=most)
        self._last = 0
        self._lock = threading.Lock()
        self._followers: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._closed = False

    @property
    def followers(self) -> int:
        """The number of those that follow."""
        return len(self._followers)

    def publish(self, kind: str, **values: Any) -> None:
        """Append an event; values that JSON does not have, NaN and infinity, become null."""
        data = json.dumps(_finite(values), separators=(",", ":"))
        with self._lock:
            self._last += 1
            self._events.append(Event(self._last, kind, data))
            self._wake()

    def clear(self) -> None:
        """Forget all events: a new training begins. Numbers go on."""
        with self._lock:
            self._events.clear()

    def close(self) -> None:
        """End all followers."""
        with self._lock:
            self._closed = True
            self._wake()

    def after(self, number: int) -> list[Event]:
        """Return the events with greater numbers; all if there is no such number yet, as in a log before this one."""
        with self._lock:
            last = number if number <= self._last else 0
            return [event for event in self._events if event.number > last]

    async def follow(self, number: int = 0, heartbeat: float = HEARTBEAT) -> AsyncIterator[list[Event]]:
        """Yield the events after `number` as they come, several at once if there are; none as a sign of life."""
        news, loop = asyncio.Event(), asyncio.get_running_loop()
        with self._lock:
            self._followers[news] = loop
        try:
            while True:
                news.clear()
                events = self.after(number)
                if events:
                    number = events[-1].number
                    yield events
                    continue
                if self._closed:
                    return
                try:
                    await asyncio.wait_for(news.wait(), heartbeat)
                except TimeoutError:
                    yield []
        finally:
            with self._lock:
                del self._followers[news]

    def _wake(self) -> None:
        for news, loop in self._followers.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(news.set)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
