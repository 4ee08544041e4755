"""The readers of untrusted files, each with a valid file to damage."""

import gzip
import io
import json
import pickle
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import network3
from network3 import History, datasets
from network3.datasets.formats.cifar import unpickled_batch
from network3.datasets.formats.write import write_npz, write_pickle
from network3.datasets.photos.own_images import preprocess_digit, read_grayscale
from network3.experiments.catalogue import RUNS
from network3.experiments.experiment import prepare
from network3.experiments.reproduction import read_records
from network3.experiments.reproduction.records import Record, append
from network3.onnx import export, load_weights
from network3.training.checkpoint_file import read as read_checkpoint
from network3.training.checkpoint_file import write as write_checkpoint

FOUR_PARTS = re.compile(r"^.+?: .+; got .+\. .*\S$", re.DOTALL)
EXPECTED_ERRORS = (ValueError, OSError, pickle.UnpicklingError)


@dataclass(frozen=True)
class Reader:
    """A reader of files of one kind.

    Attributes
    ----------
    suffix : str
        Of the file name.
    valid : bytes
        The content of a file that it reads.
    read : callable
        ``read(path)``; the result is ignored.
    """

    suffix: str
    valid: bytes
    read: Callable[[Path], object]

    def outcome(self, path: Path, content: bytes) -> str:
        """Return "read" or "rejected" for `content`, or a description of the failure."""
        path.write_bytes(content)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.read(path)
        except EXPECTED_ERRORS as error:
            return "rejected" if FOUR_PARTS.match(str(error)) else f"not in four parts: {type(error).__name__}: {error}"
        except BaseException as error:
            return f"{type(error).__name__}: {error}"
        return "read"


def readers(folder: Path) -> dict[str, Reader]:
    """Return all readers; their valid files are written in `folder`."""
    rng = np.random.default_rng(1)
    images, labels = rng.integers(0, 256, (6, 4)).astype("uint8"), np.arange(6) % 3
    pair = images, labels

    def written(write: Callable[[Path], object]) -> bytes:
        path = folder / "valid"
        write(path)
        return path.read_bytes()

    def in_memory(write: Callable[..., object], *arguments: object) -> bytes:
        buffer = io.BytesIO()
        write(buffer, *arguments)
        return buffer.getvalue()

    idx = b"\0\0\x08\x03" + b"".join(n.to_bytes(4, "big") for n in (6, 2, 2)) + images.tobytes()
    net = network3.Network([network3.FullyConnectedLayer(4, 3), network3.SoftmaxLayer(3, 3)], 2)
    history = History(
        [0.5, 0.25], [0.5, 0.75], [0.5, None], {"training_cost": [0.5, 0.25]}, [0.1, 0.1], [1.0, 1.0], batches=3
    )
    header = {
        "settings": {"eta": 0.1},
        "history": {"cost": [0.5], "seconds": [1.0]},
        "seed": 3,
        "shuffle": {"state": 1},
    }
    record = Record("random_guess", "1.6", 0, {"test accuracy": 0.125}, 0.5, {}, None, {"threads": 1})
    settings = {"format": 1, "run": "shallow", "seed": 0, "training": {"epochs": 3, "mini_batch_size": 10, "eta": 0.1}}
    found = {
        "idx": Reader("-ubyte", idx, datasets.read_idx),
        "idx, gzipped": Reader(".gz", gzip.compress(idx), datasets.read_idx),
        "pickle": Reader(".pkl", gzip.decompress(in_memory(write_pickle, pair, pair, pair)), datasets.read),
        "pickle, gzipped": Reader(".pkl.gz", in_memory(write_pickle, pair, pair, pair), datasets.read),
        "npz": Reader(".npz", in_memory(write_npz, pair, pair, pair), datasets.read),
        "network": Reader(".safetensors", written(net.save), network3.load),
        "checkpoint": Reader(
            ".checkpoint",
            written(lambda path: write_checkpoint(path, header, {"weights.0": np.ones((2, 3))})),
            read_checkpoint,
        ),
        "history": Reader(".jsonl", written(history.save), History.load),
        "records": Reader(".jsonl", written(lambda path: append(path, record)), read_records),
        "settings": Reader(
            ".json",
            json.dumps(settings).encode(),
            _resume,
        ),
    }
    return found | _images(rng) | _published(rng) | _foreign(written)


def _resume(path: Path) -> object:
    """Read the settings of a run to resume it."""
    run = path.parent / "run"
    run.mkdir(exist_ok=True)
    (run / "run.json").write_bytes(path.read_bytes())
    return prepare(RUNS["shallow"], run, {}, None, resume=True)


def _images(rng: np.random.Generator) -> dict[str, Reader]:
    """Return readers of a drawn digit in several formats."""
    from PIL import Image

    grey = np.full((40, 31), 230, "uint8")
    grey[8:30, 12:16] = 20
    grey = np.clip(grey + rng.integers(-5, 6, grey.shape), 0, 255).astype("uint8")
    found = {}
    for kind in ("png", "jpeg", "bmp", "tiff", "gif"):
        buffer = io.BytesIO()
        Image.fromarray(grey).save(buffer, kind)
        found[kind] = Reader(f".{kind}", buffer.getvalue(), lambda path: preprocess_digit(read_grayscale(path)))
    return found


def _published(rng: np.random.Generator) -> dict[str, Reader]:
    """Return readers of a table, and of a batch of CIFAR."""
    rows = [f"{k / 8},{-k},{('red', 'green')[k % 2]}" for k in range(24)]
    batch = {b"data": rng.integers(0, 256, (2, 3072), np.uint8), b"labels": [3, 7], b"filenames": [b"a.png", b"b.png"]}
    return {
        "table": Reader(".csv", "\n".join(["a,b,colour", *rows]).encode(), datasets.read_csv),
        "cifar": Reader("", pickle.dumps(batch, protocol=2), lambda path: unpickled_batch(path, "labels")),
    }


def _foreign(written: Callable[[Callable[[Path], object]], bytes]) -> dict[str, Reader]:
    """Return readers of weights that other programs have written."""
    net = network3.Network(
        [
            network3.ConvPoolLayer((2, 1, 2, 2), (1, 5, 4), (1, 1), batch_norm=True),
            network3.SoftmaxLayer(2 * 4 * 3, 3, 0.5),
        ],
        2,
    )
    return {"onnx": Reader(".onnx", written(lambda path: export(net, path)), lambda path: load_weights(net, path))}
