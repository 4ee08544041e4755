"""Draws of types, lengths and small integers for the kernels."""

import numpy as np

CLOSE = {"float32": 3e-6, "float64": 1e-14}


def float_type(rng: np.random.Generator) -> str:
    return "float32" if rng.random() < 0.7 else "float64"


def some_length(rng: np.random.Generator, most: int) -> int:
    """Return a random length, usually a small one."""
    return int(rng.integers(1, most + 1 if rng.random() < 0.3 else 7))


def small_integers(rng: np.random.Generator, shape, dtype: str) -> np.ndarray:
    """Return small integers, many of them 0."""
    return rng.integers(-3, 4, shape).astype(dtype)
