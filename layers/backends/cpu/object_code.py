"""LLVM's part of the store: the text of a kernel becomes object code, and object code an address.

LLVM, through llvmlite 0.44 to 0.47, does one thing at a time in a process; so does this module, under `LOCK`.
"""

import threading
from functools import cache
from typing import NamedTuple

import llvmlite
from llvmlite import binding

from ...checks import complaint
from . import c_runtime
from .processor import target


class Settings(NamedTuple):
    """How LLVM optimises.

    Kernels have vectors written out, and loops unrolled, where it matters. What LLVM must add is the vectors of simple
    loops: without them elementwise kernels take two to ten times as long. More of the other settings lets LLVM work up
    to a third longer and makes next to no kernel faster; a `machine_level` of 0 makes some seven times slower.
    """

    level: int = 1  # of optimisation, 0 to 3
    machine_level: int = 2  # of instruction selection and registers, 0 to 3
    vectorize: bool = True  # loops become loops over vectors
    interleave: bool = False  # several vectors a round of such a loop
    unroll: bool = False
    slp: bool = False  # straight code becomes vectors


SETTINGS = Settings()
# Whoever calls LLVM holds this, also over several calls.
LOCK = threading.RLock()


def compile_text(text: str) -> bytes:
    """Return the object code of the module that `text` is in LLVM's language.

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
        passes = binding.create_pass_builder(machine, _options())
        passes.getModulePassManager().run(module, passes)  # runs once only
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
        raise RuntimeError(complaint("kernel", f"wanted a function {symbol}", "object code without it", "Report this."))
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
def _options() -> binding.PipelineTuningOptions:
    options = binding.create_pipeline_tuning_options(SETTINGS.level)
    options.loop_vectorization = SETTINGS.vectorize
    options.loop_interleaving = SETTINGS.interleave
    options.loop_unrolling = SETTINGS.unroll
    options.slp_vectorization = SETTINGS.slp
    return options


@cache
def _engine() -> binding.ExecutionEngine:
    """Return what loads object code. It is never let go: addresses are used as long as the process lives."""
    return binding.create_mcjit_compiler(binding.parse_assembly(""), _machine())
