"""Random expressions of the kernel language, with values for which all ways to run them agree.

int64 values stay far from overflow, indices within their arrays, divisors are not 0, and floats that are converted to
integers are in range; everything else may occur.
"""

import random

INTEGERS = ("int64", "int32", "int16", "int8", "uint32", "uint8")
FLOATS = ("float32", "float64")
TYPES = (*INTEGERS, *FLOATS, "bool")
MODULUS = 1009  # upper bound of int64 variables
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


class Expressions:
    """The text of expressions of the names that are bound so far.

    Parameters
    ----------
    seed, size : int
        Seed of the random numbers; depth of nested operators.
    """

    def __init__(self, seed: int, size: int):
        self.rng, self.size = random.Random(seed), size
        self._functions: list[tuple[str, list[str], str]] = []  # name, types of parameters, of the result
        self._depth = 0  # of loops
        self._begin({}, {}, None)

    def _begin(self, names: dict[str, str], arrays: dict[str, tuple[str, str]], result: str | None) -> None:
        self._lines: list[str] = []
        self._indent = 1
        self._scopes = [dict(names)]
        self._arrays = dict(arrays)  # by name: type and length
        self._positions: dict[str, str] = {}  # loop variables that are indices, by the length that bounds them
        self._loops: list[str] = []
        self._result = result
        self._fixed: set[str] = set()

    def _visible(self, kind: str | None = None) -> dict[str, str]:
        return {name: of for scope in self._scopes for name, of in scope.items() if kind in (None, of)}

    def _index(self, length: str) -> str:
        positions = [name for name, below in self._positions.items() if below == length]
        if positions and self.rng.random() < 0.7:
            return self.rng.choice(positions)
        return f"({self._number('int64', 1)}) % {length}"

    def _bounded(self, kind: str, depth: int) -> str:
        text = self._number(kind, depth)
        return f"({text}) % {MODULUS} - {self.rng.choice([0, 500])}" if kind == "int64" else text

    def _constant(self, kind: str) -> str:
        if kind == "bool":
            return self.rng.choice(["True", "False"])
        if kind in FLOATS:
            special = ["0.0", "-0.0", '"nan"', '"inf"', "1e30", "1e-40", "0.1"]
            usual = [f"{self.rng.uniform(-9, 9):.3g}", str(self.rng.randint(-2, 3))]  # some are equal
            number = self.rng.choice([*special, *usual * 4])
        else:
            number = str(self.rng.randint(0 if kind.startswith("u") else -100, 100))
            if kind == "int64" and self.rng.random() < 0.7:
                return number
        return f"np.{kind}({number})"

    def _weak(self, kind: str) -> str:
        """Return a Python constant for an operand beside one of `kind`."""
        if kind in FLOATS:
            return self.rng.choice(["0.5", "3", "-1.25", "1e-3", "0.1", "7"])
        return str(self.rng.randint(0 if kind.startswith("u") else -9, 9))

    def _leaf(self, kind: str) -> str:
        names = list(self._visible(kind))
        arrays = [name for name, (of, _) in self._arrays.items() if of == kind]
        choice = self.rng.random()
        if names and choice < 0.5:
            return self.rng.choice(names)
        if arrays and choice < 0.8:
            name = self.rng.choice(arrays)
            return f"{name}[{self._index(self._arrays[name][1])}]"
        return self._constant(kind)

    def _number(self, kind: str, depth: int) -> str:
        """Return an expression of a type, with at most `depth` nested operators."""
        depth = min(depth, self.size)
        if depth <= 0 or self.rng.random() < 0.15:
            return self._leaf(kind)
        if self.rng.random() < 0.1:
            one, test, other = (self._number(of, depth - 1) for of in (kind, "bool", kind))
            return f"({one} if {test} else {other})"
        fitting = [function for function in self._functions if function[2] == kind and self._arrays]
        if fitting and self.rng.random() < 0.15 and self._depth < 2:
            return self._called(self.rng.choice(fitting), depth - 1) or self._leaf(kind)
        if kind == "bool":
            return self._flag(depth)
        if self.rng.random() < 0.15:
            return self._converted(kind, depth)
        return self._float(kind, depth) if kind in FLOATS else self._whole(kind, depth)

    def _called(self, function: tuple[str, list[str], str], depth: int) -> str | None:
        """Return a call, if there is an array to pass."""
        name, (array, *kinds), _ = function
        fitting = [a for a, (of, length) in self._arrays.items() if of == array and length == "n"]
        if not fitting:
            return None
        numbers = [f", {self._bounded(kind, depth - 1)}" for kind in kinds]
        return f"{name}({self.rng.choice(fitting)}, n{''.join(numbers)})"

    def _flag(self, depth: int) -> str:
        choice, less = self.rng.random(), depth - 1
        if choice < 0.5:
            kind = self.rng.choice(TYPES)
            one, sign = self._number(kind, less), self.rng.choice(COMPARISONS)
            if kind != "bool" and self.rng.random() < 0.3:
                return f"({self._weak(kind)} {sign} {one} {self.rng.choice(COMPARISONS)} {self._number(kind, less)})"
            return f"({one} {sign} {self._number(kind, less)})"
        if choice < 0.75:
            sign = self.rng.choice([" and ", " or "])
            return "(" + sign.join(self._number("bool", less) for _ in range(self.rng.randint(2, 3))) + ")"
        if choice < 0.9:
            return f"({self._number('bool', less)} {self.rng.choice('&|^')} {self._number('bool', less)})"
        return f"(not {self._number('bool', less)})"

    def _converted(self, kind: str, depth: int) -> str:
        source = self.rng.choice(TYPES)
        text = self._number(source, depth - 1)
        if kind in INTEGERS and source in FLOATS:
            low = 0 if kind.startswith("u") else -100
            return f"np.{kind}(max(min(np.{source}(100), {text}), np.{source}({low})))"
        if kind in INTEGERS and source == "int64":  # possibly a Python constant, which must be in range
            return f"np.{kind}(({text}) % 100)"
        return f"np.{kind}({text})"

    def _whole(self, kind: str, depth: int) -> str:
        less, choice = depth - 1, self.rng.random()
        one = self._number(kind, less)
        other = self._weak(kind) if self.rng.random() < 0.3 else self._number(kind, less)
        if choice < 0.45:
            sign = self.rng.choice("+-*&|^")
            text = f"({one} {sign} {other})" if self.rng.random() < 0.8 else f"({other} {sign} {one})"
            return f"({text} % 997)" if sign == "*" and kind == "int64" else text
        if choice < 0.6:
            sign, divisor = self.rng.choice(["//", "%"]), self.rng.choice([1, 2, 3, 7, 8, 10, 16, 100, -3, -8])
            if kind.startswith("u"):
                divisor = abs(divisor)
            by = str(divisor) if self.rng.random() < 0.7 else f"(({other} & 7) + {self.rng.choice([1, 2])})"
            return f"({one} {sign} {by})"
        if choice < 0.7:
            return f"({one} {self.rng.choice(['<<', '>>'])} {self.rng.randint(0, 4)})"
        if choice < 0.8:
            return f"({one} {self.rng.choice('+-')} {self._number('bool', less)})"
        if choice < 0.9:
            # A Python constant as the result is not converted in plain Python, and would not wrap around.
            other = other if kind == "int64" else self._number(kind, less)
            return f"{self.rng.choice(['min', 'max'])}({one}, {other})"
        if kind.startswith("u"):
            return f"(~{one})"
        return self.rng.choice([f"(-{one})", f"(~{one})", f"abs({one})"])

    def _float(self, kind: str, depth: int) -> str:
        less, choice = depth - 1, self.rng.random()
        one = self._number(kind, less)
        other = self._weak(kind) if self.rng.random() < 0.3 else self._number(kind, less)
        if choice < 0.65:
            sign = self.rng.choice("+-*/")
            return f"({one} {sign} {other})" if self.rng.random() < 0.8 else f"({other} {sign} {one})"
        if choice < 0.8:
            return f"{self.rng.choice(['min', 'max'])}({one}, {self._number(kind, less)})"
        if choice < 0.9:
            return f"np.{self.rng.choice(['sqrt', 'floor', 'ceil'])}({one})"
        return self.rng.choice([f"(-{one})", f"abs({one})"])
