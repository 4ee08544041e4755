"""Our Ops on PyTorch agree with NumPy: each case in eager mode, and a few compiled by PyTorch."""

import pytest

torch = pytest.importorskip("torch")
from pytensor.link.pytorch.dispatch import pytorch_funcify  # noqa: E402  (after importorskip)

import network3.layers.backends.pytorch  # noqa: E402, F401  (registers our Ops)

pytestmark = [
    pytest.mark.torch,
    # PyTorch warns about its own code when it imports its compiler.
    pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated:DeprecationWarning"),
    # PyTensor passes broadcast constants, which are not writable, to PyTorch, which warns once a process.
    pytest.mark.filterwarnings("ignore:The given NumPy array is not writable:UserWarning"),
]

COMPILED = {
    "conv": ["conv full, stride along rows", "cross-correlation with strides", "conv of NaN, padded"],
    "pool": ["max of NaN", "max of ties", "l2 of NaN", "l2 of blanks", "sum of NaN"],
    "windows": ["l2 of unknown shapes, apart"],
    "masks": ["masks, odd", "masks of high words"],
}


def test_each_case_agrees_with_numpy(case):
    with torch.compiler.set_stance("force_eager"):
        case.assert_agrees(case.compile("PYTORCH")(*case.values))


@pytest.mark.parametrize("names", COMPILED)
def test_joined_cases_agree_with_numpy(cases, names):
    case = cases("float32", *COMPILED[names])
    case.assert_agrees(case.compile("PYTORCH")(*case.values))


def test_a_float32_net_contains_no_float64(small_net, float64_variables):
    assert not float64_variables(small_net.compile("PYTORCH"))


def test_every_op_is_dispatched(kind):
    assert pytorch_funcify.dispatch(kind) is not pytorch_funcify.dispatch(object)


def test_an_op_without_a_dispatch_is_an_error(unknown_op):
    with pytest.raises(NotImplementedError, match=r"No PyTorch conversion .* Nameless"):
        unknown_op.compile("PYTORCH")
