"""Ctrl-C and SIGTERM wait while a process starts, and are blocked in the new process from the beginning."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from network3.experiments.signals import block_ctrl_c, signals_blocked_while_starting, unblock_ctrl_c

posix = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
BLOCKED = [sys.executable, "-S", "-c", "import signal; print(2 in signal.pthread_sigmask(signal.SIG_BLOCK, []))"]


def receive_elsewhere(number):
    """Receive the signal in another thread, as a thread of a library may while this one blocks it."""

    def receive():
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        signal.raise_signal(number)

    thread = threading.Thread(target=receive)
    thread.start()
    thread.join()


@pytest.fixture
def terminated():
    """Return a list of the SIGTERMs that a handler of the program received."""
    received = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: received.append(number))
    yield received
    signal.signal(signal.SIGTERM, before)


@posix
@pytest.mark.parametrize("send", [receive_elsewhere, signal.raise_signal])
def test_the_signals_wait_for_the_end_of_the_block(terminated, send):
    reached = []
    with pytest.raises(KeyboardInterrupt), signals_blocked_while_starting():  # noqa: PT012  (the signal may arrive in any line)
        send(signal.SIGINT)
        send(signal.SIGTERM)
        reached.append(list(terminated))
    assert (reached, terminated) == ([[]], [signal.SIGTERM])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@posix
def test_without_a_signal_nothing_happens_and_an_error_passes(terminated):
    with pytest.raises(ValueError, match="as it is"), signals_blocked_while_starting():
        raise ValueError("as it is")
    with signals_blocked_while_starting():
        pass
    assert terminated == []
    signal.raise_signal(signal.SIGTERM)
    assert terminated == [signal.SIGTERM]


@posix
def test_ctrl_c_is_blocked_in_a_process_that_starts_meanwhile():
    with signals_blocked_while_starting():
        inside = subprocess.run(BLOCKED, capture_output=True, text=True, check=True).stdout
    outside = subprocess.run(BLOCKED, capture_output=True, text=True, check=True).stdout
    assert (inside, outside) == ("True\n", "False\n")


def test_blocked_ctrl_c_arrives_after_unblocking():
    block_ctrl_c()
    if os.name == "posix":  # elsewhere it would be lost
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012  (the signal may arrive in any line)
        unblock_ctrl_c()
        signal.raise_signal(signal.SIGINT)


def test_outside_the_main_thread_no_handler_is_touched():
    seen = []

    def start():
        with signals_blocked_while_starting():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]
