"""The wheel: it has one top-level name and the data, and it trains when installed outside of the checkout."""

import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAM = """
import importlib.metadata, pathlib, sys
import network3
from network3 import Network, FullyConnectedLayer, ConvPoolLayer, SoftmaxLayer
here = pathlib.Path(network3.__file__)
assert here.is_relative_to(sys.prefix), here
training_data, validation_data, test_data = network3.load_data_shared()
images, labels = (part.get_value() for part in training_data)
net = Network([ConvPoolLayer(image_shape=(10, 1, 28, 28), filter_shape=(4, 1, 5, 5), activation_fn=network3.ReLU),
               SoftmaxLayer(n_in=4*12*12, n_out=10)], 10)
net.SGD((images[:5000], labels[:5000]), 1, 10, 0.03)
print("accuracy", net.accuracy(test_data))
"""


def run(*command, cwd):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=cwd, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    # From a copy, because a build leaves files that the next one would pack.
    skipped = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__", "tests")
    source = shutil.copytree(ROOT, folder / "source", symlinks=True, ignore=skipped)
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, source, cwd=folder)
    (path,) = folder.glob("network3-*.whl")
    return path


def test_only_network3_is_a_top_level_name(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"network3"}
    every = {str(p.relative_to(ROOT)) for folder in ("layers", "datasets") for p in (ROOT / folder).rglob("*.py")}
    own = ROOT / "network3"
    every |= {str(path.relative_to(own)) for kind in ("py", "html", "mplstyle") for path in own.rglob(f"*.{kind}")}
    packed = {name.removeprefix("network3/") for name in names}
    assert every <= packed, every - packed


def test_data_types_and_licences_are_inside(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert sum(name.startswith("network3/datasets/data/") and name.endswith(".gz") for name in names) == 4
    assert "network3/py.typed" in names
    licences = [name for name in names if "licenses/" in name]
    assert any(name.endswith("LICENSE") for name in licences)
    assert any(name.endswith("ATTRIBUTION.md") for name in licences)


@pytest.mark.slow
def test_the_wheel_installs_and_trains_in_a_new_environment(wheel, tmp_path):
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    run(python, "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path)
    accuracy = float(run(python, "-c", PROGRAM, cwd=tmp_path).split()[-1])
    assert accuracy > 0.8
    for command in (("reproduce", "average_darkness"), ("report",)):
        output = run(python, "-m", "network3", *command, cwd=tmp_path)
    assert "report.html compares 1 repeat with the book" in output
