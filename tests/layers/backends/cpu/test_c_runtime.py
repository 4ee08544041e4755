"""The C library's functions: they are found, and include all functions that compiled code calls."""

import ctypes
import struct
import sys

import pytest
from llvmlite import ir

from network3.layers.backends.cpu import object_code
from network3.layers.backends.cpu.c_runtime import FUNCTIONS, addresses

LIBRARY = {"win32": "ucrtbase", "darwin": "libSystem.dylib"}.get(sys.platform, "libm.so.6")
INTRINSICS = ("exp", "exp2", "log", "log2", "log10", "pow", "sin", "cos", "floor", "ceil", "rint", "sqrt")


def called_from(code):
    """Return the undefined symbols of an ELF file."""
    (sections,) = struct.unpack_from("<Q", code, 0x28)
    size, count = struct.unpack_from("<HH", code, 0x3A)
    headers = [struct.unpack_from("<IIQQQQIIQQ", code, sections + k * size) for k in range(count)]
    (table,) = (header for header in headers if header[1] == 2)
    names = headers[table[6]][4]
    found = set()
    for start in range(table[4] + 24, table[4] + table[5], 24):
        name, _, _, section = struct.unpack_from("<IBBH", code, start)
        if section == 0:
            found.add(code[names + name :].split(b"\0")[0].decode())
    return found


def text_of_calls():
    """Return a function that calls mathematical functions, copies and fills memory, and has many local variables."""
    module, size = ir.Module(), ir.IntType(64)
    byte = ir.IntType(8).as_pointer()
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [byte, size, byte]), "calls")
    b = ir.IRBuilder(function.append_basic_block())
    to, length, source = function.args
    for kind in (ir.FloatType(), ir.DoubleType()):
        place = b.bitcast(to, kind.as_pointer())
        for name in INTRINSICS:
            operands = [b.load(place)] * (2 if name == "pow" else 1)
            b.store(b.call(module.declare_intrinsic(f"llvm.{name}", [kind]), operands), place)
        b.store(b.fma(*[b.load(place)] * 3), place)
    no = ir.Constant(ir.IntType(1), 0)
    b.call(module.declare_intrinsic("llvm.memcpy", [byte, byte, size]), [to, source, length, no])
    b.call(module.declare_intrinsic("llvm.memmove", [byte, byte, size]), [to, source, length, no])
    b.call(module.declare_intrinsic("llvm.memset", [byte, size]), [to, ir.Constant(ir.IntType(8), 0), length, no])
    local = b.alloca(ir.IntType(8), 10_000)
    b.store(b.load(b.gep(local, [length])), to)
    b.ret_void()
    return str(module)


def test_functions_of_the_c_library_are_found():
    """On Windows they are registered with LLVM; here only their lookup is tested."""
    found = addresses(("log1p", "expm1f", "no_such_function"), ("no_such_library", LIBRARY))
    assert sorted(found) == ["expm1f", "log1p"]
    log1p = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(found["log1p"])
    assert log1p(1.0) == pytest.approx(0.6931471805599453, rel=1e-15)


@pytest.mark.skipif(sys.platform == "darwin", reason="another format of object code")
def test_compiled_code_calls_no_other_functions():
    called = called_from(object_code.compile_text(text_of_calls()))
    assert {"exp", "expf", "pow", "memcpy", "memset"} <= called
    assert called <= set(FUNCTIONS)
