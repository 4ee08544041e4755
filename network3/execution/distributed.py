"""Several processes that train together find each other, before JAX joins them.

JAX ends a process without a word to Python where another never comes. So they meet first: the one with number 0
listens at the address that JAX will use, the others tell it their numbers, and all hear who is missing.
"""

import os
import socket
import sys
import time
from contextlib import suppress

from network3.layers.checks import error_message, integer, real

from .device import use

ADDRESS, COUNT, NUMBER = "JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID"
WHO = "join_processes"
HELLO, ALL_HERE = b"network3 ", b"all here\n"


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
        How many processes there are; default ``JAX_NUM_PROCESSES``.
    number : int in [0, count), optional
        Which one this is; default ``JAX_PROCESS_ID``. Without any of the three, JAX asks Slurm, Open MPI or
        Kubernetes, whichever started the process.
    timeout : float > 0, seconds, default 300

    Raises
    ------
    ValueError
        One of the three that is missing or wrong.
    TimeoutError
        A process that did not come; says which.
    RuntimeError
        No JAX; says what to install.
    """
    use(backend="jax")
    import jax

    given = {ADDRESS: address, COUNT: count, NUMBER: number}
    known = {name: os.environ.get(name) if value is None else value for name, value in given.items()}
    timeout = real(f"{WHO}: timeout", timeout, least=0.0)
    if all(value is None for value in known.values()):
        jax.distributed.initialize(initialization_timeout=max(1, int(timeout)))
        return
    missing = [name for name, value in known.items() if value is None]
    if missing:
        hint = f"Set {' and '.join(missing)} as well."
        raise ValueError(error_message(WHO, f"expected {ADDRESS}, {COUNT} and {NUMBER}", f"no {missing[0]}", hint))
    count = _number(COUNT, known[COUNT], least=1)
    number = _number(NUMBER, known[NUMBER], least=0)
    if number >= count:
        hint = f"Number them 0 to {count - 1}."
        raise ValueError(
            error_message(f"{WHO}: {NUMBER}", f"expected a number below the {count} processes", number, hint)
        )
    meet(_host_and_port(str(known[ADDRESS])), count, number, timeout)
    jax.distributed.initialize(str(known[ADDRESS]), count, number, initialization_timeout=max(1, int(timeout)))


def asked_to_join() -> bool:
    """Whether the environment says that this process is one of several."""
    return ADDRESS in os.environ


def first_process() -> bool:
    """Whether this is the process that prints and saves: the only one, or the one with number 0."""
    jax = sys.modules.get("jax")
    return jax is None or not jax.distributed.is_initialized() or jax.process_index() == 0


def meet(where: tuple[str, int], count: int, number: int, timeout: float) -> None:
    """Return once all processes have called it; raise TimeoutError with the numbers of those that have not."""
    late = time.monotonic() + timeout
    if number == 0:
        _listen(where, count, late, timeout)
    else:
        _report(where, number, late, timeout)


def _listen(where, count: int, late: float, timeout: float) -> None:
    heard: dict[int, socket.socket] = {}
    try:
        with _server(where) as server:
            while len(heard) < count - 1 and time.monotonic() < late:
                server.settimeout(max(0.01, late - time.monotonic()))
                try:
                    other, _ = server.accept()
                except TimeoutError:
                    continue
                caller = _caller(other)
                if caller in range(1, count) and caller not in heard:
                    heard[caller] = other
                else:
                    other.close()
        absent = [str(k) for k in range(1, count) if k not in heard]
        answer = b"missing: " + ", ".join(absent).encode() + b"\n" if absent else ALL_HERE
        for other in heard.values():
            with suppress(OSError):  # one that has gone since
                other.sendall(answer)
                other.makefile("rb").read(1)  # until it hangs up: then the port is free at once
    finally:
        for other in heard.values():
            other.close()
    if absent:
        raise _absent(count, ", ".join(absent), timeout)


def _caller(other: socket.socket) -> int:
    """Return the number that a process tells; 0 for a stranger."""
    other.settimeout(5)
    try:
        line = other.makefile("rb").readline(32)
    except OSError:
        return 0
    said = line.removeprefix(HELLO).strip()
    return int(said) if line.startswith(HELLO) and said.isdigit() else 0


def _server(where) -> socket.socket:
    try:
        return socket.create_server(("", where[1]))
    except OSError as error:
        got = f"port {where[1]} ({error.strerror})"
        hint = "Choose another, the same for all processes."
        raise OSError(error_message(f"{WHO}: {ADDRESS}", "expected a port to listen at", got, hint)) from None


def _report(where, number: int, late: float, timeout: float) -> None:
    while True:
        answer = b""
        try:
            with socket.create_connection(where, timeout=max(0.01, late - time.monotonic())) as server:
                server.sendall(HELLO + str(number).encode() + b"\n")
                server.settimeout(max(0.01, late - time.monotonic()) + 5)
                answer = server.makefile("rb").readline(1000)
        except OSError:  # nobody there yet
            pass
        if answer == ALL_HERE:
            return
        if answer:
            raise _absent(None, answer.decode(errors="replace").removeprefix("missing: ").strip(), timeout)
        if time.monotonic() > late:
            host = f"{where[0]}:{where[1]}"
            expected = f"process {number} expected process 0 at {host} within {timeout:g} s"
            hint = f"Start process 0 there with {NUMBER}=0, or correct {ADDRESS}."
            raise TimeoutError(error_message(WHO, expected, "nobody", hint))
        time.sleep(0.2)


def _absent(count: int | None, absent: str, timeout: float) -> TimeoutError:
    expected = f"expected {'all' if count is None else f'all {count}'} processes within {timeout:g} s"
    hint = f"Start them with {NUMBER}={absent.split(',')[0]} and so on, or lower {COUNT}."
    return TimeoutError(error_message(WHO, expected, f"none with the number {absent}", hint))


def _number(name: str, value, least: int) -> int:
    return integer(f"{WHO}: {name}", int(value) if isinstance(value, str) and value.isdecimal() else value, least=least)


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        hint = "Write e.g. 10.0.0.1:12345, where process 0 can listen."
        raise ValueError(error_message(f"{WHO}: {ADDRESS}", "expected host:port", repr(address), hint))
    return host.strip("[]"), int(port)
