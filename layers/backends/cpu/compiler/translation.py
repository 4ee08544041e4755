"""Translation of a kernel to an LLVM module; not needed for kernels that are on disk."""

from typing import Any

import numpy as np

from network3.layers.backends.cpu.processor import vector_bytes

from .frame import Frame
from .kernel import Kernel
from .module import Module
from .source import Source
from .translate import Translator
from .types import Array, ArrayValue, Value


def module_text(kernel: Kernel, symbol: str, *, checking: bool = False) -> tuple[str, int]:
    """Translate a kernel.

    Parameters
    ----------
    kernel : Kernel
    symbol : str
        The name of the function in the module.
    checking : bool, default False
        Check every array access. The argument block then begins with the address of the report, see `violations`,
        and an array takes two words, its address and its length.

    Returns
    -------
    str
        Text of the module. It uses opaque pointers, which must be enabled for LLVM 15.
    int
        Bytes of scratch memory that the kernel uses.

    Raises
    ------
    KernelError
        Code outside of the kernel language.
    """
    module = Module()
    frame = Frame(module, checking, 0 if checking or kernel.vectorized_by_llvm else vector_bytes())
    parameters = ["ptr noalias %report"] if checking else []
    values: list[Any] = [Value("%part", "int64")]
    for k, kind in enumerate(kernel.parameters):
        name = f"%p{k}"
        if isinstance(kind, Array):
            values.append(ArrayValue(name, kind.dtype, f"{name}n" if checking else None))
            parameters += [f"ptr noalias {name}", *([f"i64 {name}n"] if checking else [])]
        else:
            values.append(Value(name, "int64"))
            parameters.append(f"i64 {name}")
    with np.errstate(all="ignore"):
        Translator(frame, Source.of(kernel.function)).call(values, {})
    if not frame.terminated:
        frame.end("ret void")
    parameters += [f"ptr noalias %scratch{k}" for k in range(len(frame.scratch))]
    parameters_text = ", ".join(["i64 %part", *parameters])
    body = f"define internal void @body({parameters_text}) nounwind alwaysinline {{\n{frame.body()}\n}}"
    return module.text(body, _entry(symbol, parameters, frame.scratch)), frame.scratch_bytes


def _entry(symbol: str, parameters: list[str], scratch: list[int]) -> str:
    """Return the exported function: it reads the argument block and calls the body.

    Arrays are parameters of the body, since LLVM's ``noalias`` applies to parameters only.
    """
    lines, given = [], ["i64 %part"]
    for word, parameter in enumerate(parameters[: len(parameters) - len(scratch)]):
        kind, name = parameter.split()[0], parameter.split()[-1]
        lines += [f"{name}.at = getelementptr i64, ptr %arguments, i64 {word}", f"{name} = load {kind}, ptr {name}.at"]
        given.append(f"{kind} {name}")
    for k, offset in enumerate(scratch):
        lines.append(f"%scratch{k} = getelementptr i8, ptr %scratch, i64 {offset}")
        given.append(f"ptr %scratch{k}")
    text = "\n".join([*lines, f"call void @body({', '.join(given)})", "ret void"])
    return f"define void @{symbol}(ptr %arguments, i64 %part, ptr %scratch) nounwind {{\n{text}\n}}"
