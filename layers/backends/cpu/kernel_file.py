"""The file format of a compiled kernel: a magic string, a digest, and the content that the digest protects."""

import hashlib
import struct
from typing import NamedTuple

MAGIC = b"network3 kernel, format 1\n"
DIGEST = hashlib.sha256().digest_size
SCRATCH = struct.Struct("<Q")


class CachedKernel(NamedTuple):
    """A compiled kernel as it is stored."""

    scratch: int  # bytes of scratch memory that it needs
    code: bytes


def encode(symbol: str, cached: CachedKernel) -> bytes:
    """Return the file content for a kernel with the name `symbol`."""
    content = symbol.encode() + SCRATCH.pack(cached.scratch) + cached.code
    return MAGIC + hashlib.sha256(content).digest() + content


def decode(symbol: str, content: bytes) -> CachedKernel | None:
    """Return the kernel that `encode` stored; None if `content` is not exactly what it returned for `symbol`."""
    start = len(MAGIC) + DIGEST
    digest, rest, name = content[len(MAGIC) : start], content[start:], symbol.encode()
    if not content.startswith(MAGIC) or not rest.startswith(name) or hashlib.sha256(rest).digest() != digest:
        return None
    code = len(name) + SCRATCH.size
    return CachedKernel(SCRATCH.unpack(rest[len(name) : code])[0], rest[code:])
