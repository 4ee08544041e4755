"""Our Ops on JAX agree with NumPy."""

import jax
import numpy as np
import pytest
from jax.lax import Precision
from pytensor.link.jax.dispatch import jax_funcify

import network3.layers.backends.jax  # noqa: F401  (registers our Ops)
from network3.layers.ops.conv import Conv2D, Conv2DGradInput
from network3.layers.ops.dropout_mask import DropoutMask


@pytest.fixture
def run():
    """Compile and call with JAX's option for float64, which PyTensor sets at its import according to config.floatX."""

    def run(case):
        with jax.enable_x64(case.dtype == "float64"):
            return [np.asarray(result) for result in case.compile("JAX")(*case.values)]

    return run


def test_each_case_agrees_with_numpy(run, case):
    case.assert_agrees(run(case))


def test_a_float32_net_contains_no_float64(small_net, float64_variables):
    with jax.enable_x64(False):
        assert not float64_variables(small_net.compile("JAX"))


def test_the_option_for_float64_is_a_context_manager():
    before = jax.config.jax_enable_x64
    for enabled, dtype in [(True, "float64"), (False, "float32")]:
        with jax.enable_x64(enabled):
            assert jax.numpy.zeros(2).dtype == dtype
    assert jax.config.jax_enable_x64 == before


def precisions(function, *arrays):
    """Return the precision of each convolution in a function's JAX program."""
    equations = jax.make_jaxpr(function)(*arrays).eqns
    return [e.params["precision"] for e in equations if e.primitive.name == "conv_general_dilated"]


def test_convolutions_run_at_the_highest_precision_unless_jaxs_option_is_set():
    x, w, g = (np.ones(shape, "float32") for shape in [(2, 3, 6, 7), (4, 3, 3, 2), (2, 4, 4, 6)])
    highest, default = (Precision.HIGHEST,) * 2, (Precision.DEFAULT,) * 2
    assert precisions(jax_funcify(Conv2D()), x, w) == [highest]
    assert precisions(jax_funcify(Conv2DGradInput()), w, g, x) == [highest]
    with jax.default_matmul_precision("default"):
        assert precisions(jax_funcify(Conv2D()), x, w) == [default]


@pytest.mark.parametrize("taps", [(7, 2), (3, 8)])
def test_filters_larger_than_their_image_are_refused(taps):
    with pytest.raises(ValueError, match=r"^conv2d: .*must fit .*; got filters of .*\. Use .*\.$"):
        jax_funcify(Conv2D())(np.ones((2, 3, 6, 7), "float32"), np.ones((4, 3, *taps), "float32"))


def test_every_op_is_dispatched(kind):
    assert jax_funcify.dispatch(kind) is not jax_funcify.dispatch(object)


def test_an_op_without_a_dispatch_is_an_error(unknown_op):
    with pytest.raises(NotImplementedError, match=r"No JAX conversion .* Nameless"):
        unknown_op.compile("JAX")


def mask_and_arguments(shape):
    """Return the function of a mask on JAX, its arguments, and the mask that NumPy computes."""
    op, x, state = DropoutMask(0.4), np.ones(shape, "float32"), np.array([5, 3, 7], "int32")
    storage = [[None]]
    op.perform(None, [x, state], storage)
    return jax_funcify(op), (x, state), storage[0][0]


@pytest.mark.parametrize("shape", [(4, 6), (5, 7), (1,), (3, 2, 5)])
def test_masks_on_gpus_have_the_same_bits(monkeypatch, shape):
    mask, arguments, expected = mask_and_arguments(shape)
    monkeypatch.setattr(jax.lax, "platform_dependent", lambda *arrays, default, cuda: cuda(*arrays))
    np.testing.assert_array_equal(mask(*arguments), expected)


@pytest.mark.parametrize(("platform", "halves"), [("cpu", True), ("cuda", False)])
def test_on_gpus_each_element_of_a_mask_is_computed_by_itself(platform, halves):
    mask, arguments, _ = mask_and_arguments((4, 6))
    program = jax.jit(mask).trace(*arguments).lower(lowering_platforms=(platform,)).as_text()
    assert ("concatenate" in program) is halves
