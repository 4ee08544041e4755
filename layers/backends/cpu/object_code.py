"""LLVM's part of the store: the text of a kernel becomes object code, and object code an address.

LLVM, through llvmlite 0.44 to 0.47, does one thing at a time in a process; so does this module, under `LOCK`.
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
    """How LLVM optimises.

    Kernels have vectors written out, and loops unrolled, where it matters, and their texts are plain. So it is enough
    that variables become registers, instructions are simplified, and the body becomes part of the function that is
    called. LLVM's own pipelines take up to ten times as long and make few kernels faster. A `machine_level` of 1 makes
    some slower by a sixth, and one of 0 seven times slower.
    """

    passes: tuple[str, ...] = ("sroa", "instruction_combine", "always_inliner")
    level: int = 1  # of LLVM's own pipeline, for kernels that want it, and where llvmlite is too old for the passes
    machine_level: int = 2  # of instruction selection and registers, 0 to 3


SETTINGS = Settings()
# Whoever calls LLVM holds this, also over several calls.
LOCK = threading.RLock()


def compile_text(text: str, *, vectorize: bool = False) -> bytes:
    """Return the object code of the module that `text` is in LLVM's language.

    Parameters
    ----------
    text : str
    vectorize : bool, default False
        Whether LLVM is to look for vectors.

    Raises
    ------
    RuntimeError
        It is not one; the message is LLVM's.
    """
    with LOCK:
        machine = _machine()
        module = binding.parse_assembly(text, _new_context())
        module.triple, module.data_layout = _triple_and_layout()
        module.verify()
        passes, builder = (None if vectorize else _own_passes()) or _default_passes(vectorize)
        passes.run(module, builder)
        return machine.emit_object(module)


def load(symbol: str, code: bytes) -> int:
    """Return the address of the function `symbol` of object code; it stays there as long as the process.

    The bytes must be as `compile_text` returned them: LLVM checks nothing, and damage ends the process.

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
    """Return LLVM's memory for a module whose pointers have no types."""
    if hasattr(llvmlite, "opaque_pointers_enabled"):  # llvmlite 0.44: there, pointers have types unless told otherwise
        return binding.ContextRef(binding.ffi.lib.LLVMPY_ContextCreate(True))
    return binding.create_context()


@cache
def _machine() -> binding.TargetMachine:
    """Return LLVM's description of the processor that is compiled for."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    binding.initialize_native_asmparser()  # for the few lines of assembly in the kernels of threads
    binding.check_jit_execution()
    c_runtime.announce()
    name, features = target()
    host = binding.Target.from_default_triple()
    # As Numba has it: code for x86 that is loaded at a known address needs no tables of addresses.
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
def _own_passes() -> tuple[binding.ModulePassManager, binding.PassBuilder] | None:
    """Return the passes of the settings, and what they need to run; None if llvmlite does not know them all."""
    passes = binding.create_new_module_pass_manager()
    for name in SETTINGS.passes:
        add = getattr(passes, f"add_{name}_pass", None)
        if add is None:
            return None
        add()
    return passes, binding.create_pass_builder(_machine(), binding.create_pipeline_tuning_options())


def _default_passes(vectorize: bool) -> tuple[binding.ModulePassManager, binding.PassBuilder]:
    """Return LLVM's own pipeline, which unrolls no loops; it runs once only."""
    options = binding.create_pipeline_tuning_options(SETTINGS.level)
    options.loop_vectorization = vectorize
    options.loop_interleaving = options.slp_vectorization = options.loop_unrolling = False
    builder = binding.create_pass_builder(_machine(), options)
    return builder.getModulePassManager(), builder


@cache
def _engine() -> binding.ExecutionEngine:
    """Return what loads object code. It is never let go: addresses are used as long as the process lives."""
    return binding.create_mcjit_compiler(binding.parse_assembly(""), _machine())
