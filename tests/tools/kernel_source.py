"""Random kernels as text: every construct of the kernel language, with numbers on which all ways to run it agree.

Whole numbers of 64 bits stay far from overflow, indices within their arrays, divisors from 0, and floats that become
whole numbers within their type; everything else may happen.
"""

import random

INTEGERS = ("int64", "int32", "int16", "int8", "uint32", "uint8")
FLOATS = ("float32", "float64")
TYPES = (*INTEGERS, *FLOATS, "bool")
MODULUS = 1009  # int64 variables stay below
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


class Source:
    """The text of one random kernel, `fuzzed`, and of the functions that it calls.

    Parameters
    ----------
    seed : int
    size : int, default 3
        How many statements are within each other, and how many operators.

    Attributes
    ----------
    text : str
    arrays : list of str
        The types of the kernel's arrays, each of `n` numbers; its last parameter is n.
    """

    def __init__(self, seed: int, size: int = 3):
        self.rng, self.size = random.Random(seed), size
        self._lines: list[str] = []
        self._indent = 1
        self._count = 0
        self._functions: list[tuple[str, list[str], str]] = []  # name, types of parameters, of the result
        self._depth = 0  # of loops
        self._assigned: set[str] = set()
        self.arrays = [self.rng.choice(TYPES) for _ in range(self.rng.randint(2, 5))]
        functions = [self._function(k) for k in range(self.rng.randint(0, 3))]
        self.text = "\n\n".join([*functions, self._kernel()]) + "\n"

    def lines(self, inputs: list[tuple[str, str]], outputs: list[str]) -> tuple[list[str], list[str]]:
        """Return assignments of expressions of some numbers, each a name and a type, and the names of results."""
        self._begin(dict(inputs), {}, None)
        kinds = [*(self.rng.choice(TYPES) for _ in range(self.rng.randint(0, 3))), *outputs]
        text = []
        for k, kind in enumerate(kinds):
            text.append(f"t{k} = {self._bounded(kind, self.size)}")
            self._scopes[-1][f"t{k}"] = kind
        return text, [f"t{len(kinds) - len(outputs) + k}" for k in range(len(outputs))]

    # --- functions

    def _begin(self, names: dict[str, str], arrays: dict[str, tuple[str, str]], result: str | None) -> None:
        self._lines, self._indent = [], 1
        self._scopes = [dict(names)]
        self._arrays = dict(arrays)  # by name: type and length
        self._positions: dict[str, str] = {}  # numbers of loops that are indices, by the length that they are below
        self._loops: list[str] = []
        self._result = result
        self._fixed: set[str] = set()

    def _kernel(self) -> str:
        arrays = {f"a{k}": (dtype, "n") for k, dtype in enumerate(self.arrays)}
        self._begin({"part": "int64", "n": "int64"}, arrays, None)
        self._fixed = {"n", "part"}
        for _ in range(self.rng.randint(self.size, 2 * self.size)):
            self._statement(self.size)
        self._store(0)
        marked = ", ".join(f'a{k}: Array("{dtype}")' for k, dtype in enumerate(self.arrays))
        return "\n".join([f"def fuzzed(part, {marked}, n: Int):", *self._lines])

    def _function(self, number: int) -> str:
        kinds = [self.rng.choice(TYPES) for _ in range(self.rng.randint(0, 3))]
        result, array = self.rng.choice(TYPES), self.rng.choice(self.arrays)
        names = {f"p{k}": kind for k, kind in enumerate(kinds)} | {"n": "int64"}
        self._begin(names, {"a": (array, "n")}, result)
        self._fixed = {"n"}
        for _ in range(self.rng.randint(1, self.size)):
            self._statement(self.size - 1)
        self._line(f"return {self._number(result, 2)}")
        self._functions.append((f"h{number}", [array, *kinds], result))
        return "\n".join([f"def h{number}(a, n{''.join(f', p{k}' for k in range(len(kinds)))}):", *self._lines])

    # --- statements

    def _line(self, text: str) -> None:
        self._lines.append("    " * self._indent + text)

    def _new(self) -> str:
        self._count += 1
        return f"v{self._count}"

    def _block(self, count: int, depth: int) -> None:
        self._scopes.append({})
        for _ in range(count):
            self._statement(depth)
        self._scopes.pop()

    def _nested(self, count: int, depth: int) -> None:
        self._indent += 1
        before = len(self._lines)
        self._block(count, depth)
        if len(self._lines) == before:
            self._line("pass")
        self._indent -= 1

    def _statement(self, depth: int) -> None:
        simple = [self._assign, self._assign, self._change, self._change, self._store, self._store, self._store]
        simple += [self._swap, self._leave, self._call]
        nested = [self._if, self._if, self._in_all_branches, self._for, self._for, self._while]
        choice = self.rng.choice(simple + (nested if depth > 0 else []) + ([self._scratch] if self._depth < 2 else []))
        choice(depth)

    def _assign(self, depth: int) -> None:
        name, kind = self._new(), self.rng.choice(TYPES)
        self._line(f"{name} = {self._bounded(kind, 3)}")
        self._scopes[-1][name] = kind

    def _changeable(self, kind: str | None = None) -> list[str]:
        names = self._visible(kind)
        return [name for name in names if name not in self._loops and name not in self._fixed]

    def _change(self, depth: int) -> None:
        names = self._changeable()
        if not names:
            return self._assign(depth)
        name = self.rng.choice(names)
        kind = self._visible()[name]
        if kind == "bool":
            sign = self.rng.choice(["", "&", "|", "^"])
        elif kind in FLOATS:
            sign = self.rng.choice(["", "+", "-", "*", "/"])
        elif kind == "int64":
            sign = ""
            if self.rng.random() < 0.5:
                self._line(f"{name} += {self._number(kind, 2)}")
                self._line(f"{name} %= {MODULUS}")
                return None
        else:
            sign = self.rng.choice(["", "+", "-", "*", "&", "|", "^"])
        self._line(f"{name} {sign}= {self._bounded(kind, 3)}")
        return None

    def _store(self, depth: int) -> None:
        name = self.rng.choice(list(self._arrays))
        kind, length = self._arrays[name]
        place = f"{name}[{self._index(length)}]"
        sign = ""
        if kind in FLOATS:
            sign = self.rng.choice(["", "", "+", "*", "-"])
        elif kind not in ("bool", "int64"):
            sign = self.rng.choice(["", "", "+", "*", "^", "-"])
        self._line(f"{place} {sign}= {self._bounded(kind, 3)}")

    def _swap(self, depth: int) -> None:
        kind = self.rng.choice(TYPES)
        names = self._changeable(kind)
        if len(names) > 1:
            one, other = self.rng.sample(names, 2)
            self._line(f"{one}, {other} = {other}, {self._bounded(kind, 1)}")

    def _leave(self, depth: int) -> None:
        if self.rng.random() < 0.3:
            self._line(f"if {self._number('bool', 2)}:")
            self._indent += 1
            self._line("return" if self._result is None else f"return {self._number(self._result, 2)}")
            self._indent -= 1

    def _call(self, depth: int) -> None:
        called = self._called(self.rng.choice(self._functions), 2) if self._functions else None
        if called:
            self._line(called)

    def _scratch(self, depth: int) -> None:
        name, kind, length = self._new(), self.rng.choice(TYPES), self.rng.randint(1, 9)
        self._line(f'{name} = scratch({length}, "{kind}")')
        i = self._new()
        self._line(f"for {i} in range({length}):")
        self._line(f"    {name}[{i}] = {self._bounded(kind, 1)}")
        self._arrays[name] = kind, str(length)
        if length > 2 and self.rng.random() < 0.3:
            self._line(f"copy({name}, 0, {name}, {length // 2}, {length // 2})")
        if self._indent > 1:  # it is gone after the branch; it is used in it
            self._store(depth)
            self._line(f"{name}[{self.rng.randrange(length)}] = {self._bounded(kind, 2)}")
            del self._arrays[name]

    def _if(self, depth: int) -> None:
        self._line(f"if {self._number('bool', 3)}:")
        self._nested(self.rng.randint(1, 3), depth - 1)
        while self.rng.random() < 0.3:
            self._line(f"elif {self._number('bool', 2)}:")
            self._nested(self.rng.randint(1, 2), depth - 1)
        if self.rng.random() < 0.5:
            self._line("else:")
            self._nested(self.rng.randint(1, 2), depth - 1)

    def _in_all_branches(self, depth: int) -> None:
        """Bind a name in every branch, and use it afterwards."""
        name, kind = self._new(), self.rng.choice(TYPES)
        heads = [f"if {self._number('bool', 2)}:", f"elif {self._number('bool', 2)}:", "else:"]
        for head in heads if self.rng.random() < 0.5 else (heads[0], heads[2]):
            self._line(head)
            if self.rng.random() < 0.4:
                self._nested(1, depth - 1)
            self._indent += 1
            self._line(f"{name} = {self._bounded(kind, 2)}")
            self._indent -= 1
        self._scopes[-1][name] = kind

    def _for(self, depth: int) -> None:
        name = self._new()
        if self._depth == 0 and self.rng.random() < 0.6:
            bounds, length = "n", "n"
        else:
            length = ""
            bounds = self.rng.choice(
                [
                    str(self.rng.randint(0, 3)),
                    f"{self._number('int64', 2)} % 4",
                    f"{self.rng.randint(-3, 3)}, {self.rng.randint(-3, 5)}, {self.rng.randint(1, 4)}",
                    f"{self._number('int64', 1)} % 5, {self._number('int64', 1)} % 7, {self.rng.randint(1, 3)}",
                ]
            )
        self._line(f"for {name} in range({bounds}):")
        self._depth += 1
        self._loops.append(name)
        self._scopes.append({name: "int64"})
        if length:
            self._positions[name] = length
        if self.rng.random() < 0.3:  # a loop that may become vector code
            self._indent += 1
            for _ in range(self.rng.randint(1, 2)):
                self._store(0)
            self._indent -= 1
        else:
            self._nested(self.rng.randint(1, 4), depth - 1)
        self._positions.pop(name, None)
        self._scopes.pop()
        self._loops.pop()
        self._depth -= 1

    def _while(self, depth: int) -> None:
        name = self._new()
        self._line(f"{name} = {self.rng.randint(0, 2)}")
        self._scopes[-1][name] = "int64"
        self._line(f"while {name} < {self.rng.randint(0, 4)} and {self._number('bool', 2)}:")
        self._depth += 1
        self._loops.append(name)
        self._nested(self.rng.randint(1, 3), depth - 1)
        self._line(f"    {name} += 1")
        self._loops.pop()
        self._depth -= 1

    # --- expressions

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
        """Return a number of Python for an operand beside one of `kind`."""
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
        """Return an expression of a type, of `depth` operators within each other at most."""
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
        if kind in INTEGERS and source == "int64":  # a number of Python, which must fit
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
            # A number of Python that is the result stays one in plain Python, and would not wrap round.
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
