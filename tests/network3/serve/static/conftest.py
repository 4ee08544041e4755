"""The page's JavaScript modules, run by Node on values from Python."""

import json
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

import network3.serve

STATIC = Path(network3.serve.__file__).parent / "static"
NODE = shutil.which("node")


def run_node(source, data=None, folder=STATIC):
    """Run statements of JavaScript with `data` as a variable, and return the value of their variable ``result``.

    ``use("network.js")`` imports a module.
    """
    program = (
        'import { readFileSync } from "node:fs";\n'
        f"const use = (name) => import({json.dumps(folder.as_uri() + '/')} + name);\n"
        'const data = JSON.parse(readFileSync(0, "utf8"));\n'
        f"let result;\n{source}\nconsole.log(JSON.stringify(result));"
    )
    command = [str(NODE), "--no-warnings", "--input-type=module", "--eval", program]
    done = subprocess.run(command, input=json.dumps(data), capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def javascript():
    """`run_node` and the folder of the modules; the test is skipped where Node is missing."""
    if NODE is None:
        pytest.skip("needs node")
    return SimpleNamespace(run=run_node, folder=STATIC)
