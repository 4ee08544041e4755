"""Random damage to the bytes of a file, as by a broken disk or an attacker."""

import gzip

import numpy as np

NUMBERS = [0, 1, 2**7, 2**8 - 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1]
TEXTS = [b"-1", b"1e999", b"NaN", b"null", b"[]", b"{}", b'""', b"99999999999999999999", b"\xff\xfe", b"../../x"]


def damaged(valid: bytes, rng: np.random.Generator) -> bytes:
    """Return `valid` after one to four mutations; a gzip file is sometimes damaged inside."""
    if valid[:2] == b"\x1f\x8b" and rng.random() < 0.5:
        return gzip.compress(damaged(gzip.decompress(valid), rng), compresslevel=1)
    content = bytearray(valid)
    for _ in range(rng.integers(1, 5)):
        content = MUTATIONS[rng.integers(len(MUTATIONS))](content, rng)
    return bytes(content)


def _offset(content: bytearray, rng: np.random.Generator) -> int:
    """Return a random offset in `content`, more often near its start."""
    stop = max(1, len(content) if rng.random() < 0.5 else min(len(content), 64))
    return int(rng.integers(stop))


def _flip(content: bytearray, rng: np.random.Generator) -> bytearray:
    at = _offset(content, rng)
    if content:
        content[at] ^= 1 << rng.integers(8)
    return content


def _byte(content: bytearray, rng: np.random.Generator) -> bytearray:
    at = _offset(content, rng)
    if content:
        content[at] = rng.integers(256)
    return content


def _number(content: bytearray, rng: np.random.Generator) -> bytearray:
    at, size = _offset(content, rng), int(rng.choice([1, 2, 4, 8]))
    value = int(rng.choice(np.array(NUMBERS, dtype=object))) % 256**size
    content[at : at + size] = value.to_bytes(size, str(rng.choice(["big", "little"])))
    return content


def _text(content: bytearray, rng: np.random.Generator) -> bytearray:
    at = _offset(content, rng)
    content[at : at + int(rng.integers(4))] = TEXTS[rng.integers(len(TEXTS))]
    return content


def _cut(content: bytearray, rng: np.random.Generator) -> bytearray:
    return content[: _offset(content, rng)]


def _delete(content: bytearray, rng: np.random.Generator) -> bytearray:
    at = _offset(content, rng)
    del content[at : at + int(rng.integers(1, 40))]
    return content


def _repeat(content: bytearray, rng: np.random.Generator) -> bytearray:
    at, size = _offset(content, rng), int(rng.integers(1, 60))
    content[at:at] = content[at : at + size] * int(rng.integers(1, 4))
    return content


def _noise(content: bytearray, rng: np.random.Generator) -> bytearray:
    at = _offset(content, rng)
    content[at : at + int(rng.integers(1, 20))] = rng.bytes(int(rng.integers(1, 20)))
    return content


def _zeros(content: bytearray, rng: np.random.Generator) -> bytearray:
    at, size = _offset(content, rng), int(rng.integers(1, 50))
    content[at : at + size] = bytes(size)
    return content


MUTATIONS = (_flip, _byte, _number, _text, _cut, _delete, _repeat, _noise, _zeros)
