"""Code outside of the kernel language is rejected with its file and line."""

import linecache
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from network3.layers.backends.cpu.compiler import Array, Int, Kernel, KernelError, Tile, copy, kernel, prefetch, scratch
from network3.layers.backends.cpu.compiler.translation import module_text
from tests.layers.backends.cpu.compiler.refused import CASES

numbers = count()


def recursive(n):
    return recursive(n - 1) if n > 0 else 0


def endless(n):
    while True:
        n += 1


def of_any_number(*arguments):
    return 0


def mixed(n):
    if n > 0:
        return np.float32(1)
    return 1


def sometimes(n):
    if n > 0:
        return 1


SCOPE = {
    "Array": Array,
    "Int": Int,
    "np": np,
    "copy": copy,
    "prefetch": prefetch,
    "scratch": scratch,
    "recursive": recursive,
    "endless": endless,
    "of_any_number": of_any_number,
    "mixed": mixed,
    "sometimes": sometimes,
    "double": lambda n: 2 * n,
    "tile": Tile("float32", 4, (0,), (0, 4)),
    "other_tile": Tile("float32", 4, (0, 1), (0, 4)),
    "tile64": Tile("float64", 4, (0,), (0, 4)),
    "text": "abc",
    "table": (1, 2, 3),
    "uneven": (1, 2.5),
    "empty": (),
    "matrix": np.zeros((2, 2)),
    "some": [1, 2],
    "settings": {"a": 1},
    "half": np.float16(0.5),
    "typed": np.int32(3),
}


def kernel_of_text(body: str) -> Kernel:
    """Return a kernel with this body; its first line is line 4 of its file."""
    parameters = 'part, x: Array("float32"), k: Array("int64"), w: Array("int32"), u: Array("uint32"), m: Array("bool")'
    head = f"# A kernel.\n\ndef refused({parameters}, n: Int):\n"
    text = head + "".join(f"    {line}\n" for line in body.split("\n"))
    file = f"<refused {next(numbers)}>"
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    scope = dict(SCOPE)
    exec(compile(text, file, "exec"), scope)
    return Kernel(lambda: scope["refused"], (), {})


@pytest.mark.parametrize("body", CASES)
@pytest.mark.parametrize("checking", [False, True])
def test_rejected(body, checking):
    refused = kernel_of_text(body)
    marked = [number for number, line in enumerate(body.split("\n")) if "#!" in line]
    line = 4 + (marked[0] if marked else body.count("\n"))
    with pytest.raises(KernelError) as error:
        module_text(refused, "refused", checking=checking)
    message = str(error.value)
    inlined = ("recursive(n)", "sometimes", "mixed", "endless")
    if not any(name in body for name in inlined):
        assert message.startswith(f"{refused.function.__code__.co_filename}:{line}: expected "), message
    assert CASES[body] in message, message


def test_the_location_is_that_of_the_inlined_function():
    with pytest.raises(KernelError) as error:
        module_text(kernel_of_text("k[0] = recursive(n)"), "refused")
    line = recursive.__code__.co_firstlineno + 1
    assert str(error.value).startswith(f"{__file__}:{line}: expected at most 30 nested calls")


@pytest.mark.parametrize(
    "parameters", ["part, x", "part, x: float", "part, x: 'Int'", "part, *x: Int", "part, *, x: Int"]
)
def test_parameters_are_annotated(parameters):
    text = f"def refused({parameters}):\n    pass\n"
    scope = {"Int": Int}
    exec(text, scope)
    with pytest.raises(KernelError, match=r"marked|Int"):
        module_text(Kernel(lambda: scope["refused"], (), {}), "refused")


def test_a_function_without_source_is_rejected():
    scope = {"Int": Int}
    exec("def lost(part, n: Int):\n    pass\n", scope)
    with pytest.raises(KernelError, match="a function with its source"):
        module_text(Kernel(lambda: scope["lost"], (), {}), "refused")


def test_invalid_types():
    with pytest.raises(ValueError, match="Array: expected one of bool, int8"):
        Array("float16")
    with pytest.raises(ValueError, match="Tile: expected float32 or float64"):
        Tile("int64", 4, (0,), (0,))
    with pytest.raises(ValueError, match="Tile: expected float32 or float64"):
        Tile("float32", 4, (0,), (0, 4), onto=(0,))


@pytest.mark.parametrize("argument", [np.zeros(3), [1, 2], {"a": 1}, object(), Path(), len])
def test_a_kernel_accepts_arguments_with_an_unambiguous_repr_only(argument):
    @kernel
    def made(size):
        raise AssertionError

    with pytest.raises(TypeError, match="made: expected"):
        made(argument)
    with pytest.raises(TypeError, match="made: expected"):
        made(size=(1, argument))
