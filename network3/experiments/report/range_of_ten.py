"""The range of ten figures such as the book's author reports one, drawn from our repeats by a bootstrap."""

from collections.abc import Sequence

import numpy as np

TEN, DRAWS, SEED = 10, 10_000, 0


def range_of_ten(
    values: Sequence[float],
    *,
    best_of: int = 1,
    chosen_by: Sequence[float] | None = None,
    lowest: bool = False,
    group: int = 1,
    networks: int | None = None,
) -> tuple[float, float]:
    """Return the least and the greatest of ten figures, each the best of a few repeats.

    A figure is that of `best_of` repeats, drawn from ours with replacement, which the author would have chosen. Ten of
    them are drawn 10,000 times; the range is from the median of the leasts to the median of the greatests. A further
    figure of the same distribution lies within it with the probability 2 * 0.5^(1/10) - 1 = 0.87, if our repeats are
    many. Of a few the range is less certain, and the probability smaller: about 0.6 for the best of three of three.

    Parameters
    ----------
    values : sequence of float, length n
        Our numbers.
    best_of : int
        How many repeats the author had for a figure.
    chosen_by : sequence of float, length n, optional
        The author chose the repeat in which this was highest, such as the validation accuracy; by default, the repeat
        with the highest of `values`.
    lowest : bool
        Whether the lowest of `values` is the best instead.
    group : int
        Each of `values` is of so many networks that vote, out of `networks`; 1 if each is of its own network.
    networks : int, optional
        By default n.

    Notes
    -----
    A bootstrap draws from the n numbers alone, whose variance is on average too small, by the factor (n - 1)/n; that of
    all votes of k out of m networks, which share networks, by about (m - k)/m. Each drawn number therefore gets normal
    noise, with the variance of the numbers times k/(m - k): for k = 1 this is s^2/n, with the standard deviation s of
    the repeats. The noise changes no choice by validation accuracies.

    Sources: B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979), 1-26, and for
    groups J. Shao and C. F. J. Wu, "A general theory for jackknife variance estimation", Annals of Statistics 17
    (1989), 1176-1197.
    """
    ours = np.asarray(values, dtype=np.float64)
    total = len(ours) if networks is None else networks
    rng = np.random.default_rng(SEED)
    drawn = rng.integers(len(ours), size=(DRAWS, TEN, best_of))
    numbers = ours[drawn] + rng.normal(0.0, ours.std() * np.sqrt(group / (total - group)), size=drawn.shape)
    merits = (-numbers if lowest else numbers) if chosen_by is None else np.asarray(chosen_by)[drawn]
    chosen = merits.argmax(axis=2, keepdims=True)
    figures = np.take_along_axis(numbers, chosen, axis=2)[:, :, 0]
    return float(np.median(figures.min(axis=1))), float(np.median(figures.max(axis=1)))
