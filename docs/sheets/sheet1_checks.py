"""What the answers of sheet 1, neurons and gates, must fulfil."""

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
from checking import Sheet

BITS = np.array(list(product((0, 1), repeat=2)))


def or_gate(answer: tuple[Sequence[float], float]) -> str | None:
    """Check weights and the bias of a perceptron that computes OR."""
    weights, bias = np.asarray(answer[0], float), float(answer[1])
    if weights.shape != (2,):
        return f"Give two weights and a bias, such as ([1, 1], 0); you gave weights of shape {weights.shape}."
    for bits in BITS:
        output, expected = int(bits @ weights + bias > 0), int(bits.any())
        if output != expected:
            return f"For the inputs {bits.tolist()} it outputs {output}, since w x + b = {bits @ weights + bias:g}."
    return None


def xor_of_nands(answer: Callable[[Callable[[int, int], int], int, int], int]) -> str | None:
    """Check a function ``xor(nand, a, b)`` that uses NAND alone."""
    calls = 0

    def nand(a: int, b: int) -> int:
        nonlocal calls
        calls += 1
        return int(not (a and b))

    for a, b in product((0, 1), repeat=2):
        if answer(nand, a, b) != (a ^ b):
            return f"For {a} and {b} it returns {answer(nand, a, b)}. Start with both = nand(a, b)."
    if calls == 0:
        return "It is right, but it does not use the gate: call nand(...) only."
    if answer(lambda a, b: 0, 1, 0) == 1:
        return "It is right, but not because of the gate: with a broken one it gives the same. Call nand(...) only."
    return None


def sigmoid(answer: Callable[[np.ndarray], np.ndarray]) -> str | None:
    """Check the sigmoid function of an array."""
    z = np.array([-800.0, -2.0, 0.0, 2.0, 800.0])
    with np.errstate(all="ignore"):
        values = np.asarray(answer(z), float)
    if values.shape != z.shape:
        return "It must return one value for each value of the array: use np.exp, not math.exp."
    if not np.isfinite(values).all():
        return "For z = -800 or 800 it is not finite. Which form of the fraction has no large exponential?"
    expected = [0.0, 1 / (1 + np.e**2), 0.5, 1 / (1 + np.e**-2), 1.0]
    if not np.allclose(values, expected):
        return f"For z = -2, 0 and 2 it gives {values[1:4].round(3)}: at 0 it should be 0.5, and it should rise."
    return None


def parameters(answer: int) -> str | None:
    """Check the number of parameters of a network of 784, 30 and 10 neurons."""
    if answer == 784 * 30 + 30 * 10:
        return "These are the weights. Each neuron of the second and third layer has a bias, too."
    if answer == 784 * 30 + 30 * 10 + 784 + 30 + 10:
        return "The neurons of the first layer are the pixels: they have no bias."
    return None if answer == 23_860 else "Multiply the sizes of neighbouring layers, add them up, then add the biases."


def bits_of_digits(answer: Sequence[Sequence[float]]) -> str | None:
    """Check a weight matrix from ten digits to four bits, used with biases of -5."""
    w = np.asarray(answer, float)
    if w.shape != (10, 4):
        return f"The matrix needs a row for each digit and a column for each bit, (10, 4); yours is {w.shape}."
    outputs = np.eye(10) @ w - 5 > 0
    for digit in range(10):
        expected = [(digit >> bit) & 1 for bit in range(4)]
        if outputs[digit].astype(int).tolist() != expected:
            return f"For the digit {digit} the bits, the lowest first, are {outputs[digit].astype(int).tolist()}."
    return None


sheet = Sheet({"1a": or_gate, "1b": xor_of_nands, "1c": sigmoid, "1d": parameters, "1e": bits_of_digits})
check = sheet.check
