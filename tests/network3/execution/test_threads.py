"""Training in several threads: the same bits as in one, in threads, forked children and fresh processes too."""

import os
import pickle
import signal
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import network3
from network3 import ConvPoolLayer, FullyConnectedLayer, Network, ReLU, SoftmaxLayer
from network3.layers.backends.cpu.threads import team, thread_pool
from network3.layers.backends.cpu.threads.work_queue import HELPERS, QUEUE

LIMIT = 120  # seconds, after which a child counts as stuck
ETA, LMBDA = 0.1, 0.5


def new_net(p_dropout=0.0):
    """Batches of 10: large enough for products, windows and sums to be cut into parts."""
    rng = np.random.default_rng(17)
    layers = [
        ConvPoolLayer((3, 1, 5, 5), (10, 1, 12, 12), (2, 2), ReLU, rng=rng),
        FullyConnectedLayer(48, 200, network3.sigmoid, p_dropout, rng=rng),
        SoftmaxLayer(200, 10, p_dropout, rng=rng),
    ]
    return Network(layers, 10)


def drawn():
    rng = np.random.default_rng(18)
    return rng.random((300, 144)), rng.integers(0, 10, 300)


def bits(net):
    return [w.tobytes() for w in net.get_weights()]


class Trained:
    """A network, trained from its first weights whenever asked."""

    def __init__(self, floatX, p_dropout=0.0):
        network3.use("cpu", floatX, backend="network3")
        self.net = new_net(p_dropout)
        self.first, self.data = self.net.get_weights(), drawn()

    def bits(self):
        """Train anew; return the bits of the weights and of the costs."""
        self.net.set_weights(self.first)
        history = self.net.SGD(self.data, 3, 10, ETA, self.data, lmbda=LMBDA, shuffle=True, seed=5)
        return [*bits(self.net), np.array([history.cost, history.validation_accuracy]).tobytes()]


@pytest.fixture(params=[("float32", 0.5), ("float64", 0.0)], ids=["float32, dropout", "float64"], scope="module")
def parameters(request):
    return request.param


trained_by_parameters: dict[tuple, Trained] = {}


@pytest.fixture
def trained(parameters):
    """One network a type, which keeps its compiled functions."""
    if parameters not in trained_by_parameters:
        trained_by_parameters[parameters] = Trained(*parameters)
    network3.use("cpu", parameters[0], backend="network3")
    return trained_by_parameters[parameters]


@pytest.fixture(autouse=True)
def two_threads(monkeypatch):
    monkeypatch.setattr(team, "processors", lambda: 16)  # threads are not fewer on a small machine
    monkeypatch.setenv("NETWORK3_THREADS", "2")
    yield
    assert QUEUE.words[HELPERS] == 0


def test_the_same_bits_in_one_thread_and_in_more(trained, monkeypatch):
    monkeypatch.setenv("NETWORK3_THREADS", "1")
    alone = trained.bits()
    for threads in ("2", "3", "7", "1"):
        monkeypatch.setenv("NETWORK3_THREADS", threads)
        assert trained.bits() == alone


def test_two_networks_trained_at_once(parameters, trained):
    network3.use("cpu", parameters[0], backend="network3")
    pair = [trained, Trained(*parameters)]
    pair[1].first = [w[..., ::-1].copy() for w in pair[1].first]
    expected = [each.bits() for each in pair]
    got = [[], []]
    start = threading.Barrier(2)

    def work(k):
        start.wait()
        for _ in range(3):
            got[k].append(pair[k].bits())

    workers = [threading.Thread(target=work, args=(k,)) for k in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(LIMIT)
    assert got == [[each] * 3 for each in expected]


def from_child(work):
    """Return what `work` returns in a forked child; the child is ended if it gets stuck."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "result")
        child = os.fork()
        if child == 0:
            try:
                file.write_bytes(pickle.dumps(work()))
                os._exit(0)
            finally:
                os._exit(1)
        end = time.monotonic() + LIMIT
        done = 0
        while not done and time.monotonic() < end:
            time.sleep(0.01)
            done, status = os.waitpid(child, os.WNOHANG)
        if not done:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            pytest.fail("the child is stuck")
        assert os.waitstatus_to_exitcode(status) == 0
        return pickle.loads(file.read_bytes())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork")
def test_in_a_forked_child(trained):
    """After the parent has trained, and while helpers are there that the child has not."""
    expected = trained.bits()
    assert from_child(trained.bits) == expected
    with thread_pool():
        assert from_child(trained.bits) == expected
    assert trained.bits() == expected


def test_helpers_are_there_while_a_network_trains_and_gone_between(trained):
    """Callbacks and what comes afterwards have the processors for themselves."""
    seen = []
    trained.net.set_weights(trained.first)
    look = [lambda progress: seen.append(int(QUEUE.words[HELPERS]))]
    trained.net.SGD(trained.data, 2, 10, ETA, trained.data, lmbda=LMBDA, callbacks=look)
    assert seen == [0] * 4
