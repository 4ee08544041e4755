"""Requests that are let in: those of the server's own page, with its token, and of a modest size."""

import json

import pytest
from starlette.testclient import TestClient

from network3.serve.guard import LARGEST_BODY

from .conftest import ADDRESS, TOKEN

OWN = {"origin": ADDRESS}


@pytest.fixture
def outside(app):
    """A client of the server's root."""
    with TestClient(app, base_url=ADDRESS, raise_server_exceptions=False) as client:
        yield client


def error(response):
    return response.json()["error"]


def test_the_page_answers_at_its_address_only(outside):
    assert outside.get(f"/{TOKEN}/state").status_code == 200
    for path in ("/", "/state", "//state", "/favicon.ico", f"/{TOKEN}x/state", f"/{TOKEN[:-1]}/state", "/%F0/state"):
        response = outside.get(path)
        assert response.status_code == 404
        assert "the address with its token" in error(response)
        assert TOKEN not in response.text


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 200),
        (OWN, 200),
        ({"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),
        ({"origin": "http://127.0.0.1:8000.evil.example"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"host": "evil.example"}, 403),
        ({"host": "127.0.0.1.evil.example:8000"}, 403),
        ({"host": "evil.example@127.0.0.1"}, 403),
        ({"host": ""}, 403),
        ({"host": "[bad"}, 403),
    ],
)
def test_only_the_servers_own_page_may_post(outside, session, headers, code):
    response = outside.post(f"/{TOKEN}/compose", json={"layers": [{"kind": "SoftmaxLayer"}]}, headers=headers)
    assert response.status_code == code
    if code == 403:
        assert "expected a request" in error(response)


def test_a_link_from_elsewhere_opens_the_page_but_no_script_reads_it(outside):
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert outside.get(f"/{TOKEN}/state", headers=link).status_code == 200
    for mode in ("cors", "no-cors"):
        headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": mode}
        assert outside.get(f"/{TOKEN}/state", headers=headers).status_code == 403


def test_every_answer_keeps_the_page_to_itself(outside):
    for path in (f"/{TOKEN}/state", f"/{TOKEN}/nothing", "/"):
        headers = outside.get(path).headers
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "access-control-allow-origin" not in headers


def test_large_bodies_are_refused_with_and_without_their_length(outside):
    large = json.dumps({"name": "x" * LARGEST_BODY}).encode()
    kind = {"content-type": "application/json"}
    for body in (large, (large[k : k + 1000] for k in range(0, len(large), 1000))):
        response = outside.post(f"/{TOKEN}/save", content=body, headers=kind)
        assert response.status_code == 413
        assert "expected at most 65,536 bytes" in error(response)


@pytest.mark.parametrize("length", ["-1", "1e3", "9" * 400])
def test_lengths_that_are_none_are_refused(outside, length):
    response = outside.post(f"/{TOKEN}/save", content=b"{}", headers={"content-length": length})
    assert response.status_code == 413


def test_there_are_no_web_sockets(outside):
    from starlette.websockets import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect), outside.websocket_connect(f"/{TOKEN}/events"):
        pass
