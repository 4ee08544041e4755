"""The border of the command line: every error becomes one clear line and an exit code, never a traceback."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

FAILED, INTERRUPTED, PIPE_CLOSED = 1, 130, 141  # as shells count them: 128 + the signal
EXPECTED = (ValueError, TypeError, OSError, RuntimeError, FloatingPointError, ImportError)


@contextmanager
def border() -> Iterator[None]:
    """Run a command; ``NETWORK3_DEBUG=1`` in the environment shows errors as tracebacks."""
    try:
        yield
        sys.stdout.flush()
    except typer.Exit:
        raise
    except KeyboardInterrupt as error:
        raise leave(str(error) or "interrupted.", INTERRUPTED) from None
    except BrokenPipeError:
        # The reader of the output has closed it; the interpreter must not try to flush it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(PIPE_CLOSED) from None
    except Exception as error:
        if os.environ.get("NETWORK3_DEBUG"):
            raise
        if isinstance(error, EXPECTED):
            raise leave(str(error), FAILED) from None
        message = f"unexpected {type(error).__name__}: {error}. Please report it; NETWORK3_DEBUG=1 shows the traceback."
        raise leave(message, FAILED) from None


def leave(message: str, code: int) -> typer.Exit:
    """Write `message`, in one line, to standard error, and return the exception to raise."""
    typer.echo(f"network3: {' '.join(message.split())}", err=True)
    return typer.Exit(code)


def program() -> str:
    """Return how this program was called, for messages: ``network3``, or ``python -m network3``."""
    words = sys.orig_argv
    return " ".join(words[: words.index("network3") + 1]) if "-m" in words and "network3" in words else "network3"
