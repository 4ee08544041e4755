"""Several processes of one training: each waits for the others, then JAX joins them.

JAX aborts a process, without an exception, if another one is missing at its time-out. So the processes meet first, at
the address that JAX uses afterwards: process 0 collects the numbers of the others, and all report who is missing.
"""

import os
import socket
import sys
import time
from contextlib import ExitStack, suppress

from network3.layers.checks import error_message, integer, real

from .device import use

ADDRESS, COUNT, NUMBER = "JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID"
WHO = "join_processes"
MISSING = b"missing: "


def join_processes(
    address: str | None = None, count: int | None = None, number: int | None = None, *, timeout: float = 300
) -> None:
    """Join the processes of one training, on one machine or on several, through ``jax.distributed``.

    Each process calls it before its first network, with the same address and count. Then networks are compiled by JAX,
    and ``Network.SGD`` trains on the devices of all processes; the one with number 0 prints and saves.

    Parameters
    ----------
    address : "host:port", optional
        Where process 0 listens; default the environment's ``JAX_COORDINATOR_ADDRESS``.
    count : int, >= 1, optional
        The number of processes; default ``JAX_NUM_PROCESSES``.
    number : int in [0, count), optional
        The number of this process; default ``JAX_PROCESS_ID``. Without any of the three, JAX asks Slurm, Open MPI or
        Kubernetes, whichever started the process.
    timeout : float > 0, seconds, default 300

    Raises
    ------
    ValueError
        One of the three is missing or wrong.
    TimeoutError
        Processes are missing; names them.
    OSError
        Process 0 cannot listen at the port.
    RuntimeError
        JAX is not installed; names what to install.

    Examples
    --------
    The first of two processes, on the machine 10.0.0.1:

    >>> join_processes("10.0.0.1:12345", count=2, number=0)  # doctest: +SKIP
    """
    use(backend="jax")
    import jax

    arguments = {ADDRESS: address, COUNT: count, NUMBER: number}
    given = {name: os.environ.get(name) if value is None else value for name, value in arguments.items()}
    timeout = real(f"{WHO}: timeout", timeout, least=0.0)
    if any(value is not None for value in given.values()):
        absent = [name for name, value in given.items() if value is None]
        if absent:
            hint = f"Set {' and '.join(absent)} as well."
            raise ValueError(error_message(WHO, f"expected {ADDRESS}, {COUNT} and {NUMBER}", f"no {absent[0]}", hint))
        count = _number(COUNT, given[COUNT], least=1)
        number = _number(NUMBER, given[NUMBER], least=0)
        if number >= count:
            expected, hint = f"expected a number below the {count} processes", f"Number them 0 to {count - 1}."
            raise ValueError(error_message(f"{WHO}: {NUMBER}", expected, number, hint))
        address = str(given[ADDRESS])
        meet(address, count, number, timeout)
    jax.distributed.initialize(address, count, number, initialization_timeout=max(1, int(timeout)))


def asked_to_join() -> bool:
    """Whether the environment makes this process one of several."""
    return ADDRESS in os.environ


def first_process() -> bool:
    """Whether this is the process that prints and saves: the only one, or the one with number 0."""
    jax = sys.modules.get("jax")
    return jax is None or not jax.distributed.is_initialized() or jax.process_index() == 0


def meet(address: str, count: int, number: int, timeout: float) -> None:
    """Return once all `count` processes have called this; raise TimeoutError with the numbers of the missing ones."""
    host, port = _host_and_port(address)
    deadline = time.monotonic() + timeout
    missing = _collect(port, count, deadline) if number == 0 else _report(host, port, number, deadline)
    if missing:
        expected = f"expected {count} processes at {address} within {timeout:g} s"
        hint = f"Start each with its {NUMBER} and this {ADDRESS}, or lower {COUNT}."
        raise TimeoutError(error_message(WHO, expected, f"none with the number {missing}", hint))


def _collect(port: int, count: int, deadline: float) -> str:
    """As process 0: receive the numbers of the others until the deadline; return the missing ones, and send them."""
    missing, connections = set(range(1, count)), []
    with ExitStack() as opened:
        with _server(port) as server:
            while missing and (left := deadline - time.monotonic()) > 0:
                server.settimeout(left)
                # The deadline, a lost connection, no number, or one that is not expected.
                with suppress(OSError, ValueError, KeyError):
                    connection = opened.enter_context(server.accept()[0])
                    connection.settimeout(5)
                    missing.remove(int(connection.makefile("rb").readline(32)))
                    connections.append(connection)
        names = ", ".join(str(number) for number in sorted(missing))
        for connection in connections:
            with suppress(OSError):
                connection.sendall(MISSING + names.encode() + b"\n")
                connection.recv(1)  # until the other end closes: then the port is free for JAX at once
    return names


def _server(port: int) -> socket.socket:
    try:
        return socket.create_server(("", port))
    except OSError as error:
        got, hint = f"port {port} ({error.strerror})", "Choose another, the same for all processes."
        raise OSError(error_message(f"{WHO}: {ADDRESS}", "expected a port to listen at", got, hint)) from None


def _report(host: str, port: int, number: int, deadline: float) -> str:
    """As another process: send the number to process 0 and return the missing ones that it answers."""
    while (left := deadline - time.monotonic()) > 0:
        with suppress(OSError), socket.create_connection((host, port), timeout=left) as connection:
            connection.sendall(b"%d\n" % number)
            connection.settimeout(left + 5)  # process 0 answers at a deadline of its own
            answer = connection.makefile("rb").readline()
            if answer.startswith(MISSING):
                return answer.removeprefix(MISSING).decode().strip()
        time.sleep(0.2)
    return "0"


def _number(name: str, value: object, least: int) -> int:
    return integer(f"{WHO}: {name}", int(value) if isinstance(value, str) and value.isdecimal() else value, least=least)


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        hint = "Write e.g. 10.0.0.1:12345, where process 0 can listen."
        raise ValueError(error_message(f"{WHO}: {ADDRESS}", "expected host:port", repr(address), hint))
    return host.strip("[]"), int(port)
