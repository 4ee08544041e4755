"""Reading compiled programs: trip counts, kernels, chains and launches, on small texts of XLA's form."""

import pytest

from benchmarks.gpu.check import hlo, thunks
from benchmarks.gpu.check.__main__ import Row, misses

PROGRAM = """\
HloModule jit_loop, entry_computation_layout={()->f32[4]{0}}

%fused_a (param_0: f32[4]) -> f32[4] {
  %param_0 = f32[4]{0} parameter(0)
  ROOT %n = f32[4]{0} negate(%param_0)
}

%called (p: f32[4]) -> f32[4] {
  %p = f32[4]{0} parameter(0)
  ROOT %copy.1 = f32[4]{0} copy(%p)
}

%body (carried: (s32[], f32[4])) -> (s32[], f32[4]) {
  %carried = (s32[], /*index=1*/f32[4]{0}) parameter(0)
  %k = s32[] get-tuple-element(%carried), index=0
  %x = f32[4]{0} get-tuple-element(%carried), index=1
  %first = f32[4]{0} fusion(%x), kind=kLoop, calls=%fused_a
  %conv = (f32[4]{0}, u8[0]{0}) custom-call(%first, %x), custom_call_target="__cudnn$convForward"
  %y = f32[4]{0} get-tuple-element(%conv), index=0
  %last = f32[4]{0} call(%y), to_apply=%called
  %beside = f32[4]{0} fusion(%x), kind=kCustom, calls=%fused_a, backend_config={"kind":"__triton_gemm"}
  %next = s32[] add(%k, %k)
  ROOT %result = (s32[], f32[4]{0}) tuple(%next, %last)
}

%condition (carried.1: (s32[], f32[4])) -> pred[] {
  %carried.1 = (s32[], f32[4]{0}) parameter(0)
  ROOT %go = pred[] constant(true)
}

ENTRY %main (start: f32[4]) -> f32[4] {
  %start = f32[4]{0} parameter(0)
  %zero = s32[] constant(0)
  %pair = (s32[], f32[4]{0}) tuple(%zero, %start)
  %loop = (s32[], f32[4]{0}) while(%pair), condition=%condition, body=%body{COUNT}
  ROOT %out = f32[4]{0} get-tuple-element(%loop), index=1
}
"""
KNOWN = ', backend_config={"known_trip_count":{"n":"250"}}'

SCHEDULE = """\
000: kKernel         [a]
001: kWhile          [b]
  body:
    000: kCommandBuffer  [c]
      000: kKernel       [d]
      001: kKernel       [e]
    001: kKernel         [f]
  condition:
    000: kKernel         [g]
002: kKernel         [h]
"""


@pytest.mark.parametrize(("known", "count"), [(KNOWN, 250), ("", None)])
def test_a_loop_is_read(known, count):
    loop = hlo.largest_loop(PROGRAM.replace("{COUNT}", known))
    assert loop.trip_count == count
    kinds = {"fusion:kLoop": 1, "custom:__cudnn$convForward": 1, "copy": 1, "fusion:triton": 1, "add": 1}
    assert loop.kernels == kinds
    assert loop.count == 5
    assert loop.chain == 3  # the fusion, the convolution, the call


def test_a_program_without_a_loop_is_refused():
    entry = PROGRAM.replace("while(", "call(").replace("body=%body{COUNT}", "to_apply=%called")
    with pytest.raises(ValueError, match="no loop"):
        hlo.largest_loop(entry)


def test_launches_are_those_of_the_loops_body(tmp_path):
    (tmp_path / f"module_0001.jit_ours{thunks.SUFFIX}").write_text(SCHEDULE)
    assert thunks.launches(tmp_path, "ours") == 2
    assert thunks.launches(tmp_path, "other") is None


GOOD = Row("network3", "two_conv", 1, 250, 1, 32, 18, {})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"trip_count": None}, ["unknown trip count"]),
        ({"launches": 3}, ["3 launches"]),
        ({"kernels": 33, "chain": 19}, ["33 kernels > 32", "chain of 19 > 18"]),
        ({"networks": 5, "kernels": 99, "kinds": {"custom:__cudnn$convForward": 2}}, ["cuDNN calls for each network"]),
        ({"who": "JAX by hand", "launches": 3}, []),
    ],
    ids=str,
)
def test_what_does_not_hold_is_listed(changes, expected):
    assert misses(Row(**{**GOOD.__dict__, **changes})) == expected
