"""The file of a compiled kernel: a mark of the format, a digest, and what the digest guards."""

import hashlib
import struct
from typing import NamedTuple

MAGIC = b"network3 kernel, format 1\n"
DIGEST = hashlib.sha256().digest_size
SCRATCH = struct.Struct("<Q")


class Kept(NamedTuple):
    """A compiled kernel as it is kept."""

    scratch: int  # bytes of scratch memory that it wants
    code: bytes


def packed(symbol: str, kept: Kept) -> bytes:
    """Return the content of the file of a kernel that is called `symbol`."""
    content = symbol.encode() + SCRATCH.pack(kept.scratch) + kept.code
    return MAGIC + hashlib.sha256(content).digest() + content


def unpacked(symbol: str, content: bytes) -> Kept | None:
    """Return what `packed` was given; None if this is not, to the last bit, what it returned for `symbol`."""
    start = len(MAGIC) + DIGEST
    digest, rest, name = content[len(MAGIC) : start], content[start:], symbol.encode()
    if not content.startswith(MAGIC) or not rest.startswith(name) or hashlib.sha256(rest).digest() != digest:
        return None
    code = len(name) + SCRATCH.size
    return Kept(SCRATCH.unpack(rest[len(name) : code])[0], rest[code:])
