"""The loop of a chunk, as on a GPU: the same as step by step, filters unrotated, options that fall back."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import network3
from network3 import ConvPoolLayer, FullyConnectedLayer, Network, ReLU, SoftmaxLayer
from network3.execution.compile import compile_step, compiled
from network3.execution.runners.jax import execution_context
from network3.execution.runners.jax_program import Form, Program, gpu_options, make_loop
from network3.execution.runners.jax_rewrite import filters_of
from network3.execution.sharding import DeviceMesh
from network3.optim import Momentum, gradient_descent, l1, l2

BATCH, STEPS = 3, 7
MOMENTUM = Momentum(0.9)


@pytest.fixture(autouse=True)
def on_jax(settings):
    network3.use(backend="jax")


def network(floatX="float32"):
    network3.use(floatX=floatX)
    rng = np.random.default_rng(1)
    return Network(
        [
            ConvPoolLayer((4, 1, 2, 3), (BATCH, 1, 9, 8), (2, 2), ReLU, rng=rng),
            ConvPoolLayer((5, 4, 3, 2), (BATCH, 4, 4, 3), (1, 1), ReLU, stride=(1, 2), padding="half", rng=rng),
            FullyConnectedLayer(5 * 4 * 2, 6, p_dropout=0.5, rng=rng),
            SoftmaxLayer(6, 4, rng=rng),
        ],
        BATCH,
    )


def fresh_step(net, regularizer, rule=MOMENTUM):
    """Return the compiled step, with the masks of a network of its own."""
    step = compiled(net, compile_step, BATCH, 72, (), None, regularizer, rule)
    for container in step.shared:
        if np.shape(container.storage[0]) == (3,):
            container.storage[0] = np.array([7, 0, 0], "int32")
    return step


def chunk(form, regularizer=l2, dtype="float32", rule=MOMENTUM):
    """Return the states and costs after a chunk of steps, the step's names of results and the first states."""
    net = network(dtype)
    step = fresh_step(net, regularizer, rule)
    rng = np.random.default_rng(0)
    images, targets = rng.random((20, 72)).astype(dtype), rng.integers(0, 4, 20).astype("int32")
    lead = (2,) if form.networks else ()
    rows = rng.integers(0, 20, (STEPS, *lead, BATCH)).astype("int32")
    mesh = DeviceMesh((jax.devices("cpu")[0],))
    with execution_context(dtype):
        states = [jnp.asarray(c.storage[0]) for c in step.shared]
        if form.networks:
            states = [jnp.stack([state, state]) for state in states]
        rate, decay = (jnp.full(lead, value, dtype) for value in (0.3, 2e-4))
        loop = jax.jit(make_loop(step.jax_function, step.results, step.updates, dtype, mesh, form))
        last, costs = loop(states, images, targets, rows, rate, decay)
    return [np.asarray(state) for state in last], np.asarray(costs), step, states


@pytest.mark.parametrize("networks", [False, True])
@pytest.mark.parametrize(
    ("regularizer", "rule"), [(None, MOMENTUM), (l1, MOMENTUM), (l2, MOMENTUM), (l2, gradient_descent)]
)
def test_the_form_for_gpus_is_the_same_but_for_the_penalty_between_the_ends(networks, regularizer, rule):
    plain, costs, *_ = chunk(Form(networks=networks), regularizer, "float64", rule)
    few, interpolated, *_ = chunk(Form(networks=networks, few_kernels=True), regularizer, "float64", rule)
    for one, two in zip(plain, few, strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(interpolated, costs, rtol=1e-3)
    np.testing.assert_allclose(interpolated[0], costs[0], rtol=1e-12)
    if regularizer is None:
        np.testing.assert_allclose(interpolated, costs, rtol=1e-12)


def test_the_loop_is_bitwise_that_of_single_steps():
    """The length is static; step by step, each call is a program of its own."""
    looped, costs, *_ = chunk(Form(), dtype="float32")
    again = fresh_step(network(), l2)
    rng = np.random.default_rng(0)
    images, targets = rng.random((20, 72)).astype("float32"), rng.integers(0, 4, 20).astype("int32")
    rows = rng.integers(0, 20, (STEPS, BATCH))
    mesh = DeviceMesh((jax.devices("cpu")[0],))
    with execution_context("float32"):
        dynamic = jax.jit(dynamic_loop(again, mesh))
        states = [jnp.asarray(c.storage[0]) for c in again.shared]
        last, expected = dynamic(states, images, targets, jnp.asarray(rows), STEPS)
    for one, two in zip(looped, last, strict=True):
        np.testing.assert_array_equal(one, np.asarray(two))
    np.testing.assert_allclose(costs, np.asarray(expected), rtol=1e-6)


def dynamic_loop(step, mesh):
    """A loop whose length is data."""

    def loop(states, images, targets, rows, count):
        def body(k, carried):
            states, costs = list(carried[0]), carried[1]
            arguments = images[rows[k]], targets[rows[k]], jnp.float32(0.3), jnp.float32(2e-4)
            results = step.jax_function(*arguments, *states)
            for output, state in step.updates:
                states[state] = results[output]
            return states, costs.at[k].set(results[0])

        return jax.lax.fori_loop(0, count, body, (states, jnp.zeros(len(rows), "float32")))

    return loop


@pytest.mark.parametrize("form", [Form(), Form(few_kernels=True), Form(networks=True)], ids=str)
def test_any_number_of_steps_is_one_program(form):
    """The lengths of the rest of an epoch change from epoch to epoch, as chunks are counted over all epochs."""
    mesh = DeviceMesh((jax.devices("cpu")[0],))
    step = fresh_step(network("float64"), l2)
    rng = np.random.default_rng(0)
    images, targets = rng.random((20, 72)), rng.integers(0, 4, 20).astype("int32")
    lead = (2,) if form.networks else ()
    rows = rng.integers(0, 20, (9, *lead, BATCH)).astype("int32")
    with execution_context("float64"):
        states = [jnp.asarray(c.storage[0]) for c in step.shared]
        if form.networks:
            states = [jnp.stack([state, state]) for state in states]
        rates = [jnp.full(lead, value, "float64") for value in (0.3, 2e-4)]
        loop = jax.jit(make_loop(step.jax_function, step.results, step.updates, "float64", mesh, form))
        for count in (9, 4, 1):
            expected, costs = loop(states, images, targets, rows[:count], *rates)
            compiled_before = loop._cache_size()
            last, found = loop(states, images, targets, rows, *rates, jnp.int32(count))
            np.testing.assert_allclose(found[:count], costs, rtol=1e-9)
            for one, two in zip(last, expected, strict=True):
                np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-12)
        assert loop._cache_size() == compiled_before  # the last count needed no program of its own


def test_filters_are_found_and_no_step_rotates_them():
    _, _, step, states = chunk(Form(), regularizer=None)
    inputs = jnp.zeros((BATCH, 72)), jnp.zeros(BATCH, "int32"), jnp.float32(0), jnp.float32(0)
    with execution_context("float32"):
        filters = filters_of(step.jax_function, step.updates, (*inputs, *states))
        assert [states[k].shape for k in filters] == [(4, 1, 2, 3), (5, 4, 3, 2)] * 2  # and their velocities
        mesh = DeviceMesh((jax.devices("cpu")[0],))
        counts = []
        for form in (Form(), Form(few_kernels=True)):
            loop = make_loop(step.jax_function, step.results, step.updates, "float32", mesh, form)
            rows = jnp.zeros((STEPS, BATCH), "int32")
            jaxpr = jax.make_jaxpr(loop)(states, jnp.zeros((9, 72)), jnp.zeros(9, "int32"), rows, *inputs[2:]).jaxpr
            counts.append(rotations(jaxpr) - sum(equation.primitive.name == "rev" for equation in jaxpr.eqns))
    own = 1  # of the gradient to the images of the second convolution, a transposed convolution
    assert counts == [own + 5, own], counts


def rotations(jaxpr):
    """Count the rotations in a program and in all that it calls."""
    inner = []
    for equation in jaxpr.eqns:
        inner += [value.jaxpr for value in equation.params.values() if hasattr(value, "jaxpr")]
    return sum(equation.primitive.name == "rev" for equation in jaxpr.eqns) + sum(map(rotations, inner))


@pytest.mark.parametrize(("switch", "some"), [("on", True), ("off", False)])
def test_options_are_for_gpus_and_can_be_turned_off(monkeypatch, switch, some):
    monkeypatch.setenv("NETWORK3_GPU_GRAPHS", switch)
    assert bool(gpu_options("gpu")) is some
    assert gpu_options("cpu") == {}


def test_another_value_of_the_switch_is_refused(monkeypatch):
    monkeypatch.setenv("NETWORK3_GPU_GRAPHS", "maybe")
    with pytest.raises(ValueError, match=r"^NETWORK3_GPU_GRAPHS: expected one of on, off; got 'maybe'\. "):
        gpu_options("gpu")


def test_an_option_that_xla_refuses_is_left_out():
    program = Program(lambda states, x: ([states[0] + x], x), {"xla_no_such_option": "1"})
    states, _ = program([jnp.ones(2)], jnp.ones(2))
    np.testing.assert_array_equal(states[0], [2, 2])
    assert program.options == {}


def test_an_error_of_the_program_itself_is_raised():
    def wrong(states, x):
        raise ValueError("of the program")

    with pytest.raises(ValueError, match="of the program"):
        Program(wrong, {"xla_no_such_option": "1"})([jnp.ones(2)], jnp.ones(2))


def test_dense_products_have_full_precision_unless_another_is_chosen(settings):
    with execution_context("float32"):
        assert jax.config.jax_default_matmul_precision == "highest"
    with jax.default_matmul_precision("tensorfloat32"), execution_context("float32"):
        assert jax.config.jax_default_matmul_precision == "tensorfloat32"
