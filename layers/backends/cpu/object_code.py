"""LLVM's part of the kernel store: compiles LLVM text to object code, and loads object code at an address.

With llvmlite 0.44 to 0.47, LLVM is used by one thread of a process at a time; so is this module, under `LOCK`.
"""

import threading
from functools import cache
from typing import NamedTuple

import llvmlite
from llvmlite import binding

from network3.layers.checks import error_message

from . import c_runtime
from .processor import target


class Settings(NamedTuple):
    """LLVM's optimization settings.

    Where it matters, kernels are written with explicit vectors and unrolled loops, and their text is simple. So it is
    enough to promote variables to registers, simplify instructions, and inline the body into the exported function.
    LLVM's own pipelines take up to ten times as long and speed up few kernels. A `machine_level` of 1 makes some
    kernels slower by a sixth, and one of 0 makes them seven times slower.
    """

    passes: tuple[str, ...] = ("sroa", "instruction_combine", "always_inliner")
    level: int = 1  # of LLVM's own pipeline, used if requested, or if llvmlite lacks a pass
    machine_level: int = 2  # of instruction selection and register allocation, 0 to 3


SETTINGS = Settings()
# Held during calls of LLVM, also across several calls.
LOCK = threading.RLock()


def compile_text(text: str, *, vectorize: bool = False) -> bytes:
    """Return the object code of the module `text`, written in LLVM's language.

    Parameters
    ----------
    text : str
    vectorize : bool, default False
        Whether LLVM's loop vectorizer runs.

    Raises
    ------
    RuntimeError
        `text` is not a valid module; the message is LLVM's.
    """
    with LOCK:
        machine = _machine()
        module = binding.parse_assembly(text, _new_context())
        module.triple, module.data_layout = _triple_and_layout()
        module.verify()
        passes, builder = (None if vectorize else _custom_passes()) or _default_passes(vectorize)
        passes.run(module, builder)
        return machine.emit_object(module)


def load(symbol: str, code: bytes) -> int:
    """Return the address of the function `symbol` of object code; it stays valid until the process ends.

    The bytes must be unchanged since `compile_text` returned them: LLVM checks nothing, and damage crashes the process.

    Raises
    ------
    RuntimeError
        There is no such function.
    """
    with LOCK:
        engine = _engine()
        engine.add_object_file(binding.ObjectFileRef.from_data(code))
        engine.finalize_object()
        address = engine.get_function_address(symbol)
    if not address:
        raise RuntimeError(
            error_message("kernel", f"expected a function {symbol}", "object code without it", "Report this.")
        )
    return address


def _new_context() -> binding.ContextRef:
    """Return an LLVM context with opaque pointers."""
    if hasattr(llvmlite, "opaque_pointers_enabled"):  # llvmlite 0.44: its default is typed pointers
        return binding.ContextRef(binding.ffi.lib.LLVMPY_ContextCreate(True))
    return binding.create_context()


@cache
def _machine() -> binding.TargetMachine:
    """Return LLVM's description of the target processor."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    binding.initialize_native_asmparser()  # allows inline assembly in kernels
    binding.check_jit_execution()
    c_runtime.register_symbols()
    name, features = target()
    host = binding.Target.from_default_triple()
    # As in Numba: x86 code that is loaded at a known address needs no relocation tables.
    relocation = "static" if host.name.startswith("x86") else "default"
    return host.create_target_machine(
        cpu=name,
        features=features,
        opt=SETTINGS.machine_level,
        reloc=relocation,
        codemodel="jitdefault",
        jit=True,
    )


@cache
def _triple_and_layout() -> tuple[str, str]:
    return _machine().triple, str(_machine().target_data)


@cache
def _custom_passes() -> tuple[binding.ModulePassManager, binding.PassBuilder] | None:
    """Return the passes of `SETTINGS` and what they need to run; None if llvmlite does not support all of them."""
    passes = binding.create_new_module_pass_manager()
    for name in SETTINGS.passes:
        add = getattr(passes, f"add_{name}_pass", None)
        if add is None:
            return None
        add()
    return passes, binding.create_pass_builder(_machine(), binding.create_pipeline_tuning_options())


def _default_passes(vectorize: bool) -> tuple[binding.ModulePassManager, binding.PassBuilder]:
    """Return LLVM's own pipeline, without loop unrolling; it can run only once."""
    options = binding.create_pipeline_tuning_options(SETTINGS.level)
    options.loop_vectorization = vectorize
    options.loop_interleaving = options.slp_vectorization = options.loop_unrolling = False
    builder = binding.create_pass_builder(_machine(), options)
    return builder.getModulePassManager(), builder


@cache
def _engine() -> binding.ExecutionEngine:
    """Return the engine that loads object code. It is never freed: addresses are used until the process ends."""
    return binding.create_mcjit_compiler(binding.parse_assembly(""), _machine())
