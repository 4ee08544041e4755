"""Random kernels as source text, with every construct of the kernel language."""

from tests.tools.kernel_expressions import FLOATS, MODULUS, TYPES, Expressions


class Source(Expressions):
    """The text of one random kernel, `fuzzed`, and of the functions that it calls.

    Parameters
    ----------
    seed : int
    size : int, default 3
        Depth of nested statements, and of nested operators.

    Attributes
    ----------
    text : str
    arrays : list of str
        The types of the kernel's arrays, each of `n` elements; its last parameter is n.
    """

    def __init__(self, seed: int, size: int = 3):
        super().__init__(seed, size)
        self._count = 0
        self.arrays = [self.rng.choice(TYPES) for _ in range(self.rng.randint(2, 5))]
        functions = [self._function(k) for k in range(self.rng.randint(0, 3))]
        self.text = "\n\n".join([*functions, self._kernel()]) + "\n"

    def lines(self, inputs: list[tuple[str, str]], outputs: list[str]) -> tuple[list[str], list[str]]:
        """Return assignments of expressions of some inputs, each a name and a type, and the names of results."""
        self._begin(dict(inputs), {}, None)
        kinds = [*(self.rng.choice(TYPES) for _ in range(self.rng.randint(0, 3))), *outputs]
        text = []
        for k, kind in enumerate(kinds):
            text.append(f"t{k} = {self._bounded(kind, self.size)}")
            self._scopes[-1][f"t{k}"] = kind
        return text, [f"t{len(kinds) - len(outputs) + k}" for k in range(len(outputs))]

    # --- functions

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
        if self._indent > 1:  # out of scope after the branch, so it is used here
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
        """Bind a name in every branch, so that it can be used afterwards."""
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
        if self.rng.random() < 0.3:  # a loop that may be vectorized
            self._indent += 1
            for _ in range(self.rng.randint(0, 2)):
                self.rng.choice([self._store, self._store, self._change, self._assign])(0)
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
