"""The server's addresses, below its token, as a Starlette application."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from network3.layers.checks import error_message, shown

from . import chapters
from .commands import Commands, only
from .events import EventLog
from .guard import App, Guard, TooLargeError
from .page import examples
from .session import Session, StateError

STATIC = Path(__file__).parent / "static"
MOST_PAGES = 32  # that follow the events at once
MALFORMED = (ValueError, RecursionError, UnicodeDecodeError)
CODES: dict[tuple[type[Exception], ...], int] = {
    (StateError,): 409,
    (TooLargeError, MemoryError): 413,
    (OSError,): 507,
    (ValueError, TypeError, NotImplementedError): 400,
}
Function = Callable[..., Any]


def application(session: Session, commands: Commands, token: str) -> App:
    """Return the application of a server.

    Parameters
    ----------
    session : Session
        The training that all its pages show.
    commands : Commands
        What the pages can ask for.
    token : str
        The first part of all its paths.
    """
    answers = Answers(session, commands)
    posts: dict[str, Function] = {
        "compose": commands.compose,
        "start": commands.start,
        "pause": commands.pause,
        "resume": commands.resume,
        "stop": commands.stop,
        "rates": commands.rates,
        "save": commands.save,
        "chapter4/bumps": lambda given: chapters.bumps(**only(given, "pairs", "steepness")),
        "chapter4/fit": lambda given: chapters.fit(**only(given, "neurons", "seed")),
        "chapter5/gradients": lambda given: chapters.gradients(
            **only(given, "layers", "activation", "initializer", "epochs")
        ),
        "chapter5/explode": lambda given: chapters.explode(**only(given, "weight", "length")),
    }
    gets: dict[str, Function] = {
        "catalogue": commands.catalogue.rows,
        "examples": examples,
        "state": session.state,
        "network": commands.network,
        "weights": commands.weights,
        "errors": lambda: {"errors": session.errors},
    }
    routes = [
        Route("/", answers.page),
        Route("/events", answers.events),
        Route("/page.html", answers.exported),
        *(Route(f"/{path}", _getting(function)) for path, function in gets.items()),
        *(Route(f"/{path}", _posting(function), methods=["POST"]) for path, function in posts.items()),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    handlers: dict[Any, Any] = {HTTPException: _refused, Exception: _failed}
    return Guard(Starlette(routes=routes, exception_handlers=handlers), token)


@dataclass(frozen=True)
class Answers:
    """The answers that are no JSON."""

    session: Session
    commands: Commands

    async def page(self, request: Request) -> Response:
        """Return the page."""
        return FileResponse(STATIC / "live.html", media_type="text/html")

    async def exported(self, request: Request) -> Response:
        """Return the network as one file to keep, see `network3.serve.page`."""
        try:
            text, name = await run_in_threadpool(self.commands.exported)
        except Exception as error:
            return _error(error)
        return HTMLResponse(text, headers={"content-disposition": f'attachment; filename="{name}.html"'})

    async def events(self, request: Request) -> Response:
        """Return the events as they come, from the one after Last-Event-ID on."""
        if self.session.log.followers >= MOST_PAGES:
            expected, got = f"expected at most {MOST_PAGES} pages", "one more"
            return _json({"error": error_message("serve", expected, got, "Close some of them.")}, 503)
        last = request.headers.get("last-event-id", "0")
        number = int(last) if last.isdecimal() and len(last) < 16 else 0
        return StreamingResponse(_lines(self.session.log, number), media_type="text/event-stream")


async def _lines(log: EventLog, number: int) -> AsyncIterator[str]:
    yield "retry: 1000\n\n"
    async for events in log.follow(number):
        yield "".join(f"id: {e.number}\nevent: {e.kind}\ndata: {e.data}\n\n" for e in events) or ": alive\n\n"


def _getting(function: Function) -> Function:
    async def answer(request: Request) -> Response:
        try:
            return _json(await run_in_threadpool(function))
        except Exception as error:
            return _error(error)

    return answer


def _posting(function: Function) -> Function:
    async def answer(request: Request) -> Response:
        try:
            given = _parsed(await request.body(), request.headers.get("content-type", ""))
            return _json(await run_in_threadpool(function, given) or {})
        except Exception as error:
            return _error(error)

    return answer


def _parsed(body: bytes, kind: str) -> dict[str, Any]:
    """Return the object in a body; other sites' forms cannot send this content type without being asked first."""
    if kind.partition(";")[0].strip().lower() != "application/json":
        expected, hint = "expected a body of type application/json", "Set the header Content-Type."
        raise ValueError(error_message("serve", expected, shown(kind), hint))
    try:
        given = json.loads(body, parse_constant=_refuse_constant)
    except MALFORMED:
        given = None
    if not isinstance(given, dict):
        got = "something else" if given is None else shown(given)
        raise ValueError(error_message("serve", "expected a JSON object", got, "Write e.g. {}."))
    return given


def _refuse_constant(name: str) -> None:
    raise ValueError(error_message("serve", "expected JSON", name, "It has no NaN and no infinity."))


def _error(error: Exception) -> Response:
    """Return the answer to an error of use; another is raised again, see `_failed`."""
    for kinds, code in CODES.items():
        if isinstance(error, kinds):
            return _json({"error": str(error)}, code)
    raise error


async def _refused(request: Request, error: Exception) -> Response:
    code = getattr(error, "status_code", 400)
    expected, hint = "expected an address of the page", "Open the printed address."
    got = f"{request.method} {shown(request.url.path)}"
    return _json({"error": error_message("serve", expected, got, hint)}, code)


async def _failed(request: Request, error: Exception) -> Response:
    return _json({"error": f"unexpected {type(error).__name__}: {error}"}, 500)


def _json(value: Any, code: int = 200) -> Response:
    return JSONResponse(value, code)
