"""A worker: its limits, and the errors of the process behind it."""

import sys

import numpy as np
import pytest

from benchmarks.data import write_data
from benchmarks.peers import Peer
from benchmarks.worker import PeerError, Worker, process_variables

FAKE = Peer("fake", "A fake peer", "tests.benchmarks.fake_peer")


@pytest.fixture
def worker(tmp_path):
    data = np.zeros((20, 784)), np.zeros(20)
    write_data(tmp_path, training=data, test=data, check=data)
    with Worker(FAKE, 1, sys.executable, tmp_path) as made:
        made.receive()
        yield made


def test_every_library_is_limited_to_the_number_of_threads(tmp_path):
    variables = process_variables(2, tmp_path)
    assert {variables[f"{name}_NUM_THREADS"] for name in ("OMP", "MKL", "OPENBLAS", "NUMBA")} == {"2"}
    assert variables["NETWORK3_THREADS"] == "2"


def test_an_error_names_the_peer_the_cause_and_the_command(worker):
    with pytest.raises(PeerError, match="fake at 1 threads: expected a response; got KeyError: 'nothing'") as error:
        worker.request("open_network", name="nothing", batch=10)
    assert f"python -m benchmarks.worker_program {FAKE.module}" in str(error.value)


def test_a_dead_process_is_an_error(worker):
    worker.process.kill()
    with pytest.raises(PeerError, match="no response"):
        worker.request("versions", names=[])


def test_a_slow_response_is_an_error(worker):
    worker.timeout = 0.1
    with pytest.raises(PeerError, match=r"no response within 0\.1 s"):
        worker.receive()
