"""Our Ops in graphs of PyTensor's NUMBA mode agree with NumPy."""

import pytest
from pytensor.link.numba.dispatch.basic import numba_funcify, numba_funcify_default_op_cache_key

import network3.layers.backends.numba  # noqa: F401  (registers our Ops)

JOINED = {
    "conv": ["conv of views", "cross-correlation with strides", "conv of NaN, padded", "conv in groups"],
    "pool": ["max of NaN", "max of ties", "l2 of NaN", "l2 of blanks", "sum of NaN"],
    "masks": ["masks, odd", "masks, even", "masks of high words", "masks that keep all", "masks that keep nothing"],
    "net": ["net of max"],
}


@pytest.mark.parametrize(
    ("names", "dtype"), [("conv", "float32"), ("pool", "float64"), ("masks", "float32"), ("net", "float32")]
)
def test_joined_cases_agree_with_numpy(cases, names, dtype):
    case = cases(dtype, *JOINED[names])
    case.assert_agrees(case.compile("NUMBA")(*case.values))


@pytest.mark.slow
def test_each_case_agrees_with_numpy(case):
    case.assert_agrees(case.compile("NUMBA")(*case.values))


def test_a_float32_net_contains_no_float64(small_net, float64_variables):
    assert not float64_variables(small_net.compile("NUMBA"))


def test_every_op_is_dispatched_and_cached(kind):
    for registry in (numba_funcify, numba_funcify_default_op_cache_key):
        assert registry.dispatch(kind) is not registry.dispatch(object)
        assert registry.dispatch(kind).__module__.startswith("network3.layers.backends.numba")


def test_an_op_without_a_dispatch_is_an_error(unknown_op):
    with pytest.raises(UserWarning, match="Numba will use object mode to run Nameless"):
        unknown_op.compile("NUMBA")(*unknown_op.values)
