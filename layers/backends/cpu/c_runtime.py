"""The C library functions that kernels call, registered with LLVM where it cannot find them by itself."""

import ctypes
import sys

from llvmlite import binding

_MATHEMATICS = (
    *("acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "copysign", "cos", "cosh", "erf"),
    *("erfc", "exp", "exp2", "expm1", "fabs", "floor", "fma", "fmax", "fmin", "fmod", "hypot", "ldexp", "lgamma"),
    *("log", "log10", "log1p", "log2", "nearbyint", "pow", "rint", "round", "sin", "sinh", "sqrt", "tan", "tanh"),
    *("tgamma", "trunc"),
)

# LLVM may emit calls of all of these; the stack probe is for functions with more than a page of local variables.
FUNCTIONS = (*_MATHEMATICS, *(name + "f" for name in _MATHEMATICS), "memcpy", "memmove", "memset", "__chkstk")

# Where to look on Windows, in order of preference: the first is the C library that Python itself uses.
LIBRARIES = ("ucrtbase", "vcruntime140", "msvcrt", "ntdll")


def register_symbols() -> None:
    """Register the addresses of the C library's functions with LLVM, on Windows.

    Elsewhere they are symbols of the process. On Windows they are missing there, or belong to another C library, and
    LLVM terminates the process if it cannot resolve a name.
    """
    if sys.platform != "win32":
        return
    for name, address in addresses(FUNCTIONS, LIBRARIES).items():
        binding.add_symbol(name, address)


def addresses(names: tuple[str, ...], libraries: tuple[str, ...]) -> dict[str, int]:
    """Return the addresses of the functions `names`, each from the first of the `libraries` that has it."""
    found: dict[str, int] = {}
    for library in libraries:
        try:
            loaded = ctypes.CDLL(library)
        except OSError:
            continue
        for name in names:
            if name not in found and hasattr(loaded, name):
                found[name] = ctypes.cast(getattr(loaded, name), ctypes.c_void_p).value or 0
    return found
