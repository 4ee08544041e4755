"""Damage to the bytes of a file: what a broken disk does, and what somebody does who means harm."""

import gzip

import numpy as np

NUMBERS = [0, 1, 2**7, 2**8 - 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1]
TEXTS = [b"-1", b"1e999", b"NaN", b"null", b"[]", b"{}", b'""', b"99999999999999999999", b"\xff\xfe", b"../../x"]


def damaged(sound: bytes, rng: np.random.Generator) -> bytes:
    """Return `sound` after one to four accidents; of a gzipped one, sometimes what is inside of it."""
    if sound[:2] == b"\x1f\x8b" and rng.random() < 0.5:
        return gzip.compress(damaged(gzip.decompress(sound), rng), compresslevel=1)
    content = bytearray(sound)
    for _ in range(rng.integers(1, 5)):
        content = ACCIDENTS[rng.integers(len(ACCIDENTS))](content, rng)
    return bytes(content)


def _place(content: bytearray, rng) -> int:
    """Return a place in `content`: the head of a file more often than the rest."""
    most = max(1, len(content) if rng.random() < 0.5 else min(len(content), 64))
    return int(rng.integers(most))


def _flip(content, rng):
    at = _place(content, rng)
    if content:
        content[at] ^= 1 << rng.integers(8)
    return content


def _byte(content, rng):
    at = _place(content, rng)
    if content:
        content[at] = rng.integers(256)
    return content


def _number(content, rng):
    at, size = _place(content, rng), int(rng.choice([1, 2, 4, 8]))
    value = int(rng.choice(np.array(NUMBERS, dtype=object))) % 256**size
    content[at : at + size] = value.to_bytes(size, str(rng.choice(["big", "little"])))
    return content


def _text(content, rng):
    at = _place(content, rng)
    content[at : at + int(rng.integers(4))] = TEXTS[rng.integers(len(TEXTS))]
    return content


def _cut(content, rng):
    return content[: _place(content, rng)]


def _leave_out(content, rng):
    at = _place(content, rng)
    del content[at : at + int(rng.integers(1, 40))]
    return content


def _repeat(content, rng):
    at, size = _place(content, rng), int(rng.integers(1, 60))
    content[at:at] = content[at : at + size] * int(rng.integers(1, 4))
    return content


def _noise(content, rng):
    at = _place(content, rng)
    content[at : at + int(rng.integers(1, 20))] = rng.bytes(int(rng.integers(1, 20)))
    return content


def _zeros(content, rng):
    at, size = _place(content, rng), int(rng.integers(1, 50))
    content[at : at + size] = bytes(size)
    return content


ACCIDENTS = (_flip, _byte, _number, _text, _cut, _leave_out, _repeat, _noise, _zeros)
