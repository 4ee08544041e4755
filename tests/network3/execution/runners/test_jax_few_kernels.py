"""The parts of the loop for GPUs: each computes the same as the plain form, and has the form that is meant."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from network3.execution.runners.jax_few_kernels import MOST_KEPT, FewKernels
from network3.execution.runners.jax_fusion import carry_out_fused
from network3.execution.runners.jax_graph import Graph, carry_out, read
from network3.execution.runners.jax_packing import Packing
from network3.execution.runners.jax_products import split_product
from network3.execution.sharding import DeviceMesh

RNG = np.random.default_rng(5)


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def operations(function, *arguments):
    return [equation.primitive.name for equation in jax.make_jaxpr(function)(*arguments).jaxpr.eqns]


@pytest.mark.parametrize(
    ("rows", "terms", "columns", "parts"),
    [(10, 784, 100, 16), (10, 1000, 1000, 10), (3, 300, 7, 6), (10, 100, 10, 1), (3, 257, 7, 1), (256, 784, 100, 1)],
)
def test_long_sums_of_few_results_are_split_in_equal_parts(rows, terms, columns, parts):
    x, w = RNG.normal(size=(rows, terms)), RNG.normal(size=(terms, columns))
    np.testing.assert_allclose(split_product(jnp.array(x), jnp.array(w), None), x @ w, rtol=1e-10, atol=1e-10)
    (product,) = [
        equation
        for equation in jax.make_jaxpr(lambda x, w: split_product(x, w, None))(x, w).jaxpr.eqns
        if equation.primitive.name == "dot_general"
    ]
    found = product.outvars[0].aval.shape
    assert found == ((rows, columns) if parts == 1 else (parts, rows, columns))


def packed_step(step, states):
    """Return the states after a step that was taken on packed states, and the operations on them."""
    graph, packing = Graph(step, states), Packing(states, [""] * len(states))
    following = [graph.outputs[k] for k in range(len(states))]

    def take(packed):
        known = graph.constants | dict(zip(graph.inputs, packing.unpack(packed), strict=True))
        for equation in graph.equations:
            carry_out(equation, known)
        return packing.updated(packed, graph, graph.inputs, following, known)

    packed = packing.pack(states)
    return packing.unpack(take(packed)), jax.make_jaxpr(take)(packed).jaxpr


def test_packed_vectors_are_updated_bit_for_bit_and_in_place():
    states = [jnp.array(RNG.normal(size=n)) for n in (3, 5)] + [
        jnp.ones((2, 2)),
        jnp.ones(3, "int32"),
        jnp.zeros(2, "int32"),
    ]

    def step(a, b, m, i, j):
        return a - 0.3 * (a * a).sum() * a, b - 0.3 * jnp.cos(b), m * 2, i + jnp.array([0, 0, 1], "int32"), j

    found, program = packed_step(step, states)
    for one, other in zip(found, step(*states), strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    (vector,) = [variable for variable in program.invars if variable.aval.shape == (8,)]
    makers = {variable: equation for equation in program.eqns for variable in equation.outvars}
    (after,) = [variable for variable in program.outvars if variable.aval.shape == (8,)]
    assert makers[after].primitive.name == "sub"
    assert makers[after].invars[0] is vector  # not parts of it


def test_vectors_of_different_types_or_kinds_are_not_packed_together():
    states = [jnp.ones(2), jnp.ones(3), jnp.ones(4), jnp.ones(5), jnp.ones(6, "int32"), jnp.ones((2, 2))]
    others, vectors = Packing(states, ["add", "sub", "add", "sub", "add", "add"]).pack(states)
    assert [array.shape for array in others] == [(6,), (2, 2)]
    assert [array.shape for array in vectors] == [(6,), (8,)]


def test_a_vector_that_stays_is_packed_as_it_is():
    states = [jnp.arange(3.0), jnp.arange(4.0)]
    found, program = packed_step(lambda a, b: (a, b), states)
    np.testing.assert_array_equal(found[1], states[1])
    assert program.outvars == program.invars


def fused(function, *arguments):
    graph = Graph(function, arguments)

    def run(*arguments):
        known = graph.constants | dict(zip(graph.inputs, arguments, strict=True))
        carry_out_fused(graph, graph.equations, known)
        return [read(output, known) for output in graph.outputs]

    return run


@pytest.mark.parametrize(("eta", "lmbda"), [(0.3, 0.1), (0.0, 0.1), (0.5, 2.0), (3.0, 2.0)])
@pytest.mark.parametrize("order", [1, -1])
def test_decay_is_a_factor_of_the_weights(eta, lmbda, order):
    w, x, d = RNG.normal(size=(4, 3)), RNG.normal(size=(6, 4)), RNG.normal(size=(6, 3))

    def step(w, x, d, eta, lmbda):
        gradient, penalty = (x.T @ d, lmbda * w)[::order]
        return w - eta * (gradient + penalty)

    found = fused(step, w, x, d, eta, lmbda)
    (after,) = found(w, x, d, eta, lmbda)
    np.testing.assert_allclose(after, w - eta * (x.T @ d + lmbda * w), rtol=1e-13, atol=1e-13)
    assert "div" in operations(found, w, x, d, eta, lmbda)  # eta is divided: the other form was found


def test_an_update_of_another_form_stays():
    w, v, g = (RNG.normal(size=(4, 3)) for _ in range(3))
    found = fused(lambda w, v, g: w - 0.1 * (g + 0.2 * v), w, v, g)
    assert "div" not in operations(found, w, v, g)
    np.testing.assert_array_equal(found(w, v, g)[0], w - 0.1 * (g + 0.2 * v))


@pytest.mark.parametrize(("products", "once"), [(2, True), (1, False)])
def test_a_factor_of_several_products_is_computed_once(products, once):
    a, w, x = RNG.normal(size=(6, 3)), RNG.normal(size=(4, 3)), RNG.normal(size=(6, 4))

    def step(a, w, x):
        error = a * a
        return [error @ w.T, x.T @ error] if products == 2 else [error @ w.T, error]

    found = fused(step, a, w, x)
    assert ("optimization_barrier" in operations(found, a, w, x)) is once
    for one, other in zip(found(a, w, x), step(a, w, x), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(("width", "kept"), [(7, (2, 7)), (MOST_KEPT, ())])
def test_the_cost_is_computed_after_the_loop_unless_it_needs_too_much(width, kept):
    """The activations are kept, and the loop has no logarithm; where they are too many, it has."""
    batch, steps = 2, 5
    images, labels = jnp.array(RNG.random((steps, batch, width))), jnp.zeros((steps, batch), "int32")

    def step(x, y, eta, lmbda, b):
        a = x + b
        return jnp.log(a + y[:, None]).sum() * lmbda, b - eta * a.sum(0)

    mesh = DeviceMesh((jax.devices("cpu")[0],))
    few = FewKernels(step, ((1, 0),), 0, None, mesh, networks=False)
    given = jnp.array(0.01), jnp.array(2.0)

    def loop(b):
        return few.run([b], lambda k: (images[k], labels[k], *given), labels, steps)

    b, expected = jnp.ones(width), []
    for k in range(steps):
        cost, b = step(images[k], labels[k], *given, b)
        expected.append(cost)
    (after,), costs = loop(jnp.ones(width))
    np.testing.assert_allclose(costs, expected, rtol=1e-12)
    np.testing.assert_allclose(after, b, rtol=1e-12)
    (body,) = [e for e in jax.make_jaxpr(loop)(jnp.ones(width)).jaxpr.eqns if e.primitive.name in ("while", "scan")]
    assert (steps, *kept) in [variable.aval.shape for variable in body.outvars]
    assert ("log" in str(body.params)) is (kept == ())
