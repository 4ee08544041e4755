"""Values of many kinds, and layers without what the protocol requires: wrong arguments for `fuzz_wrong_use`."""

import datetime
import functools
import pathlib
import re
import sys
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import scipy.sparse

from network3 import SoftmaxLayer, optim


class Hostile:
    """An object of which nothing works."""

    def _fail(self, *arguments):
        raise RuntimeError("hostile")

    __repr__ = __eq__ = __len__ = __bool__ = __iter__ = __float__ = __int__ = __array__ = _fail
    __hash__ = object.__hash__


class Bare:
    """A layer without anything but its connection."""

    params: Any = ()

    def set_inpt(self, inpt, inpt_dropout, mini_batch_size):
        self.output = inpt


class Odd(Bare):
    """A layer whose outputs and results are arrays instead of expressions."""

    params = (np.zeros(2),)
    output_shape = input_shape = 3
    output_dropout = np.zeros(3)


def functions() -> list[Any]:
    """Return functions of several numbers of arguments, most of which return what is wrong somewhere."""
    found: list[Any] = [
        lambda: 1,
        lambda z: z,
        lambda z: None,
        lambda z: 0.5,
        lambda *a: a[0],
        lambda *a: a[-1],
        print,
        len,
    ]
    found += [
        lambda a, b: 0.0,
        lambda a, b: pt.constant(1.0),
        lambda a, b: a,
        lambda a, b, c: {},
        lambda a, b, c: None,
    ]
    found += [lambda z: z.sum(), lambda z: z.T, lambda z: z > 0, lambda z: pt.ones_like(z), lambda z: z.nothing]
    found += [lambda w: sum(w), lambda w: pt.constant(0.1), lambda z: z * np.float64(0.1), np.tanh, abs, max]
    found += [lambda a, b, c: [(p, p) for p in b], lambda a, b, c: dict.fromkeys(b, 0.0), functools.partial(pow, 2)]
    return found


@functools.cache
def values() -> tuple[Any, ...]:
    """Return wrong values of many kinds; some are right in some places."""
    numbers: list[Any] = [
        None,
        True,
        False,
        0,
        1,
        -1,
        3,
        10**30,
        2.0,
        0.5,
        -0.5,
        1e308,
        np.nan,
        np.inf,
        1j,
        Fraction(1, 3),
    ]
    numbers += [Decimal("0.1"), np.float32(0.5), np.int8(-3), np.complex64(1), np.bool_(True), np.datetime64("2020")]
    texts = ["", "abc", "0.1", "tanh", "max", b"x", "\0", pathlib.Path("missing/file"), pathlib.Path()]
    containers: list[Any] = [
        [],
        [1, 2],
        [784, 30, 10],
        (1, 2, 3, 4),
        (4, 28, 28, 1),
        [[1], [1, 2]],
        {},
        {"a": 1},
        set(),
        range(3),
    ]
    containers += [iter([1]), [None], [[]], ["training_cost"], [SoftmaxLayer], [SoftmaxLayer(3, 2)], [Bare()], [Odd()]]
    arrays: list[Any] = [
        np.zeros(3),
        np.array(2),
        np.array(2.5),
        np.array("x"),
        np.ones((2, 2)),
        np.array([None]),
        np.zeros((0, 4)),
    ]
    arrays += [
        np.array([1j]),
        scipy.sparse.eye(2),
        pytensor.shared(np.zeros(2)),
        pt.matrix("m"),
        pt.scalar(),
        pt.ivector(),
    ]
    arrays += [pytensor.shared("text"), np.array(["2020"], "datetime64[D]"), np.ma.masked_array([1.0], [True])]
    others = [object(), int, SoftmaxLayer, SoftmaxLayer(3, 2), np, re, np.random.default_rng(0), ..., NotImplemented]
    others += [datetime.date(2020, 1, 1), Hostile(), Bare(), Odd(), sys.stdout, optim.Momentum, optim.Momentum(0.5)]
    return (*numbers, *texts, *containers, *arrays, *functions(), *others)
