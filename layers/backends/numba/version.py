"""The version under which compiled kernels are cached: it follows their source, so nobody has to bump it."""

import hashlib
from pathlib import Path


def source_version(*others: str) -> int:
    """Return a number that changes when the text of any file of this folder does, or that of the files `others`.

    Kernels are made of each other: to name what each is made of is to forget one.
    """
    files = [*sorted(Path(__file__).parent.rglob("*.py")), *map(Path, others)]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).digest()
    return int.from_bytes(digest[:6], "big")


VERSION = source_version()
