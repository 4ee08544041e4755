"""No home, other encodings, containers, forks and many networks in a process: entries S13, S25, S26, S33, S39, S48."""

import gc
import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from network3 import ConvPoolLayer, FullyConnectedLayer, Network, SoftmaxLayer
from network3.cli import main
from network3.cli.progress import Terminal
from network3.layers import compile_folder
from network3.layers.backends.cpu import store
from network3.layers.backends.cpu.planned import Planned
from tests.cases.entries import case

LIMIT = 300  # seconds, far more than any of these programs takes
TRAIN = """
import os, sys, numpy as np, network3
from network3 import FullyConnectedLayer, Network, SoftmaxLayer
x, y = np.random.default_rng(0).random((20, 12)), np.arange(20) % 3
def train(backend, floatX="float32"):
    network3.use(backend=backend, floatX=floatX)
    net = Network([FullyConnectedLayer(12, 4), SoftmaxLayer(4, 3)], 10)
    net.SGD((x, y), 1, 10, 0.1, verbose=False)
    return net.predict(x).shape
"""
posix = pytest.mark.skipif(os.name != "posix", reason="the home is found in another way")


def run(program, folder, **environment):
    """Run a program in a new process; None removes a variable of the environment."""
    paths = os.pathsep.join([str(Path(__file__).parents[2]), *(path for path in sys.path if path)])
    variables = os.environ | {"PYTHONPATH": paths, "NETWORK3_DEVICE": "cpu", "TMPDIR": str(folder)} | environment
    variables = {name: value for name, value in variables.items() if value is not None}
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, timeout=LIMIT, check=False
    )


@posix
@case("S25")
@pytest.mark.parametrize("home", [os.devnull, "a file", "a file/below"])
def test_s25_without_a_home_compiled_code_is_in_a_temporary_folder(tmp_path, home):
    (tmp_path / "a file").touch()
    numba = "import pytensor.link.numba.cache" if home == "a file" else ""  # fails if it finds no folder
    program = f"{TRAIN}{numba}\nimport pytensor\nprint(train('network3'), pytensor.config.base_compiledir)"
    done = run(program, tmp_path, HOME=home, PYTENSOR_FLAGS=None)
    assert done.stdout == f"(20,) {tmp_path / f'network3-{os.getuid()}'}\n", done.stderr
    assert done.stderr.count("RuntimeWarning: network3: expected a home folder") == 1
    assert "cache of compiled kernels" not in done.stderr
    assert "set PYTENSOR_FLAGS=base_compiledir=FOLDER" in done.stderr


@posix
@case("S25")
def test_s25_a_program_that_has_imported_pytensor_is_left_as_it_is(tmp_path):
    """Kernels are kept in memory, with a warning; PyTensor's Numba, which needs the folder, is refused in our words."""
    last = "print(train('network3'), os.environ.get('PYTENSOR_FLAGS'), pytensor.config.base_compiledir)\ntrain('numba')"
    done = run(f"import pytensor{TRAIN}{last}", tmp_path, HOME=os.devnull, PYTENSOR_FLAGS=None)
    assert done.stdout == "(20,) None /dev/null/.pytensor\n", done.stderr
    assert "RuntimeWarning: cache of compiled kernels: expected a folder that files can be written to" in done.stderr
    error = done.stderr.strip().splitlines()[-1]
    assert error.startswith("PermissionError: PyTensor's Numba: expected a folder for compiled code")
    assert "got /dev/null/.pytensor. Set PYTENSOR_FLAGS=base_compiledir=FOLDER" in error


@posix
@case("S25")
@pytest.mark.parametrize("flags", ["base_compiledir=/somewhere", "floatX=float64, base_compiledir = /somewhere"])
def test_s25_a_folder_of_the_users_is_kept(monkeypatch, flags):
    monkeypatch.setenv("HOME", os.devnull)
    monkeypatch.setenv("PYTENSOR_FLAGS", flags)
    monkeypatch.delitem(sys.modules, "pytensor")
    compile_folder.choose_folder()  # a warning would be an error
    assert os.environ["PYTENSOR_FLAGS"] == flags


@posix
@case("S25")
@pytest.mark.parametrize("temporary", ["new", "of others", "missing"])
def test_s25_other_flags_stay_and_a_folder_that_others_can_write_to_is_not_used(tmp_path, monkeypatch, temporary):
    monkeypatch.setattr(compile_folder.tempfile, "tempdir", str(tmp_path / ("none" if temporary == "missing" else "")))
    shared = tmp_path / f"network3-{os.getuid()}"
    if temporary == "of others":
        shared.mkdir()
        shared.chmod(0o777)
    monkeypatch.setenv("HOME", os.devnull)
    monkeypatch.setenv("PYTENSOR_FLAGS", "floatX=float64")
    monkeypatch.delitem(sys.modules, "pytensor")
    if temporary == "missing":
        compile_folder.choose_folder()
        assert os.environ["PYTENSOR_FLAGS"] == "floatX=float64"
        return
    with pytest.warns(RuntimeWarning, match=r"^network3: expected a home folder .*; got /dev/null\. "):
        compile_folder.choose_folder()
    flags, _, folder = os.environ["PYTENSOR_FLAGS"].partition(",base_compiledir=")
    assert (flags, Path(folder.strip('"')) == shared) == ("floatX=float64", temporary == "new")
    assert Path(folder.strip('"')).stat().st_mode & 0o077 == 0


@case("S33")
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437", "gbk", "utf-8"])
def test_s33_progress_bars_in_any_encoding(encoding):
    written = io.BytesIO()
    console = Console(file=io.TextIOWrapper(written, encoding), force_terminal=True, legacy_windows=False, width=60)
    terminal = Terminal(console)
    with terminal.counting_bars() as bars:
        task = bars.add_task("all", total=3)
        bars.advance(task, 2)
        bars.refresh()
    console.file.flush()
    assert ("2/3" in written.getvalue().decode(encoding), written.getvalue().isascii()) == (True, encoding != "utf-8")


@case("S33")
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_s33_no_character_ends_a_command(tmp_path, monkeypatch, encoding):
    """Such as one of a file name: what the encoding lacks is written as an escape, as to standard error."""
    (tmp_path / "network3.py").touch()
    monkeypatch.chdir(tmp_path)
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding))
    monkeypatch.setattr(sys, "argv", ["network3", "list"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code in (None, 0)
    sys.stdout.write("\u280b \u2192\n")
    sys.stdout.flush()
    assert written.getvalue().decode("ascii").splitlines()[-1] == r"\u280b \u2192"


@case("S39")
@pytest.mark.parametrize("exists", [True, False])
def test_s39_a_file_network3_beside_the_script_is_reported(tmp_path, monkeypatch, capsys, exists):
    """The command sees it; a program that imports the old file cannot be reached, so a page of docs explains it."""
    if exists:
        (tmp_path / "network3.py").write_text("print 'of the book'", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["network3", "list"])
    with pytest.raises(SystemExit):
        main()
    assert ("import its file network3.py" in capsys.readouterr().err) == exists
    page = (Path(__file__).parents[2] / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    assert "in a file `network3.py`" in page


@case("S48")
def test_s48_a_program_that_asks_for_200_threads_ends(tmp_path):
    done = run(f"{TRAIN}print(train('network3'))", tmp_path, NETWORK3_THREADS="200")
    assert done.stdout == "(20,)\n", done.stderr
    assert done.stderr.count("NETWORK3_THREADS: expected at most the") == 1


@case("S13")
@pytest.mark.parametrize("kind", ["convolution", "dense"])
def test_s13_a_network_that_is_gone_leaves_no_plan(kind):
    """12 networks of different widths took 380 to 1,339 MB; now 168 to 177 MB, as machine code is shared and small."""
    images, labels = np.random.default_rng(0).random((20, 36)), np.arange(20) % 3

    def train(width):
        if kind == "convolution":
            hidden = [ConvPoolLayer((width, 1, 3, 3), (10, 1, 6, 6)), FullyConnectedLayer(4 * width, 5, p_dropout=0.5)]
        else:
            hidden = [FullyConnectedLayer(36, width), FullyConnectedLayer(width, 5)]
        net = Network([*hidden, SoftmaxLayer(5, 3)], 10)
        net.SGD((images, labels), 1, 10, 0.1, (images, labels), verbose=False)
        net.predict(images)

    def plans():
        gc.collect()
        return sum(type(known) is Planned for known in gc.get_objects())  # isinstance would wake lazy objects of others

    train(2)
    before, kernels = plans(), []
    for width in (3, 4, 6, 7):
        train(width)
        assert plans() == before
        kernels.append(len(store._requests))
    assert kernels[-1] - kernels[0] < 60, kernels  # some are compiled for one shape


@posix
@case("S26")
def test_s26_a_fork_after_jax_was_used_is_refused(tmp_path):
    """It hung: JAX's threads do not exist in the child. A fork before, and the other back ends, are right."""
    pytest.importorskip("jax")
    program = f"""{TRAIN}
import multiprocessing, warnings
def attempt(backend):
    try:
        return train(backend)
    except RuntimeError as error:
        return str(error)
def children():
    with warnings.catch_warnings(action="ignore"), multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.map(attempt, ["jax", "network3"])
print(children())
print(train("jax"))
print(children())
"""
    program = program.replace('warnings.catch_warnings(action="ignore")', "warnings.catch_warnings()")
    done = run(program, tmp_path)
    before, here, after = done.stdout.splitlines()
    assert (before, here) == ("[(20,), (20,)]", "(20,)"), done.stderr
    assert "network3 on JAX: expected a process that was not forked" in after
    assert after.endswith(", (20,)]")


@case("S26")
@pytest.mark.parametrize("x64", [False, True])
def test_s26_the_users_settings_of_jax_stay(tmp_path, x64):
    pytest.importorskip("jax")
    program = f"""
import jax
jax.config.update("jax_enable_x64", {x64})
{TRAIN}
for floatX in ("float32", "float64", "float32"):
    train("jax", floatX)
    print(jax.config.jax_enable_x64, jax.numpy.ones(1).dtype)
"""
    done = run(program, tmp_path)
    assert done.stdout == f"{x64} {'float64' if x64 else 'float32'}\n" * 3, done.stderr
