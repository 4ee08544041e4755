"""``network3 serve``: the address that it prints, what the page begins with, and the errors before it."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest
from typer.testing import CliRunner

from network3 import FullyConnectedLayer, Network, SoftmaxLayer
from network3.cli.app import app
from network3.cli.serve import SERVED, _chosen


def run(*arguments):
    return CliRunner().invoke(app, ["serve", *map(str, arguments)])


def test_it_serves_until_ctrl_c(tmp_path):
    command = [sys.executable, "-m", "network3", "serve", "shallow"]
    flags = subprocess.CREATE_NEW_PROCESS_GROUP if os.name == "nt" else 0
    server = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, creationflags=flags,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    address = server.stdout.readline().strip()
    assert address.startswith("http://127.0.0.1:")
    state = urllib.request.urlopen(f"{address}state", timeout=30).read().decode()
    assert '"name":"shallow"' in state
    server.send_signal(signal.CTRL_BREAK_EVENT if os.name == "nt" else signal.SIGINT)
    _, errors = server.communicate(timeout=60)
    assert errors == ""
    assert server.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use_is_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run("--port", taken.getsockname()[1])
    assert result.exit_code == 1
    assert "serve: port: expected a free port" in result.stderr
    assert "which is in use. Choose another with --port" in result.stderr


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("shalow", 'Perhaps you meant "shallow".'),
        ("ensemble", "expected a run that trains one network and has validation images; got ensemble, which is none."),
        ("svm", "got svm, which is none."),
        ("beyond_all_images", "got beyond_all_images, which is none."),
        ("no/such/folder", "expected a run of network3 list, or the folder or file of a trained network"),
        ("missing.safetensors", "which does not exist"),
        ("<script>", "expected a name that network3 list shows"),
    ],
)
def test_what_does_not_exist_is_one_line(what, message, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    result = run(what)
    assert result.exit_code == 1
    assert message in " ".join(result.stderr.split())
    assert len(result.stderr.splitlines()) == 1


def test_a_saved_network_is_loaded_from_its_folder_or_file(tmp_path):
    net = Network([FullyConnectedLayer(784, 5), SoftmaxLayer(5, 10)], 10)
    folder = tmp_path / "mine"
    folder.mkdir()
    net.save(folder / "model.safetensors")
    for path, name in ((folder, "mine"), (folder / "model.safetensors", "model")):
        found, called = _chosen(str(path))
        assert (len(found.layers), called) == (2, name)
    assert _chosen("shallow") == (None, "shallow")


def test_runs_of_one_network_with_validation_images_are_offered():
    assert {"shallow", "dbl_conv_relu", "sigmoid_30"} <= set(SERVED)
    assert {"ensemble", "beyond_all_images"}.isdisjoint(SERVED)
