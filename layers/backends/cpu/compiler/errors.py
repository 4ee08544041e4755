"""The error for code outside of the kernel language."""


class KernelError(TypeError):
    """A kernel contains code outside of the kernel language.

    The message names the file and the line, what is allowed there, and what was found.
    """

    def __init__(self, expected: str, got: str, hint: str):
        super().__init__(expected, got, hint)
        self.expected, self.got, self.hint = expected, got, hint
        self.location: str | None = None

    def at(self, file: str, line: int) -> "KernelError":
        """Return this error with its location; the innermost location is kept."""
        if self.location is None:
            self.location = f"{file}:{line}"
        return self

    def __str__(self) -> str:
        return f"{self.location or 'kernel'}: expected {self.expected}; got {self.got}. {self.hint}"
