"""Every node that layers use has a lowering that agrees with PyTensor's `perform`, within its arrays."""

import numpy as np
import pytensor.tensor as pt
import pytest

from tests.layers.backends.cpu.graphs import check, tensor

X, Y, B, M = tensor("x", 4, 5), tensor("y", 4, 5), tensor("b", 5), tensor("m", 3, 4, 5)
D, K, J, Q = (
    tensor("d", 4, 5, dtype="float64"),
    tensor("i", 4, 5, dtype="int32"),
    tensor("j", 4, 5, dtype="int64"),
    X > 0,
)
T = tensor("t", 4, 5, dtype="bool")

ELEMENTWISE = {
    "broadcast": ([X, Y, B], [X * Y + B, (X.T + 1).T, X + X, B + 1]),
    "types": ([X, D, K], [X * K, X + D, pt.cast(X, "int32") + K, pt.cast(K, "bool"), pt.cast(D, "float32"), K - 7]),
    "switch": ([X, K], [pt.switch(K > 2, X, -X), pt.maximum(X, 0), pt.minimum(X, K), pt.clip(X, -0.5, 0.5)]),
    "signs": ([X, K, J], [pt.sign(X), abs(X), pt.sign(K - 2), abs(J - 2), -X, -J]),
    "logic": (
        [X, Y, T],
        [pt.and_(X > 0, Y > 0), pt.or_(T, Y < 0), ~T, pt.eq(X, Y), pt.neq(X, Y), X >= Y, X <= Y, pt.xor(T, Q)],
    ),
    "bits": ([K, J], [pt.bitwise_and(K, 3), pt.bitwise_or(J, 4), pt.bitwise_xor(K, K), pt.bitwise_not(J)]),
    "functions": ([X], [pt.exp(X), pt.tanh(X), pt.sigmoid(X), pt.softplus(X), pt.log1p(X * X), pt.expm1(X), pt.erf(X)]),
    "functions of float64": (
        [D],
        [pt.exp(D), pt.tanh(D), pt.sigmoid(D), pt.softplus(D), pt.log1p(D * D), pt.log(abs(D))],
    ),
    "powers": ([X, D], [X**2, X**3, pt.sqrt(abs(X)), abs(D) ** 2.5, 1 / X, pt.reciprocal(D)]),
    "rounding": (
        [X],
        [pt.floor(X), pt.ceil(X), pt.round(X), pt.sin(X), pt.cos(X), pt.arctan(X), pt.isnan(X), pt.isinf(X)],
    ),
    "no axes": ([X, B], [X.sum() * 2, B[0] + 1, X[1, 2] * B[3]]),
    "many axes": ([M, B], [M * B, M + M.dimshuffle(0, 1, 2), M[:, :1] * M, M.dimshuffle(2, 0, 1) * 2]),
}
PARTS = {
    "dimshuffle": ([M], [M.dimshuffle(2, "x", 0, 1), M.transpose(2, 0, 1).reshape((5, 12)), M.reshape((2, -1))]),
    "slices": ([M], [M[1], M[:, ::-1, 1:4], M[::2], M[-1, :, -2], M[:, 1:1]]),
    "join": ([X, Y], [pt.concatenate([X, Y], 0), pt.concatenate([X, Y, X], 1) * 2, pt.stack([X, Y])]),
    "split": ([X], pt.split(X, [1, 3], n_splits=2, axis=0)),
    "filled": ([B], [pt.zeros((3, 4)) + B[0], pt.alloc(B, 3, 5), pt.ones_like(B)]),
    "set": (
        [X, Y],
        [pt.set_subtensor(X[1:3], Y[0]), pt.inc_subtensor(X[:, 2], 1.0), pt.inc_subtensor(X[::-1, 1:3], Y[:, :2])],
    ),
    "vectors": ([X], [pt.stack([X.sum(), X[0, 0], X.max()])]),
    "shapes": ([X], [X.shape[0] * X, X.flatten(), X.ravel()[3:7]]),
}
SUMS = {
    "all": ([X], [X.sum(), X.mean(), X.prod(), X.max(), X.min(), (X**2).sum(), pt.sqr(X).mean()]),
    "axes": ([M], [M.sum(0), M.sum(1), M.sum(2), M.sum((0, 2)), M.sum((0, 1)), M.sum((1, 2)), M.max((0, 2)), M.min(1)]),
    "squares": ([M], [(M**2).sum(0), (M**2).sum((1, 2)), (M**2).sum((0, 2)), (M**2).sum(axis=1)]),
    "float64": ([D], [D.sum(0), D.sum(1), (D**2).sum(), D.mean(0), D.max(1)]),
    "integers": ([K, J, T], [K.sum(), J.sum(0), T.sum(), K.max(0), J.min(1), T.all(), T.any(1)]),
    "argmax": ([X, K, M], [X.argmax(1), X.argmax(0), X.argmax(), K.argmax(1), M.argmax(1), pt.argmin(X, 1)]),
    "softmax": (
        [X, D],
        [pt.special.softmax(X, axis=1), pt.special.log_softmax(X, axis=1), pt.special.softmax(D, axis=1)],
    ),
    "softmax over other axes": ([X, M], [pt.special.softmax(X, axis=0), pt.special.softmax(M, axis=1)]),
}
V, W = tensor("v", 5, 7), tensor("w", 7, 6)
DOTS = {
    "plain": ([X, V, W], [X @ V, X @ V @ W]),
    "transposed": ([X, V, Y], [X.T @ Y, X @ Y.T, (X @ V).T @ X, V.T @ X.T]),
    "vectors": ([X, B], [X @ B, B @ X.T, B @ B]),
    "float64": ([D], [D @ D.T, D.T @ D]),
}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise(name):
    check(*ELEMENTWISE[name])


@pytest.mark.parametrize("name", PARTS)
def test_parts(name):
    check(*PARTS[name])


@pytest.mark.parametrize("name", SUMS)
def test_reductions(name):
    check(*SUMS[name])


@pytest.mark.parametrize("name", DOTS)
def test_products(name):
    check(*DOTS[name])


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (300, 20), (3, 5000)])
def test_shapes_with_one_and_many(shape):
    x, b = tensor("x", *shape), tensor("b", shape[1])
    check([x, b], [x * 2 + b, x.sum(0), x.sum(1), x.max(), pt.special.softmax(x, axis=1), x.argmax(1)])


def test_nan_and_infinity_propagate():
    x = tensor("x", 3, 4)
    value = np.array([[1, np.nan, 3, 4], [np.inf, 2, -np.inf, 0], [np.nan, np.nan, np.nan, np.nan]], np.float32)
    outputs = [x.max(1), x.min(1), x.sum(1), x.argmax(1), pt.maximum(x, 0), pt.minimum(x, 0), pt.switch(x > 0, x, 0)]
    check([x], outputs, [value])
