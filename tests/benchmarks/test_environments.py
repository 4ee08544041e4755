"""The Python of a peer's virtual environment, and the report if there is none."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import environments
from benchmarks.peers import PEERS

NEWER = replace(PEERS["pytensor_ml"], python=(9, 9))
RUNS = "#!/bin/sh\necho {version} /path/of/{version}\n"
SHIM = "#!/bin/sh\necho 'pyenv: command not found; it exists in these Python versions' >&2\nexit 127\n"
PRINTS_TEXT = "#!/bin/sh\necho hello\n"


@pytest.fixture
def python(tmp_path, monkeypatch):
    """Return a function that writes scripts in place of interpreters: on the path, or in pyenv's folder."""
    if sys.platform == "win32":
        pytest.skip("needs sh")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))

    def make(where, script):
        path = tmp_path / where
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(script, encoding="utf-8")
        path.chmod(0o755)

    return make


@pytest.mark.parametrize("script", [SHIM, PRINTS_TEXT, RUNS.format(version="3 8"), "not a program"])
def test_a_python_on_the_path_that_does_not_run_is_ignored(python, script, monkeypatch):
    monkeypatch.setattr(environments, "NEWER", ("9.10", "9.9"))
    python("bin/python9.10", script)
    python("bin/python9.9", RUNS.format(version="9 9"))
    assert environments._base(NEWER) == "/path/of/9 9"


def test_an_interpreter_of_pyenv_is_found_behind_its_shim(python, monkeypatch):
    monkeypatch.setattr(environments, "NEWER", ("9.9",))
    python("bin/python9.9", SHIM)
    python("pyenv/versions/9.9.1t/bin/python", SHIM)
    python("pyenv/versions/9.9.1/bin/python", RUNS.format(version="9 9"))
    assert environments._base(NEWER) == "/path/of/9 9"


def test_an_error_names_the_peer_without_a_python(python, tmp_path, monkeypatch):
    monkeypatch.setattr(environments, "NEWER", ("9.9",))
    python("bin/python9.9", SHIM)
    with pytest.raises(environments.EnvironmentMissing, match=r"pytensor-ml: expected Python 9\.9 or newer"):
        environments.make(NEWER, tmp_path)


def test_a_python_that_is_new_enough_creates_the_environments():
    assert environments._base(PEERS["jax_jit"]) == sys.executable


def test_an_error_names_the_requirement_that_cannot_be_installed(tmp_path):
    bad = replace(PEERS["jax_jit"], requirements=("./no-such-folder",))
    with pytest.raises(environments.EnvironmentMissing, match=r"JAX, jit: expected \./no-such-folder"):
        environments.make(bad, tmp_path)


def test_a_peer_without_an_environment_is_skipped(monkeypatch):
    jax, keras = PEERS["jax_jit"], PEERS["keras_peer"]
    missing = environments.EnvironmentMissing("no such thing")
    monkeypatch.setattr(environments, "make_all", lambda peers: dict.fromkeys(peers, missing))
    pythons, skipped = environments.interpreters(["jax_jit", "keras_peer"], ["keras_peer=python"])
    assert pythons == {keras: Path("python")}
    assert skipped == [{"kind": "skipped", "peer": "jax_jit", "title": jax.title, "reason": "no such thing"}]


def test_an_unknown_peer_is_an_error():
    with pytest.raises(ValueError, match='Perhaps you meant "jax_jit"'):
        environments.interpreters(["jax"], [])
    with pytest.raises(ValueError, match="expected PEER=PYTHON"):
        environments.interpreters([], ["jax_jit"])
