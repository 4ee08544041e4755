"""Draws of random sizes, types and values for the kernels, called as in their own tests.

Each function draws the arguments of some kernels, and runs them with a `kernel_runs.Runner`. Values are small integers
if rounding matters: their sums are exact in any order, so that all ways of running agree to the last bit.
"""

import numpy as np

from network3.layers.backends.cpu.kernels import exponential
from network3.layers.backends.cpu.kernels.dropout_mask import dropout_mask
from network3.layers.backends.cpu.kernels.elementwise import elementwise
from network3.layers.backends.cpu.kernels.gather import gather
from network3.layers.backends.cpu.kernels.reductions import reduce, sum_columns, sum_rows
from network3.layers.backends.cpu.kernels.sizes import Sizes
from tests.layers.backends.cpu.kernels import (
    test_argmax,
    test_batch_statistics,
    test_descent,
    test_matrix_product,
    test_product,
    test_product_transposed,
    test_softmax,
)
from tests.tools import kernel_image_draws
from tests.tools.kernel_draw_sizes import CLOSE, float_type, small_integers, some_length
from tests.tools.kernel_runs import Runner, numbers
from tests.tools.kernel_source import TYPES, Source

FLOATS = ("float32", "float64")


def _drawn(rng: np.random.Generator, run: Runner, dtype: str, *shapes) -> list[np.ndarray]:
    """Return arrays of small integers, or of normally distributed values, and set the tolerance accordingly."""
    if rng.random() < 0.5:
        return [small_integers(rng, shape, dtype) for shape in shapes]
    run.tolerance = CLOSE[dtype] * 10
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


# --- products


def draw_products(rng: np.random.Generator, run: Runner) -> None:
    """Draw the products of a layer, and an update of its weights."""
    s = Sizes(some_length(rng, 150), some_length(rng, 300), some_length(rng, 150), float_type(rng))
    x, w, d = _drawn(rng, run, s.dtype, (s.batch, s.n_in), (s.n_in, s.n_out), (s.batch, s.n_out))
    choice = rng.integers(3)
    if choice == 0:
        test_product.multiplied(s, x, w, run)
    elif choice == 1:
        test_product_transposed.multiplied(s, d, w, run)
    else:
        old, new = rng.choice([(1.0, -2.0), (0.5, 1.0), (2.0, 0.25)])
        test_descent.changed(s, w, x, d, old, new, run, fresh=bool(rng.random() < 0.3))


def draw_grouped_products(rng: np.random.Generator, run: Runner) -> None:
    """Draw a product whose examples, and perhaps inputs, are divided, as for large batches and weights."""
    product = test_product.product
    before = product.SUMS, product.LONGEST
    try:
        product.SUMS, product.LONGEST = int(rng.integers(1, 9000)), int(rng.integers(50, 300))
        s = Sizes(int(rng.integers(30, 60)), some_length(rng, 200), int(rng.integers(1, 90)), float_type(rng))
        x, w = _drawn(rng, run, s.dtype, (s.batch, s.n_in), (s.n_in, s.n_out))
        test_product.multiplied(s, x, w, run)
    finally:
        product.SUMS, product.LONGEST = before


def draw_matrix_products(rng: np.random.Generator, run: Runner) -> None:
    """Draw a product of matrices with any strides."""
    rows, terms, columns = (some_length(rng, 140) for _ in range(3))
    a, b = _drawn(rng, run, float_type(rng), (rows, terms), (terms, columns))
    orders = list(test_matrix_product.ORDERS.values())
    one, other = (orders[rng.integers(len(orders))] for _ in range(2))
    test_matrix_product.product(one(a), other(b), run)


# --- elementwise


def draw_elementwise(rng: np.random.Generator, run: Runner) -> None:
    """Draw an expression of arrays with any strides; some results overwrite inputs."""
    inputs = [str(rng.choice(TYPES)) for _ in range(rng.integers(1, 4))]
    places = [k if rng.random() < 0.3 else None for k in range(len(inputs))][: int(rng.integers(1, 3))]
    outputs = [(inputs[place] if place is not None else str(rng.choice(TYPES)), place) for place in places]
    source = Source(int(rng.integers(2**31)), 2)
    lines, results = source.lines([(f"v{k}", kind) for k, kind in enumerate(inputs)], [kind for kind, _ in outputs])
    _run_elementwise(rng, run, lines, results, inputs, outputs)


def draw_exponentials(rng: np.random.Generator, run: Runner) -> None:
    """Draw a function of `exponential`."""
    dtype = float_type(rng)
    name = f"{rng.choice(['exp', 'sigmoid', 'tanh', 'log1p', 'softplus'])}{dtype[-2:]}"
    assert hasattr(exponential, name)
    run.tolerance = CLOSE[dtype]
    _run_elementwise(rng, run, [f"t0 = {name}(v0)"], ["t0"], [dtype], [(dtype, None)])


def _run_elementwise(rng, run: Runner, lines, results, inputs, outputs) -> None:
    axes = int(rng.integers(1, 4))
    lengths = [some_length(rng, 40) for _ in range(axes)]
    own = [kind for kind, place in outputs if place is None]
    in_place = [place for _, place in outputs]
    arrays, strides, steps = [], [], []
    for k, kind in enumerate([*inputs, *own]):
        changed = k >= len(inputs) or k in in_place
        # Only arrays that are not written may be broadcast along an axis.
        stretch = [1 if changed or rng.random() < 0.8 else 0 for _ in range(axes)]
        gap, size = int(rng.integers(1, 3)), 1
        of_array: list[int] = []
        for length, step in zip(lengths[::-1], stretch[::-1], strict=True):
            of_array.insert(0, size * gap * step)
            size *= length if step else 1
        arrays.append(numbers(kind, size * gap, rng))
        strides += of_array
        steps.append(of_array[-1] if of_array[-1] in (0, 1) and rng.random() < 0.8 else None)
    kernel = elementwise(tuple(lines), tuple(results), tuple(inputs), tuple(outputs), tuple(steps), axes)
    per = int(rng.integers(1, lengths[0] + 1))
    run(kernel, [*arrays, *lengths, *strides, per], -(-lengths[0] // per))


def draw_gathers(rng: np.random.Generator, run: Runner) -> None:
    """Draw a mini-batch."""
    source, dtype = (("uint8", "float32"), ("float32", "float64"), ("float64", "float32"), ("int64", "int64"))[
        rng.integers(4)
    ]
    batch, width, per = some_length(rng, 20), some_length(rng, 90), some_length(rng, 8)
    data, rows = np.abs(numbers(source, (9, width), rng)), rng.integers(0, 9, batch)
    factor, x = np.array([3], dtype), np.zeros((batch, width), dtype)
    run(gather(source, dtype), [rows, data, factor, x, width, batch, per], -(-batch // per))


def draw_masks(rng: np.random.Generator, run: Runner) -> None:
    """Draw a dropout mask."""
    dtype, size, per = float_type(rng), some_length(rng, 300), some_length(rng, 60)
    state = rng.integers(-(2**31), 2**31, 3).astype("int32")
    y = np.full(size, np.nan, dtype)
    run(dropout_mask(dtype), [state, y, size, int(rng.integers(0, 2**24 + 1)), per], -(-((size + 1) // 2) // per))


# --- over axes


def draw_softmax(rng: np.random.Generator, run: Runner) -> None:
    """Draw a softmax, or its logarithm."""
    dtype, shape = float_type(rng), (some_length(rng, 30), some_length(rng, 40))
    run.tolerance = CLOSE[dtype]
    x = rng.normal(0, 10, shape).astype(dtype)
    x[rng.random(shape) < 0.02] = rng.choice([np.nan, np.inf, -np.inf])
    test_softmax.computed(x, bool(rng.random() < 0.5), run)


def draw_argmax(rng: np.random.Generator, run: Runner) -> None:
    """Draw an argmax."""
    dtype, shape = (
        str(rng.choice([kind for kind in TYPES if kind != "bool"])),
        tuple(some_length(rng, 20) for _ in range(3)),
    )
    test_argmax.found(numbers(dtype, shape, rng), run)


def draw_reductions(rng: np.random.Generator, run: Runner) -> None:
    """Draw a reduction over axes."""
    shape, per = tuple(some_length(rng, 70) for _ in range(3)), some_length(rng, 5)
    parts = -(-shape[1] // per)
    choice, dtype, squared = rng.integers(3), float_type(rng), bool(rng.random() < 0.5)
    inside = "float64" if rng.random() < 0.5 else dtype
    if choice == 0:
        kind = str(rng.choice(["add", "maximum", "minimum", "and", "or"]))
        source = "bool" if kind in ("and", "or") else str(rng.choice(["float32", "int32", "uint8", "int64"]))
        x = numbers(source, shape, rng) if kind != "add" else small_integers(rng, shape, source)
        run(reduce(kind, source, source, source), [x, np.zeros(shape[1], source), *shape, per], parts)
    elif choice == 1:
        lanes = int(rng.choice([4, 8, 16, 32]))
        x, y = small_integers(rng, shape, dtype), np.zeros(shape[1], dtype)
        run(sum_rows(squared, dtype, inside, dtype, lanes), [x, y, *shape, per], parts)
    else:
        x, y, found = small_integers(rng, shape[:2], dtype), np.zeros(shape[1], dtype), np.zeros(shape[1], inside)
        run(sum_columns(squared, dtype, inside, dtype), [x, y, found, *shape[:2]], 1)


def draw_batch_statistics(rng: np.random.Generator, run: Runner) -> None:
    """Draw the sums of batch normalization."""
    dtype, shape, per = float_type(rng), tuple(some_length(rng, 70) for _ in range(3)), some_length(rng, 5)
    run.tolerance = CLOSE[dtype] * 10
    x, g = (rng.normal(2, 3, shape).astype(dtype) for _ in range(2))
    mean = rng.normal(size=shape[1]).astype(dtype)
    test_batch_statistics.moments(x, per, run)
    test_batch_statistics.gradient_sums(x, g, mean, per, run)


DRAWS = {
    name.removeprefix("draw_"): draw
    for name, draw in [*globals().items(), *vars(kernel_image_draws).items()]
    if name.startswith("draw_")
}
