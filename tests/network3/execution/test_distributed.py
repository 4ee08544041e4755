"""Processes meet before JAX joins them: all come, or it is told which did not; what the environment must say."""

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

import network3
from network3.execution.distributed import first_process, meet


@pytest.fixture
def where():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()


def meeting(where, count, numbers, timeout):
    """Return what `meet` raised for each number, or None, all at once in threads."""

    def one(number):
        try:
            meet(where, count, number, timeout)
        except TimeoutError as error:
            return str(error)

    with ThreadPoolExecutor() as pool:
        return list(pool.map(one, numbers))


def test_all_come_in_any_order(where):
    assert meeting(where, 4, [2, 0, 3, 1], 20) == [None] * 4
    assert meeting(where, 2, [1, 0], 20) == [None] * 2  # at the same port, at once


def test_one_alone_has_nobody_to_wait_for(where):
    assert meeting(where, 1, [0], 20) == [None]


def test_all_hear_who_did_not_come(where):
    first, third = meeting(where, 4, [0, 2], 1.5)
    assert first == (
        "join_processes: expected all 4 processes within 1.5 s; got none with the number 1, 3. Start them with "
        "JAX_PROCESS_ID=1 and so on, or lower JAX_NUM_PROCESSES."
    )
    assert third.startswith("join_processes: expected all processes within 1.5 s; got none with the number 1, 3. Start")


def test_a_first_one_that_does_not_come_is_told(where):
    (told,) = meeting(where, 2, [1], 0.5)
    assert told == (
        f"join_processes: process 1 expected process 0 at 127.0.0.1:{where[1]} within 0.5 s; got nobody. "
        "Start process 0 there with JAX_PROCESS_ID=0, or correct JAX_COORDINATOR_ADDRESS."
    )


def test_a_stranger_is_nobody(where):
    def stranger():
        for text in (b"GET / HTTP/1.1\r\n\r\n", b"", b"network3 x\n", b"a" * 1000):
            for _ in range(100):
                try:
                    with socket.create_connection(where, timeout=1) as one:
                        one.sendall(text)
                    break
                except ConnectionError:
                    pass

    with ThreadPoolExecutor() as pool:
        found = pool.submit(meeting, where, 3, [0, 1], 3)
        stranger()
        assert "got none with the number 2." in found.result()[0]


def test_a_port_in_use_is_told(where):
    with socket.create_server(("", where[1])):
        expected = (
            rf"^join_processes: JAX_COORDINATOR_ADDRESS: expected a port to listen at; got port {where[1]} \(.*\)\. Ch"
        )
        with pytest.raises(OSError, match=expected):
            meet(where, 2, 0, 1)


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (
            ("10.0.0.1:1", None, "0"),
            r"expected JAX_COORDINATOR_ADDRESS, .*; got no JAX_NUM_PROCESSES\. Set JAX_NUM_PRO",
        ),
        ((None, "2", None), r".*got no JAX_COORDINATOR_ADDRESS\. Set JAX_COORDINATOR_ADDRESS and JAX_PROC"),
        (
            ("10.0.0.1:1", "2", "2"),
            r"JAX_PROCESS_ID: expected a number below the 2 processes; got 2\. Number them 0 to 1\.",
        ),
        (("10.0.0.1:1", "two", "0"), r"JAX_NUM_PROCESSES: expected .*; got 'two'\."),
        (("10.0.0.1:1", "0", "0"), r"JAX_NUM_PROCESSES: expected .*; got 0\."),
        (("10.0.0.1", "2", "0"), r"JAX_COORDINATOR_ADDRESS: expected host:port; got '10\.0\.0\.1'\. Write e\.g\."),
        (("10.0.0.1:99999", "2", "0"), r"JAX_COORDINATOR_ADDRESS: expected host:port; got '10\.0\.0\.1:99999'"),
    ],
)
def test_an_environment_that_says_too_little(monkeypatch, environment, message):
    for name, value in zip(("COORDINATOR_ADDRESS", "NUM_PROCESSES", "PROCESS_ID"), environment, strict=True):
        monkeypatch.delenv(f"JAX_{name}", raising=False)
        if value is not None:
            monkeypatch.setenv(f"JAX_{name}", value)
    with pytest.raises((ValueError, TypeError), match=f"^join_processes: {message}"):
        network3.join_processes()


def test_a_process_alone_is_the_first():
    assert first_process()
