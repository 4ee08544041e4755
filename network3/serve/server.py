"""The server itself: on loopback, at an address that has a random token."""

import errno
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from network3.layers.checks import error_message, integer
from network3.network import Network

from .events import EventLog
from .extras import require
from .plans import Catalogue
from .session import Session

if TYPE_CHECKING:
    import uvicorn

HOST = "127.0.0.1"
GRACE = 2  # seconds for requests under way when the server ends


def serve(
    catalogue: Catalogue,
    net: Network | None = None,
    name: str = "",
    *,
    port: int = 0,
    root: Path = Path("network3-runs"),
    announce: Callable[[str], None],
) -> Session:
    """Serve the page until Ctrl-C, and return the session as it ended.

    Parameters
    ----------
    catalogue : Catalogue
        The runs that the page offers.
    net : Network, optional
        What the page shows first.
    name : str
        Of that network, or of the run that the page proposes.
    port : int
        0 for any free one.
    root : Path
        The folder in which the page saves networks; it is made when something is saved.
    announce : callable
        Called with the address, before the first request.

    Raises
    ------
    OSError
        The port is in use, or may not be used.
    ModuleNotFoundError
        starlette or uvicorn is missing; names what to install.
    """
    require("serve", "starlette", "uvicorn")
    from .application import application
    from .commands import Commands

    with listening(port) as listener:
        session = Session(EventLog(), net, name)
        token = secrets.token_urlsafe(16)
        server = server_of(application(session, Commands(session, catalogue, root), token), session)
        announce(f"http://{HOST}:{listener.getsockname()[1]}/{token}/")
        try:
            server.run(sockets=[listener])
        except KeyboardInterrupt:  # that uvicorn raises again once it has ended
            pass
        finally:
            session.close()
    return session


def listening(port: int) -> socket.socket:
    """Return a socket that listens on loopback.

    Raises
    ------
    OSError, ValueError
        The port is in use, may not be used, or is no number of a port.
    """
    number = integer("serve: port", port, least=0)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # on Windows SO_REUSEADDR would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, number))
        listener.listen(64)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = "which is in use" if getattr(error, "errno", None) == errno.EADDRINUSE else str(error)
        hint = "Choose another with --port, or leave it out for any free one."
        raise OSError(error_message("serve: port", "expected a free port", f"{number}, {reason}", hint)) from None
    return listener


def server_of(app: Any, session: Session) -> "uvicorn.Server":
    """Return the server of an application; when it ends, pages that follow events do not hold it up."""
    import uvicorn

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            session.log.close()
            await super().shutdown(sockets)

    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,  # which would show the token
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    return Server(config)
