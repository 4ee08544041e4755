"""The structure of the sources, measured: which room imports which, and the lengths of files and functions.

``python -m tests.tools.structure`` prints it; tests/test_structure.py holds the limits. A room is a package or a file
directly in network3/. All imports count: those inside functions, and those for type checkers only.
"""

import ast
import io
import statistics
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("network3", "layers", "datasets", "benchmarks", "tests")
INSTALLED = {"network3": "network3", "layers": "network3.layers", "datasets": "network3.datasets"}
# From low to high: a room may import those below, and others on its floor.
FLOORS = (
    ("layers", "datasets"),
    ("optim", "data", "forms", "images", "shared_data", "graph", "layer_protocol", "attributes", "summary", "theano"),
    ("storage",),
    ("execution",),
    ("plotting",),
    ("training",),
    ("network",),
    ("ensembles", "exchange", "onnx", "sklearn", "torch"),
    ("serve",),  # below __init__, which exports `widget`: the command line passes the catalogue in
    ("__init__",),
    ("experiments",),
    ("cli",),
    ("__main__",),
)
NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
Graph = Mapping[str, set[str]]


def sources(*folders: str) -> list[Path]:
    """Return the Python files of folders of the repository, without the links from network3/ to two of them."""
    links = {ROOT / "network3" / "layers", ROOT / "network3" / "datasets"}
    found = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    return [path for path in found if not links & set(path.parents)]


def module_name(path: Path) -> str:
    """Return the name under which a file of the package is imported."""
    folder, *parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join([INSTALLED[folder], *parts]).removesuffix(".__init__")


def module_graph() -> dict[str, set[str]]:
    """Return for each module of the package the modules of the package that it imports."""
    paths = {module_name(path): path for path in sources(*INSTALLED)}
    return {name: set(_imported(name, path, set(paths))) - {name} for name, path in paths.items()}


def _imported(name: str, path: Path, modules: set[str]) -> Iterator[str]:
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            for alias in node.names:
                module = f"{base}.{alias.name}"
                if module in modules or base in modules:
                    yield module if module in modules else base


def room(module: str) -> str:
    """Return the room of a module: ``network3.optim.rules`` is in optim."""
    return module.split(".")[1] if "." in module else "__init__"


def room_graph(modules: Graph) -> dict[str, set[str]]:
    """Return for each room the other rooms that it imports."""
    rooms: dict[str, set[str]] = {room(module): set() for module in modules}
    for module, targets in modules.items():
        rooms[room(module)] |= {room(target) for target in targets} - {room(module)}
    return rooms


def circles(graph: Graph) -> list[list[str]]:
    """Return the groups of more than one node that all reach each other, each sorted."""
    reached = {node: _reachable(graph, node) for node in graph}
    groups = {tuple(sorted(m for m in reached[node] if node in reached[m])) for node in graph}
    return sorted(list(group) for group in groups if len(group) > 1)


def _reachable(graph: Graph, start: str) -> set[str]:
    found: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += graph[node]
    return found


def arrows_upwards(modules: Graph) -> list[str]:
    """Return the imports of a room on a higher floor, as ``module -> module``."""
    floor = {name: number for number, names in enumerate(FLOORS) for name in names}
    return [
        f"{module} -> {target}"
        for module, targets in sorted(modules.items())
        for target in sorted(targets)
        if floor[room(module)] < floor[room(target)]
    ]


def file_lengths(paths: Iterable[Path]) -> dict[str, int]:
    """Return the number of lines of each file."""
    return {_relative(path): len(path.read_text(encoding="utf-8").splitlines()) for path in paths}


def function_lengths(paths: Iterable[Path]) -> dict[str, int]:
    """Return the number of code lines of each function: without docstrings, blank lines and comments."""
    lengths = {}
    for path in paths:
        text = path.read_text(encoding="utf-8")
        tree, lines = ast.parse(text), _code_lines(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                own = lines.intersection(range(node.lineno, (node.end_lineno or node.lineno) + 1))
                lengths[f"{_relative(path)}:{node.lineno} {node.name}"] = len(own - set(_docstring_lines(node)))
    return lengths


def _code_lines(text: str) -> set[int]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {line for token in tokens if token.type not in NO_CODE for line in range(token.start[0], token.end[0] + 1)}


def _docstring_lines(function: ast.AST) -> Iterator[int]:
    """Yield the lines of the docstrings of a function and of what is defined inside it."""
    for node in ast.walk(function):
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and ast.get_docstring(node) is not None
        ):
            yield from range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)


def _relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def report() -> Iterator[str]:
    """Yield the lines that are printed."""
    modules = module_graph()
    rooms = room_graph(modules)
    yield f"{len(rooms)} rooms, {sum(map(len, rooms.values()))} arrows between them; {len(modules)} modules"
    for names in FLOORS:
        for name in names:
            yield f"  {name:12} imports {', '.join(sorted(rooms.get(name, ()))) or 'no other room'}"
    yield from (
        f"Rooms without a floor: {name}" for name in sorted(rooms.keys() - {n for names in FLOORS for n in names})
    )
    found = {
        "Circles of rooms": [", ".join(group) for group in circles(rooms)],
        "Circles of modules": [", ".join(group) for group in circles(modules)],
        "Arrows upwards": arrows_upwards(modules),
    }
    for heading, lines in found.items():
        yield f"{heading}: {len(lines)}"
        yield from (f"  {line}" for line in lines)
    yield f"Files directly in network3/: {len(list((ROOT / 'network3').glob('*.py')))}"
    files, functions = file_lengths(sources(*FOLDERS)), function_lengths(sources(*FOLDERS))
    yield f"Lines of {len(files)} files: median {statistics.median(files.values()):g}; the longest:"
    yield from (f"  {length:4} {name}" for name, length in _largest(files))
    yield f"Code lines of {len(functions)} functions; the longest:"
    yield from (f"  {length:4} {name}" for name, length in _largest(functions))


def _largest(lengths: dict[str, int], count: int = 10) -> list[tuple[str, int]]:
    return sorted(lengths.items(), key=lambda item: -item[1])[:count]


if __name__ == "__main__":
    print(*report(), sep="\n")
