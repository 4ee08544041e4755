"""Processes meet before JAX joins them: all come, or each reports who is missing; and what the environment must set."""

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

import network3
from network3.execution.distributed import first_process, meet


@pytest.fixture
def port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def meeting(port, count, numbers, timeout):
    """Return the message that `meet` raised for each number, or None, all at once in threads."""

    def one(number):
        try:
            meet(f"127.0.0.1:{port}", count, number, timeout)
        except TimeoutError as error:
            return str(error)

    with ThreadPoolExecutor() as pool:
        return list(pool.map(one, numbers))


def test_all_come_in_any_order(port):
    assert meeting(port, 4, [2, 0, 3, 1], 20) == [None] * 4
    assert meeting(port, 2, [1, 0], 20) == [None] * 2  # at the same port, at once


def test_one_process_waits_for_no_other(port):
    assert meeting(port, 1, [0], 20) == [None]


@pytest.mark.parametrize(("present", "missing"), [([0, 2], "1, 3"), ([1], "0")])
def test_each_process_reports_who_is_missing(port, present, missing):
    expected = (
        f"join_processes: expected 4 processes at 127.0.0.1:{port} within 1.5 s; got none with the number {missing}. "
        "Start each with its JAX_PROCESS_ID and this JAX_COORDINATOR_ADDRESS, or lower JAX_NUM_PROCESSES."
    )
    assert meeting(port, 4, present, 1.5) == [expected] * len(present)


@pytest.mark.parametrize("text", [b"GET / HTTP/1.1\r\n\r\n", b"", b"3\n", b"a" * 1000])
def test_other_connections_are_ignored(port, text):
    def connect():
        for _ in range(100):
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1) as one:
                    one.sendall(text)
                return
            except ConnectionError:
                pass

    with ThreadPoolExecutor() as pool:
        found = pool.submit(meeting, port, 3, [0, 1], 1.5)
        connect()
        assert all("got none with the number 2." in message for message in found.result())


def test_a_port_in_use_is_reported(port):
    with socket.create_server(("", port)):
        expected = (
            rf"^join_processes: JAX_COORDINATOR_ADDRESS: expected a port to listen at; got port {port} \(.*\)\. Ch"
        )
        with pytest.raises(OSError, match=expected):
            meet(f"127.0.0.1:{port}", 2, 0, 1)


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
def test_incomplete_or_wrong_environments(monkeypatch, environment, message):
    for name, value in zip(("COORDINATOR_ADDRESS", "NUM_PROCESSES", "PROCESS_ID"), environment, strict=True):
        monkeypatch.delenv(f"JAX_{name}", raising=False)
        if value is not None:
            monkeypatch.setenv(f"JAX_{name}", value)
    with pytest.raises((ValueError, TypeError), match=f"^join_processes: {message}"):
        network3.join_processes()


def test_a_single_process_is_the_first():
    assert first_process()
