"""Which Python a peer's environment is made from, and what is said when there is none."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import environments
from benchmarks.peers import PEERS

NEWER = replace(PEERS["pytensor_ml"], python=(9, 9))
RUNS = "#!/bin/sh\necho {version} /where/{version}/is\n"
REFUSES = "#!/bin/sh\necho 'pyenv: command not found; it exists in these Python versions' >&2\nexit 127\n"
BABBLES = "#!/bin/sh\necho hello\n"


@pytest.fixture
def python(tmp_path, monkeypatch):
    """Return a maker of scripts that pretend to be interpreters: on the path, or kept by pyenv."""
    if sys.platform == "win32":
        pytest.skip("scripts of sh")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))

    def make(where, script):
        path = tmp_path / where
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(script, encoding="utf-8")
        path.chmod(0o755)

    return make


@pytest.mark.parametrize("script", [REFUSES, BABBLES, RUNS.format(version="3 8"), "no program"])
def test_a_python_on_the_path_that_does_not_run_is_passed_over(python, script, monkeypatch):
    monkeypatch.setattr(environments, "NEWER", ("9.10", "9.9"))
    python("bin/python9.10", script)
    python("bin/python9.9", RUNS.format(version="9 9"))
    assert environments._base(NEWER) == "/where/9 9/is"


def test_what_pyenv_keeps_is_found_behind_its_shims(python, monkeypatch):
    monkeypatch.setattr(environments, "NEWER", ("9.9",))
    python("bin/python9.9", REFUSES)
    python("pyenv/versions/9.9.1t/bin/python", REFUSES)
    python("pyenv/versions/9.9.1/bin/python", RUNS.format(version="9 9"))
    assert environments._base(NEWER) == "/where/9 9/is"


def test_a_peer_for_which_no_python_runs_is_named(python, tmp_path, monkeypatch):
    monkeypatch.setattr(environments, "NEWER", ("9.9",))
    python("bin/python9.9", REFUSES)
    with pytest.raises(environments.EnvironmentMissing, match=r"pytensor-ml: expected Python 9\.9 or newer"):
        environments.make(NEWER, tmp_path)


def test_a_python_that_is_new_enough_makes_its_own_environments():
    assert environments._base(PEERS["jax_jit"]) == sys.executable


def test_a_requirement_that_cannot_be_installed_is_named(tmp_path):
    bad = replace(PEERS["jax_jit"], requirements=("./no-such-folder",))
    with pytest.raises(environments.EnvironmentMissing, match=r"JAX, jit: expected \./no-such-folder"):
        environments.make(bad, tmp_path)


def test_a_peer_without_an_environment_is_named(monkeypatch):
    jax, keras = PEERS["jax_jit"], PEERS["keras_peer"]
    missing = environments.EnvironmentMissing("no such thing")
    monkeypatch.setattr(environments, "make_all", lambda peers: dict.fromkeys(peers, missing))
    pythons, named = environments.interpreters(["jax_jit", "keras_peer"], ["keras_peer=python"])
    assert pythons == {keras: Path("python")}
    assert named == [{"kind": "skipped", "peer": "jax_jit", "title": jax.title, "reason": "no such thing"}]


def test_an_unknown_peer_is_an_error():
    with pytest.raises(ValueError, match='Perhaps you meant "jax_jit"'):
        environments.interpreters(["jax"], [])
    with pytest.raises(ValueError, match="expected PEER=PYTHON"):
        environments.interpreters([], ["jax_jit"])
