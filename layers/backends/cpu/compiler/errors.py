"""What the compiler answers to what is outside of the kernel language."""


class KernelError(TypeError):
    """A kernel that is not written in the kernel language.

    The message names the file and the line, what the language has there, and what was found.
    """

    def __init__(self, expected: str, got: str, hint: str):
        super().__init__(expected, got, hint)
        self.expected, self.got, self.hint = expected, got, hint
        self.place: str | None = None

    def at(self, file: str, line: int) -> "KernelError":
        """Return this error with the place that it belongs to; the innermost place stays."""
        if self.place is None:
            self.place = f"{file}:{line}"
        return self

    def __str__(self) -> str:
        return f"{self.place or 'kernel'}: expected {self.expected}; got {self.got}. {self.hint}"
