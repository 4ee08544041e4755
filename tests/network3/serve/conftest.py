"""A server without a network: sessions on small data, and requests by Starlette's test client."""

import numpy as np
import pytest
from starlette.testclient import TestClient

from network3 import FullyConnectedLayer, SoftmaxLayer
from network3.serve.application import application
from network3.serve.commands import Commands
from network3.serve.events import EventLog
from network3.serve.plans import Catalogue
from network3.serve.session import Session

TOKEN = "a-token-of-the-tests"
ADDRESS = "http://127.0.0.1:8000"


class SmallRun:
    """A run with the attributes that are used of the catalogue's."""

    name, row, description = "small", "6.1", "one hidden layer"
    training = {"epochs": 3, "mini_batch_size": 10, "eta": 0.5, "lmbda": 0.1}  # noqa: RUF012
    methods: dict = {}  # noqa: RUF012
    cost = None
    data, image_counts = "mnist", (400, 100)

    @staticmethod
    def layers(batch):
        return [FullyConnectedLayer(784, 12), SoftmaxLayer(12, 10)]


def small_data(run=None):
    """Return images of which the brightest of ten rows is the digit."""
    rng = np.random.default_rng(0)
    sets = []
    for count in (400, 100, 100):
        labels = rng.integers(0, 10, count).astype("int32")
        images = rng.integers(0, 40, (count, 28, 28)).astype("uint8")
        images[np.arange(count), 2 * labels + 3] = 220
        sets.append((images.reshape(count, 784), labels))
    return sets


@pytest.fixture
def catalogue():
    return Catalogue({"small": SmallRun()}, small_data)


@pytest.fixture
def session():
    session = Session(EventLog())
    yield session
    session.close()


@pytest.fixture
def commands(session, catalogue, tmp_path):
    return Commands(session, catalogue, tmp_path / "runs")


@pytest.fixture
def app(session, commands):
    return application(session, commands, TOKEN)


@pytest.fixture
def client(app):
    """A client whose paths begin after the token."""
    with TestClient(app, base_url=f"{ADDRESS}/{TOKEN}", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def waits(session):
    """Return a function that waits until the log has an event for which a condition holds."""
    import json
    import time

    def wait(kind, condition=lambda values: True, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for event in session.log.after(0):
                values = json.loads(event.data)
                if event.kind == kind and condition(values):
                    return values
            time.sleep(0.01)
        raise AssertionError(f"no {kind} event; got {[(e.kind, e.data[:200]) for e in session.log.after(0)][-5:]}")

    return wait
