"""The server's addresses: what they answer, to right and to wrong requests."""

import json

import numpy as np
import pytest

import network3
from network3.serve import application as module

SOFTMAX = [{"kind": "SoftmaxLayer"}]
PLAIN = {"content-type": "application/json"}


def post(client, path, values=None, code=200):
    response = client.post(path, json=values or {})
    assert response.status_code == code, response.text
    return response.json()


def events(client):
    """Return the events until the log is closed."""
    text = client.get("/events").text
    blocks = [dict(line.split(": ", 1) for line in block.splitlines() if ": " in line) for block in text.split("\n\n")]
    return [(block["event"], json.loads(block["data"]), int(block["id"])) for block in blocks if "data" in block]


def test_the_catalogue_has_the_runs_and_their_settings(client):
    (row,) = client.get("/catalogue").json()
    assert (row["name"], row["row"]) == ("small", "6.1")
    expected = {"epochs": 3, "mini_batch_size": 10, "eta": 0.5, "lmbda": 0.1, "images": 400, "seed": 0}
    assert row["settings"] == expected


def test_shapes_are_answered_while_a_network_is_put_together(client):
    layers = [{"kind": "ConvPoolLayer"}, *SOFTMAX]
    found = post(client, "/compose", {"layers": layers})["layers"]
    assert [row["shape"] for row in found] == [[20, 12, 12], [10]]
    assert "layer 0: kind" in post(client, "/compose", {"layers": [{"kind": "Dense"}]}, 400)["error"]


def test_a_training_from_the_start_to_a_saved_network(client, session, waits, tmp_path):
    post(client, "/start", {"run": "small", "settings": {"epochs": 1000}})
    waits("cost")
    post(client, "/pause")
    post(client, "/rates", {"eta": 0.125})
    saved = post(client, "/save", {"name": "mine"})
    net = network3.load(tmp_path / "runs" / "mine" / "model.safetensors")
    for one, two in zip(session.net.get_weights(), net.get_weights(), strict=True):
        np.testing.assert_array_equal(two, one)
    assert saved["folder"] == str(tmp_path / "runs" / "mine")
    again = post(client, "/save", {"name": "mine"})
    assert again["folder"] == str(tmp_path / "runs" / "mine-2")
    post(client, "/resume")
    waits("cost", lambda cost: cost["eta"] == 0.125)
    post(client, "/stop")
    waits("state", lambda state: state["status"] == "stopped")
    post(client, "/start", {"again": True, "settings": {"epochs": 1, "images": 100}})
    waits("state", lambda state: state["status"] == "finished")


def test_nothing_is_written_before_a_page_saves(client, waits, tmp_path):
    post(client, "/start", {"run": "small"})
    waits("state", lambda state: state["status"] == "finished")
    client.get("/network")
    assert list(tmp_path.iterdir()) == []


def test_network_and_weights_are_those_of_the_training(client, session, waits):
    assert client.get("/network").status_code == 409
    post(client, "/start", {"layers": SOFTMAX, "settings": {"epochs": 1, "images": 100}})
    waits("state", lambda state: state["status"] == "finished")
    described = client.get("/network").json()
    assert [layer["kind"] for layer in described["layers"]] == ["SoftmaxLayer"]
    assert described["facts"]["epochs"] == "1"
    assert client.get("/weights").json() == [layer["weights"] for layer in described["layers"]]


def test_two_pages_see_the_same_training(client, session, waits):
    post(client, "/start", {"run": "small"})
    waits("state", lambda state: state["status"] == "finished")
    session.close()
    one, two = events(client), events(client)
    assert one == two
    kinds = {kind for kind, _, _ in one}
    assert {"state", "cost", "epoch", "look"} <= kinds


def test_a_page_that_comes_back_gets_what_it_missed(client, session, waits):
    post(client, "/start", {"run": "small"})
    waits("state", lambda state: state["status"] == "finished")
    session.close()
    numbers = [number for _, _, number in events(client)]
    last = str(numbers[2])
    text = client.get("/events", headers={"last-event-id": last}).text
    assert [int(line[4:]) for line in text.splitlines() if line.startswith("id: ")] == numbers[3:]
    assert client.get("/events", headers={"last-event-id": "../"}).status_code == 200


def test_too_many_pages_are_refused(client, monkeypatch):
    monkeypatch.setattr(module, "MOST_PAGES", 0)
    response = client.get("/events")
    assert response.status_code == 503
    assert "Close some of them." in response.json()["error"]


@pytest.mark.parametrize(
    ("path", "values", "message"),
    [
        ("/start", {}, "expected one of run, layers, again; got none"),
        ("/start", {"run": "smal"}, "expected the name of a run; got 'smal'. Perhaps you meant \"small\"."),
        ("/start", {"run": "../small"}, "expected the name of a run"),
        ("/start", {"run": ["small"]}, "expected the name of a run"),
        ("/start", {"run": "small", "layers": SOFTMAX}, "got run and layers"),
        ("/start", {"run": "small", "settings": {"eta": -1}}, "training: eta: expected a finite number"),
        ("/start", {"run": "small", "settings": {"epochs": 10**9}}, "training: epochs: expected at most 1,000"),
        ("/start", {"run": "small", "settings": {"rule": "x"}}, "training: expected settings among"),
        ("/start", {"run": "small", "settings": [1]}, "training: expected settings by name"),
        ("/start", {"run": "small", "checkpoint": "/etc/passwd"}, "expected run, layers, cost, again, settings"),
        ("/pause", {"now": True}, "expected no values; got 'now'"),
        ("/rates", {"eta": "fast"}, "training: eta: expected a finite number"),
        ("/save", {"name": "../../etc"}, "save: name: expected a name"),
        ("/save", {"name": "<script>alert(1)</script>"}, "save: name: expected a name"),
        ("/save", {"name": "a/b"}, "save: name"),
        ("/save", {"name": ".."}, "save: name"),
        ("/save", {"name": "x" * 41}, "save: name"),
        ("/save", {"name": "con\n"}, "save: name"),
        ("/save", {}, "save: name"),
        ("/chapter4/bumps", {"pairs": []}, "bumps: expected 1 to 12 pairs; got 0"),
        ("/chapter4/bumps", {"pairs": [{"from": 0}]}, "bumps: to of pair 0"),
        ("/chapter4/fit", {"neurons": 10**6}, "fit: neurons: expected at most 200"),
        ("/chapter5/gradients", {"layers": 99}, "chapter 5: layers: expected at most 8"),
        ("/chapter5/gradients", {"activation": "softmax"}, "gradients: activation: expected one of"),
        ("/chapter5/explode", {"weight": 1e9}, "explode: weight"),
    ],
)
def test_wrong_values_are_answered_in_four_parts(client, tmp_path, path, values, message):
    error = post(client, path, values, 400)["error"]
    assert message in error
    assert "; got " in error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"name": NaN}', b"\xff\xfe", b"[" * 5000, b'"x"', b'{"a":' * 5000]
)
def test_bodies_that_are_no_json_object_are_refused(client, body):
    response = client.post("/save", content=body, headers=PLAIN)
    assert response.status_code == 400
    assert "serve: expected" in response.json()["error"]


def test_other_content_types_are_refused(client):
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        response = client.post("/pause", content=b"{}", headers={"content-type": kind})
        assert response.status_code == 400
        assert "application/json" in response.json()["error"]


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/static/../application.py", 404),
        ("GET", "/static/%2e%2e/application.py", 404),
        ("GET", "/static/..%2fapplication.py", 404),
        ("GET", "/static/", 404),
        ("GET", "/<script>", 404),
        ("GET", "/start", 405),
        ("POST", "/state", 405),
        ("DELETE", "/save", 405),
    ],
)
def test_other_addresses_are_answered(client, method, path, code):
    response = client.request(method, path, headers=PLAIN)
    assert response.status_code == code
    assert "expected an address of the page" in response.json()["error"]
    assert response.headers["content-type"] == "application/json"


def test_the_page_and_its_modules_are_served(client):
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert client.get("/static/network.js").headers["content-type"].startswith("text/javascript")


def test_a_disk_that_cannot_be_written_is_answered(client, commands, waits, tmp_path):
    commands.root = tmp_path / "file"
    commands.root.write_text("")
    post(client, "/start", {"layers": SOFTMAX, "settings": {"epochs": 1, "images": 100}})
    waits("state", lambda state: state["status"] == "finished")
    assert "expected a folder" in post(client, "/save", {"name": "mine"}, 507)["error"]
