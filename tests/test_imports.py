"""Imports point downwards: benchmarks -> network3 -> layers, datasets; and importing has no side effects."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# The packages of the project that each folder may import.
ALLOWED = {
    "layers": ("network3.layers",),
    "datasets": ("network3.datasets",),
    "network3": ("network3",),
    "benchmarks": ("network3", "benchmarks"),
    "examples": ("network3",),
}
FOREIGN = {"layers": {"network3.datasets"}, "datasets": {"pytensor", "numba", "jax", "torch"}}


def sources(folder):
    return [
        p
        for p in sorted((ROOT / folder).rglob("*.py"))
        if not p.is_relative_to(ROOT / "network3/layers") and not p.is_relative_to(ROOT / "network3/datasets")
    ]


def imported(path, folder):
    """Return the modules that a file imports, relative ones with the folder's installed name."""
    installed = {"layers": "network3.layers", "datasets": "network3.datasets"}.get(folder, folder)
    package = [installed, *path.relative_to(ROOT / folder).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # Each `from package import name` may import a module of that name.
            start = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            assert base, f"{path} leaves its folder with a relative import"
            yield from (f"{base}.{alias.name}" for alias in node.names)


def within(module, packages):
    return any(module == package or module.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("folder", ALLOWED)
def test_no_folder_imports_from_above_or_beside(folder):
    ours = ("network3", "layers", "datasets", "benchmarks", "examples", "tests")
    checked = 0
    for path in sources(folder):
        for module in imported(path, folder):
            assert not within(module, FOREIGN.get(folder, ())), f"{path} imports {module}"
            if within(module, ours):
                checked += 1
                assert within(module, ALLOWED[folder]), f"{path} imports {module}, from above or beside"
    assert checked or folder == "benchmarks"


def test_relative_imports_are_resolved_as_python_does():
    modules = set(imported(ROOT / "layers/backends/cpu/lowerings/conv2d.py", "layers"))
    assert "network3.layers.ops.conv.Conv2D" in modules
    assert "network3.layers.backends.cpu.plan.View" in modules


def run(code):
    """Run Python code in a process of its own, which must print nothing."""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_importing_does_not_change_the_process():
    run("""
import gc, os, signal, sys, threading, warnings
import numpy, pytensor

def found():
    # The C compiler's flags are detected at their first use.
    names = [name for name in pytensor.config._config_var_dict if not name.startswith(("blas", "gcc", "cxx"))]
    return {
        "flags": {name: getattr(pytensor.config, name) for name in names},
        "random": numpy.random.get_state()[1].tobytes(),
        "floating point": numpy.geterr(),
        "warnings": list(warnings.filters),
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "environment": dict(os.environ),
        "threads": threading.enumerate(),
        "collector": (gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()),
        "hooks": (sys.excepthook, threading.excepthook, sys.displayhook, list(sys.meta_path)),
        "limits": (sys.getrecursionlimit(), sys.getswitchinterval()),
    }

before = found()
import network3
after = found()
assert before == after, {key: (before[key], after[key]) for key in before if before[key] != after[key]}
""")


def test_importing_loads_little_besides_pytensor():
    run("""
import sys, pytensor
before = set(sys.modules)
import network3
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
others = {name for name in loaded - sys.stdlib_module_names if not name.startswith("__editable__")}
assert others <= {"network3", "numpy", "pytensor"}, others
heavy = {"numba", "llvmlite", "jax", "torch", "matplotlib", "PIL", "rich", "typer"} & set(sys.modules)
assert not heavy, heavy
""")
