"""Chapter 1: perceptrons can compute anything, for example a NAND gate, and an adder of five gates."""

from collections.abc import Callable
from itertools import product

from network3 import FullyConnectedLayer, Network, step


def gate() -> Network:
    """Return the book's NAND gate: a perceptron with weights -2, -2 and bias 3."""
    net = Network([FullyConnectedLayer(n_in=2, n_out=1, activation_fn=step)], 1)
    net.set_weights([[[-2], [-2]], [3]])
    return net


def adder(nand: Callable[[int, int], int]) -> Callable[[int, int], tuple[int, int]]:
    """Return a function from two bits to their sum and the carry, computed by NAND gates alone."""

    def add(x1: int, x2: int) -> tuple[int, int]:
        both = nand(x1, x2)
        total = nand(nand(x1, both), nand(both, x2))
        return total, nand(both, both)

    return add


def main() -> dict[tuple[int, int], tuple[int, int, int]]:
    """Print the outputs of the gate and the adder for all bits, and return them."""
    net = gate()

    def nand(x1: int, x2: int) -> int:
        return int(net.predict_proba([[x1, x2]])[0, 0])

    add, table = adder(nand), {}
    print("x1 x2  NAND  sum carry")
    for x1, x2 in product((0, 1), repeat=2):
        table[x1, x2] = nand(x1, x2), *add(x1, x2)
        print(f" {x1}  {x2}     {nand(x1, x2)}    {add(x1, x2)[0]}     {add(x1, x2)[1]}")
    return table


if __name__ == "__main__":
    main()
