"""``network3 export``: the file beside the network or elsewhere, and what is refused."""

from pathlib import Path

import pytest

from network3 import ConvPoolLayer, FullyConnectedLayer, Network, SoftmaxLayer
from network3.onnx import export

FOLDER = Path("my-run")


def half(z):
    return z / 2


@pytest.fixture
def net():
    layer = ConvPoolLayer(image_shape=(1, 28, 28), filter_shape=(3, 1, 9, 9))
    return Network([layer, SoftmaxLayer(n_in=3 * 10 * 10, n_out=10)], 10)


@pytest.mark.parametrize(
    ("arguments", "written"),
    [
        ((FOLDER,), FOLDER / "model.onnx"),
        ((FOLDER / "model.safetensors",), FOLDER / "model.onnx"),
        ((FOLDER, "--out", "mine.onnx"), Path("mine.onnx")),
    ],
)
def test_a_run_is_written(run, net, arguments, written):
    FOLDER.mkdir()
    net.save(FOLDER / "model.safetensors")
    result = run("export", *arguments)
    line = f"{written}: from images (batch, 1, 28, 28) to output (batch, 10).\n"
    assert (result.exit_code, result.stdout, result.stderr) == (0, line, "")
    export(net, "expected.onnx")
    assert written.read_bytes() == Path("expected.onnx").read_bytes()


def test_refusals_are_one_line(run):
    missing = run("export", "nowhere")
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert missing.stderr.startswith("network3: export: expected a file of network3 train or net.save")
    Network([FullyConnectedLayer(4, 3, half), SoftmaxLayer(3, 2)], 10).save("own.safetensors")
    own = run("export", "own.safetensors")
    assert (own.exit_code, own.stdout, own.stderr.count("\n")) == (1, "", 1)
    assert "with code of its own" in own.stderr
    assert [path.name for path in Path().iterdir()] == ["own.safetensors"]
