"""Long calls in pieces of about a tenth of a second, between which Python handles signals."""

import time
from collections.abc import Iterator

SHORT, LONG, MOST = 0.08, 0.25, 256  # seconds of a piece, and its largest size


class Pieces:
    """Divides numbers of steps into pieces, whose size follows the time that those before took."""

    def __init__(self) -> None:
        self._size = 1

    def of(self, count: int) -> Iterator[slice]:
        """Yield slices that together are ``range(count)``; each is timed until the next one is asked for."""
        done = 0
        while done < count:
            piece, start = slice(done, min(count, done + self._size)), time.perf_counter()
            yield piece
            done, seconds = piece.stop, time.perf_counter() - start
            if seconds > LONG:
                self._size = max(1, self._size // 2)
            elif seconds < SHORT:
                self._size = min(MOST, 2 * self._size)
