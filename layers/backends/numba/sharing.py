"""Work in parts, as compiled code: who is free takes the next one.

Two threads agree through a few numbers on a board in memory. A job is a function, the place of its arguments, how many
parts it has, and a ticket: the job's number, and how many parts are taken from the front and from the back. A part is
taken by raising the ticket, which fails if another thread was faster, or if the job is over: a helper that comes late
finds nothing to do.
"""

import ctypes
import sys
from operator import attrgetter

import numba
from llvmlite import binding, ir
from numba.core import cgutils, types
from numba.extending import intrinsic

# Places on the board, 128 bytes apart, so that threads that write one do not slow down those that read another.
LOCK, TICKET, JOB, DONE, HELPERS, ALONE_UNTIL = range(0, 96, 16)
SIZE = 96
BOARD, CLOCK, YIELD, SLEEP = (f"network3_{name}" for name in ("board", "clock", "yield", "sleep"))
MOST_PARTS = 0xFFFF

INT, INT32, VOID = ir.IntType(64), ir.IntType(32), ir.VoidType()
code_of = attrgetter("library")  # of a compiled function
PART = ir.FunctionType(VOID, [INT, INT])
BILLION = 1_000_000_000
LOOKS = 20_000  # that a helper takes, a microsecond or less each, before it sleeps
PAUSES = 2000  # before it offers its processor to others
NAP = 200  # microseconds
SLACK = 20_000  # nanoseconds that a helper may be late
REST = 20  # how many times as long as it was late it is left out


# Never freed: helpers may look at it while the process ends.
board = (ctypes.c_int64 * SIZE)()


def _announce() -> None:
    """Make the board and the system's functions known to compiled code by their names."""
    if sys.platform == "win32":
        kernel32 = ctypes.windll.kernel32
        functions = {CLOCK: ctypes.cdll.ucrtbase._timespec64_get, YIELD: kernel32.SwitchToThread, SLEEP: kernel32.Sleep}
    else:
        libc = ctypes.CDLL(None)
        functions = {CLOCK: libc.timespec_get, YIELD: libc.sched_yield, SLEEP: libc.usleep}
    binding.add_symbol(BOARD, ctypes.addressof(board))
    for name, function in functions.items():
        binding.add_symbol(name, ctypes.cast(function, ctypes.c_void_p).value)


_announce()


def _place(builder, index):
    board = builder.module.globals.get(BOARD) or ir.GlobalVariable(builder.module, INT, BOARD)
    return builder.gep(board, [index])


def _system(builder, name, arguments):
    """Call a function of the system with integers, and forget what it returns."""
    kind = ir.FunctionType(INT32, [argument.type for argument in arguments])
    builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)


@intrinsic
def read(typing, index):
    def generate(context, builder, signature, arguments):
        return builder.load_atomic(_place(builder, arguments[0]), "seq_cst", 8)

    return types.int64(types.intp), generate


@intrinsic
def write(typing, index, value):
    def generate(context, builder, signature, arguments):
        builder.store_atomic(arguments[1], _place(builder, arguments[0]), "seq_cst", 8)
        return context.get_dummy_value()

    return types.void(types.intp, types.int64), generate


@intrinsic
def raise_by_one(typing, index):
    def generate(context, builder, signature, arguments):
        return builder.atomic_rmw("add", _place(builder, arguments[0]), ir.Constant(INT, 1), "seq_cst")

    return types.int64(types.intp), generate


@intrinsic
def replace(typing, index, old, new):
    """Write `new` if `old` stands there, and return whether it did."""

    def generate(context, builder, signature, arguments):
        index, old, new = arguments
        found = builder.cmpxchg(_place(builder, index), old, new, "seq_cst", "seq_cst")
        return builder.extract_value(found, 1)

    return types.boolean(types.intp, types.int64, types.int64), generate


@intrinsic
def pause(typing):
    """Tell the processor, if it is of a kind that listens, that this loop waits."""
    kind = binding.get_process_triple().split("-")[0]
    arm, x86 = kind in ("aarch64", "arm64"), kind in ("x86_64", "i686")

    def generate(context, builder, signature, arguments):
        if arm or x86:
            name, hint = ("llvm.aarch64.hint", [ir.Constant(INT32, 1)]) if arm else ("llvm.x86.sse2.pause", [])
            function = ir.FunctionType(VOID, [value.type for value in hint])
            builder.call(cgutils.get_or_insert_function(builder.module, function, name), hint)
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def step_aside(typing):
    """Let another thread have the processor, if one waits."""

    def generate(context, builder, signature, arguments):
        _system(builder, YIELD, [])
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def nap(typing):
    time = ir.Constant(INT32, 1 if sys.platform == "win32" else NAP)  # Windows counts milliseconds

    def generate(context, builder, signature, arguments):
        _system(builder, SLEEP, [time])
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def now(typing):
    """Return the time in nanoseconds."""

    def generate(context, builder, signature, arguments):
        spec = cgutils.alloca_once(builder, INT, 2)
        _system(builder, CLOCK, [spec, ir.Constant(INT32, 1)])
        # Windows and 64-bit systems alike: seconds as 64 bits, then nanoseconds, in at least 32 bits, never over 2**30.
        nanoseconds = builder.and_(builder.load(builder.gep(spec, [ir.Constant(INT, 1)])), ir.Constant(INT, 2**32 - 1))
        return builder.add(builder.mul(builder.load(spec), ir.Constant(INT, BILLION)), nanoseconds)

    return types.int64(), generate


@intrinsic
def call(typing, function, place, part):
    def generate(context, builder, signature, arguments):
        function, place, part = arguments
        builder.call(builder.inttoptr(function, PART.as_pointer()), [place, part])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.intp), generate


@numba.njit(nogil=True)
def take_parts(from_front):
    """Do parts of the job on the board until all are taken; return how many.

    The caller begins at the front, helpers at the back: so each finds in its cache what it had of the job before.
    """
    count = 0
    while True:
        ticket = read(TICKET)
        front, back = ticket & MOST_PARTS, (ticket >> 16) & MOST_PARTS
        function, place, parts = read(JOB), read(JOB + 1), read(JOB + 2)
        if front + back >= parts:
            return count
        if replace(TICKET, ticket, ticket + 1 if from_front else ticket + (1 << 16)):
            call(function, place, front if from_front else parts - 1 - back)
            raise_by_one(DONE)
            count += 1


@numba.njit(nogil=True, cache=True)
def help_out(me):
    """Take parts of whatever jobs come, as helper number `me`, while so many are wanted."""
    idle, last = 0, 0
    while me < read(HELPERS):
        ticket = read(TICKET)
        if ticket != last and read(ALONE_UNTIL) == 0:
            idle = 0
            take_parts(False)
            last = read(TICKET)
        elif idle < LOOKS:
            idle += 1
            pause()
            if idle % PAUSES == 0:
                step_aside()
        else:
            nap()


@numba.njit(inline="always")
def _begin(function, place, parts):
    """Put a job on the board and do it, with whoever helps."""
    job = (((read(TICKET) >> 32) + 1) & 0x7FFFFFFF) << 32
    write(TICKET, job | MOST_PARTS)  # closed: whoever still holds the last ticket finds that it is void
    write(JOB, function)
    write(JOB + 1, place)
    write(JOB + 2, parts)
    write(DONE, 0)
    start = now()
    write(TICKET, job)
    mine = take_parts(True)
    end = now()
    if read(DONE) < parts:
        looks = 0
        while read(DONE) < parts:
            pause()
            looks += 1
            if looks > PAUSES:
                step_aside()
        late = now() - end - SLACK
        if late > 4 * (end - start) // max(mine, 1):
            write(ALONE_UNTIL, end + REST * late)


@numba.njit(inline="always")
def _helped():
    """Return whether to share out a job: there are helpers, and they were not late just now."""
    if read(HELPERS) == 0:
        return False
    until = read(ALONE_UNTIL)
    if until == 0:
        return True
    if now() < until:
        return False
    write(ALONE_UNTIL, 0)
    return True


@numba.njit(nogil=True)
def do_job(function, place, parts):
    """Do all parts of a job, with whoever helps, or alone."""
    if 1 < parts < MOST_PARTS and _helped() and replace(LOCK, 0, 1):
        _begin(function, place, parts)
        write(LOCK, 0)
    else:
        for part in range(parts):
            call(function, place, part)


def shared_out(task):
    """Return ``run(parts, data)``, which calls ``task(part, *data)`` for every part, in any order, in several threads.

    Parts must write to places of their own, and must not raise. `data` is a tuple.
    """

    @intrinsic
    def run(typing, parts, data):
        kind = typing.resolve_value_type(task)
        of_task = kind.get_call_type(typing, (types.intp, *data.types), {})
        typing.resolve_value_type(do_job).get_call_type(typing, (types.int64,) * 3, {})  # compiles it

        def generate(context, builder, signature, arguments):
            parts, data = arguments
            place = cgutils.alloca_once_value(builder, data)
            compiled = kind.dispatcher.overloads[of_task.args]
            context.active_code_library.add_linking_library(code_of(compiled))
            part = ir.Function(builder.module, PART, builder.module.get_unique_name("network3_part"))
            part.linkage = "internal"
            inside = ir.IRBuilder(part.append_basic_block())
            given = inside.load(inside.inttoptr(part.args[0], place.type))
            values = cgutils.unpack_tuple(inside, given, len(signature.args[1]))
            context.call_internal_no_propagate(inside, compiled.fndesc, of_task, [part.args[1], *values])
            inside.ret_void()
            (job,) = do_job.overloads.values()
            context.active_code_library.add_linking_library(code_of(job))
            addresses = [builder.ptrtoint(part, INT), builder.ptrtoint(place, INT)]
            return context.call_internal(builder, job.fndesc, job.signature, [*addresses, parts])

        return types.none(types.int64, data), generate

    return run
