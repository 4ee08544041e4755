"""The Python blocks of the README and of the pages in docs/: those of a page run one after the other."""

import re
import sys
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

from network3.datasets import mnist
from tests.datasets.photos.drawn_digits import TEN, draw
from tests.pages import ROOT, blocks, name, with_blocks

TUTORIAL = ROOT / "docs" / "tutorial.md"
ECOSYSTEM = ROOT / "docs" / "ecosystem.md"


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """An empty folder with a digit that somebody drew, where every training is cut to one epoch."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NETWORK3_MAX_EPOCHS", "1")
    monkeypatch.setenv("MPLBACKEND", "agg")
    draw(4, **dict(TEN)[4]).save(tmp_path / "my_digit.png")
    return tmp_path


@pytest.fixture
def mlflow(monkeypatch):
    """A stand-in for MLflow, which is large: it returns what was logged."""
    logged = {}
    module = ModuleType("mlflow")
    module.start_run = nullcontext
    module.log_params = logged.update
    module.log_metrics = lambda metrics, step: logged.update({(name, step): value for name, value in metrics.items()})
    module.log_artifact = lambda path: logged.update({path: Path(path).stat().st_size})
    monkeypatch.setitem(sys.modules, "mlflow", module)
    return logged


@pytest.fixture
def smaller_mnist(monkeypatch):
    """Limit MNIST to 20,000 training and 4,000 validation images, and 2,000 test images: enough to learn from."""
    read_all = mnist._read_part

    def read_some(place, part):
        images, labels = read_all(place, part)
        count = 24_000 if part == "train" else 2000
        return images[:count], labels[:count]

    monkeypatch.setattr(mnist, "_read_part", read_some)


def run(page):
    """Run the Python blocks of a page in one namespace, and return it; those with PyTorch only if it is installed."""
    scope = {"__name__": page.stem}
    for block in blocks(page, "python"):
        if find_spec("torch") is None and re.search(r"\btorch\b", block):
            continue
        exec(compile(block, name(page), "exec"), scope)
    return scope


@pytest.mark.usefixtures("folder", "smaller_mnist")
@pytest.mark.parametrize(
    "page", [page for page in with_blocks("python") if page not in (TUTORIAL, ECOSYSTEM)], ids=name
)
def test_the_python_blocks_run_one_after_the_other(page):
    run(page)


@pytest.mark.usefixtures("smaller_mnist")
def test_the_tutorial_trains_a_network_and_draws_it(folder, capsys):
    scope = run(TUTORIAL)
    assert scope["history"].epochs == 1
    weights, loaded = (scope[name].get_weights() for name in ("net", "again"))
    assert all((a == b).all() for a, b in zip(weights, loaded, strict=True))
    drawn = {"errors", "filters", "filters_layer1", "feature_maps", "learning_curve"}
    assert {path.stem for path in folder.glob("*.png")} == drawn | {"my_digit"}
    output = capsys.readouterr().out
    assert "Accuracy is 9" in output
    assert "[4]" in output


@pytest.mark.usefixtures("smaller_mnist")
def test_the_page_on_other_libraries_searches_logs_and_plots(folder, mlflow):
    scope = run(ECOSYSTEM)
    assert scope["search"].best_params_["networkclassifier__eta"] in (0.003, 0.03)
    assert scope["model"].history_.epochs == 1
    assert {"digits.png", "history.png", "training.csv", "runs"} <= {path.name for path in folder.iterdir()}
    assert mlflow["eta"] == 0.5
    assert {"cost", "validation_accuracy", "seconds"} <= {key[0] for key in mlflow if isinstance(key, tuple)}
    assert mlflow["model.safetensors"] > 1000
