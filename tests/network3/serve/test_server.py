"""The server on a real port: its address, requests, pages that leave, and the end."""

import http.client
import json
import threading
import time

import pytest

import network3.serve.server as module
from network3.serve.extras import require
from network3.serve.server import listening, serve


class Running:
    """A server in a thread, and requests to it."""

    def __init__(self, catalogue, root):
        self.address = threading.Event()
        self.servers = []
        make = module.server_of

        def remembered(app, session):
            self.session = session
            self.servers.append(make(app, session))
            return self.servers[-1]

        module.server_of, keep = remembered, make
        self.restore = lambda: setattr(module, "server_of", keep)
        self.thread = threading.Thread(target=serve, args=[catalogue], kwargs={"root": root, "announce": self.begin})
        self.thread.start()
        assert self.address.wait(30)

    def begin(self, address):
        self.port, self.path = int(address.split(":")[2].split("/")[0]), "/" + address.split("/")[3]
        self.address.set()

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def request(self, method, path, body=None):
        connection = self.connect()
        headers = {"content-type": "application/json"} if method == "POST" else {}
        connection.request(method, self.path + path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        found = response.status, json.loads(response.read())
        connection.close()
        return found

    def events(self):
        """Return a response that goes on."""
        connection = self.connect()
        connection.request("GET", self.path + "/events")
        return connection, connection.getresponse()

    def stop(self):
        self.restore()
        self.servers[0].should_exit = True
        self.thread.join(30)
        assert not self.thread.is_alive()


@pytest.fixture
def running(catalogue, tmp_path):
    running = Running(catalogue, tmp_path)
    yield running
    running.stop()


def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_training_goes_on_when_its_page_leaves_in_the_middle(running):
    one, response = running.events()
    assert running.request("POST", "/start", {"run": "small", "settings": {"epochs": 1000}})[0] == 200
    while b"event: cost" not in response.readline():
        pass
    two, other = running.events()
    until(lambda: running.session.log.followers == 2)
    response.close()
    one.sock and one.close()  # in the middle of the stream
    until(lambda: running.session.log.followers == 1)
    assert running.request("GET", "/state")[1]["status"] == "running"
    while b"event: cost" not in other.readline():
        pass
    assert running.request("POST", "/stop", {})[0] == 200
    until(lambda: running.request("GET", "/state")[1]["status"] == "stopped")
    other.close()
    two.close()


def test_it_ends_while_pages_follow_and_a_training_runs(running):
    connection, response = running.events()
    running.request("POST", "/start", {"run": "small", "settings": {"epochs": 1000}})
    until(lambda: running.session.status == "running")
    running.stop()
    assert running.session.status == "stopped"
    assert b"event: state" in response.read()
    connection.close()


def test_it_listens_on_loopback_only():
    with listening(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_the_token_is_another_each_time(running, catalogue, tmp_path):
    other = Running(catalogue, tmp_path)
    other.stop()
    assert other.path != running.path
    assert len(other.path) >= 20


def test_a_port_in_use_is_reported(catalogue):
    with listening(0) as taken:
        port = taken.getsockname()[1]
        expected = f"serve: port: expected a free port; got {port}, which is in use. Choose another with --port"
        with pytest.raises(OSError, match=expected):
            serve(catalogue, port=port, announce=print)


@pytest.mark.parametrize("port", [-1, 70000, 10**30, "http", 1.5])
def test_what_is_no_port_is_reported(port):
    with pytest.raises((OSError, ValueError), match="serve: port: expected"):
        listening(port)


def test_a_missing_extra_is_named():
    with pytest.raises(
        ModuleNotFoundError, match=r"serve: expected starlette and no_such; got no no_such\. Install it"
    ):
        require("serve", "starlette", "no_such")
