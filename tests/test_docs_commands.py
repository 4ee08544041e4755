"""The commands in the README and in the pages in docs/: those of a page run one after the other, in one shell."""

import os
import re
import socket
import subprocess
import sys

import numpy as np
import pytest

from tests.datasets.photos.drawn_digits import TEN, draw
from tests.pages import PAGES, ROOT, blocks, name, read, with_blocks

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
# What installs something is not run here: the test of the wheel does that, and CI runs the targets of make.
PROGRAMS = {
    "network3": 'exec "$PYTHON" -m network3 "$@"',
    "python": 'case "$*" in "-m network3 "*) exec "$PYTHON" "$@";; "-m pip install "*) exit 0;; *) exit 9;; esac',
    "pip": '[ "$1" = install ]',
    "make": "exit 0",
}
MADE = {
    "README.md": ["network3-runs/dbl_conv_relu/learning_curve.png", "network3-results/report.html"],
    "docs/command-line.md": ["my-run/model.safetensors", "mnist_expanded.pkl.gz", "network3-search"],
    "docs/gpu.md": ["network3-runs/shallow/model.safetensors", "together/model.safetensors"],
    "docs/page.md": ["page.html", "compared.html"],
    "docs/reproduction.md": ["network3-results/report.html"],
    "docs/tutorial.md": ["network3-runs/dbl_conv_relu/feature_maps_layer0.png"],
}


QUICK = {"README.md", "docs/tutorial.md"}
TRAINING = MADE.keys() - QUICK


def pages_by_time():
    """Return the pages with commands; those that train for long, and that few read first, are marked as slow."""
    marks = {page: [pytest.mark.slow] * (name(page) in TRAINING) for page in with_blocks("sh")}
    return [pytest.param(page, marks=mark, id=name(page)) for page, mark in marks.items()]


@pytest.fixture
def programs(tmp_path):
    """A folder of programs that stand for those of an installation."""
    place = tmp_path / "bin"
    place.mkdir()
    for program, line in PROGRAMS.items():
        (place / program).write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        (place / program).chmod(0o755)
    return place


@pytest.mark.skipif(os.name == "nt", reason="needs bash and its programs")
@pytest.mark.parametrize("page", pages_by_time())
def test_the_commands_run_one_after_the_other(page, programs, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    draw(4, **dict(TEN)[4]).save(folder / "my_digit.png")
    images, labels = np.random.default_rng(0).random((200, 784), np.float32), np.arange(200) % 10
    np.savez(folder / "my_data.npz", x_train=images, y_train=labels, x_test=images[:50], y_test=labels[:50])
    with socket.create_server(("", 0)) as server:
        port = server.getsockname()[1]
    script = "\n".join(blocks(page, "sh")).replace(":12345", f":{port}")
    result = subprocess.run(
        ["bash", "-e", "-c", f"{script}\nwait"],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ
        | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "PYTHON": sys.executable, "PYTHONPATH": str(ROOT)}
        | {"NETWORK3_MAX_EPOCHS": "1", "MPLBACKEND": "agg"},
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    for made in MADE[name(page)]:
        assert (folder / made).exists(), made


def test_blocks_are_python_or_commands():
    """Of another language they would not be run."""
    for page in PAGES:
        languages = set(re.findall(r"^```(\w*)$", read(page), re.MULTILINE))
        assert languages - {"python", "sh"} <= {""}, name(page)  # "" ends a block
        assert read(page).count("\n```") == 2 * sum(len(blocks(page, language)) for language in ("python", "sh"))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_make_targets_it_names_exist(page):
    for target in re.findall(r"(?:^|`)make ([a-z-]+)", read(page), re.MULTILINE):
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), f"make {target}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_extras_it_installs_exist(page):
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    extras = project[project.index("[project.optional-dependencies]") :]
    for extra in re.findall(r"network3\[(\w+)\]", read(page)):
        assert re.search(rf"^{extra} = ", extras, re.MULTILINE), extra
