"""The processor that kernels are compiled for: its selection by the environment, and its vectors."""

import pytest
from llvmlite import binding

from network3.layers.backends.cpu import processor


def test_the_environment_selects_the_processor(monkeypatch):
    own = processor.target()
    cases = [
        ({}, own),
        ({"NETWORK3_CPU_NAME": "haswell"}, ("haswell", "")),
        ({"NETWORK3_CPU_NAME": "haswell", "NETWORK3_CPU_FEATURES": "+avx,+avx2"}, ("haswell", "+avx,+avx2")),
        ({"NETWORK3_CPU_FEATURES": "+sse2"}, (own[0], "+sse2")),
        ({"NETWORK3_CPU_NAME": "host"}, own),
    ]
    for environment, expected in cases:
        with monkeypatch.context() as change:
            for name, value in environment.items():
                change.setenv(name, value)
            assert processor.target.__wrapped__() == expected


@pytest.mark.parametrize(
    ("features", "size"),
    [("", 16), ("+sse2,-avx", 16), ("+avx,-avx512f", 32), ("+avx,+avx512f", 64)],
)
def test_vector_size_and_registers_by_feature(monkeypatch, features, size):
    monkeypatch.setattr(processor, "target", lambda: ("x86-64", features))
    assert processor.vector_bytes.__wrapped__() == size
    arm = binding.get_process_triple().startswith(("aarch64", "arm64"))
    assert processor.vector_registers.__wrapped__() == (32 if arm or size == 64 else 16)


def test_offsets_of_vectors_that_cover_a_row():
    assert processor.offsets(10, 4) == (0, 4, 6)
    assert processor.lanes_of("float32") == 2 * processor.lanes_of("float64") == processor.vector_bytes() // 4
