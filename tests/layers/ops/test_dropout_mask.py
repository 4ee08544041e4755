"""Dropout masks, against the published generator in Python integers, and by statistics."""

import numpy as np
import pytensor.tensor as pt
import pytest
from scipy import stats

from network3.layers.ops import DropoutMask
from network3.layers.ops.dropout_mask import threefry2x32

# Random123's kat_vectors, "threefry2x32 20": counter, key, output.
KNOWN_ANSWERS = [
    ((0x00000000, 0x00000000), (0x00000000, 0x00000000), (0x6B200159, 0x99BA4EFE)),
    ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
    ((0x243F6A88, 0x85A308D3), (0x13198A2E, 0x03707344), (0xC4923A9C, 0x483DF7A0)),
]
ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24]


def published(counter, key):
    """Return the words of Threefry-2x32 with 20 rounds, as in the paper: a key injected after every fourth round."""
    words, keys = list(counter), [*key, key[0] ^ key[1] ^ 0x1BD11BDA]
    words = [(words[0] + keys[0]) % 2**32, (words[1] + keys[1]) % 2**32]
    for number in range(20):
        rotation = ROTATIONS[number % 8]
        words[0] = sum(words) % 2**32
        words[1] = (words[1] << rotation | words[1] >> 32 - rotation) % 2**32 ^ words[0]
        if number % 4 == 3:
            injection = number // 4 + 1
            words[0] = (words[0] + keys[injection % 3]) % 2**32
            words[1] = (words[1] + keys[(injection + 1) % 3] + injection) % 2**32
    return tuple(words)


def expected(shape, state, keep):
    """Return the mask: word 0 for the first half of the elements, word 1 for the rest; kept if below in 24 bits."""
    size = int(np.prod(shape))
    seed, stream, step = (entry % 2**32 for entry in state)
    blocks = [published((step, position), (seed, stream)) for position in range((size + 1) // 2)]
    words = [block[0] for block in blocks] + [block[1] for block in blocks]
    return np.array([word // 2**8 < round(keep * 2**24) for word in words[:size]], "float64").reshape(shape)


def draw(evaluate, shape, state, keep=0.5, dtype="float32"):
    return evaluate(DropoutMask(keep), np.full(shape, np.nan, dtype), np.array(state, "int32"))


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN_ANSWERS)
def test_known_answers(counter, key, words):
    assert published(counter, key) == words
    arrays = [np.array([word], "uint32") for word in (*key, *counter)]
    assert tuple(int(word[0]) for word in threefry2x32(lambda words: words)(*arrays)) == words
    assert threefry2x32(lambda word: word & 0xFFFFFFFF)(*key, *counter) == words


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("keep", [0.5, 0.7, 1.0, 0.0])
@pytest.mark.parametrize("state", [(0, 0, 0), (7, 3, 11), (-1, 2**31 - 1, -(2**31))])
@pytest.mark.parametrize("shape", [(4, 6), (3, 5), (1,), (2, 1, 3, 2)])
def test_masks_agree_with_the_published_words_below_a_threshold(evaluate, shape, state, keep, dtype):
    mask = draw(evaluate, shape, state, keep, dtype)
    assert mask.dtype == dtype
    np.testing.assert_array_equal(mask, expected(shape, state, keep))


def test_an_empty_mask(evaluate):
    assert draw(evaluate, (0, 3), (1, 2, 3)).shape == (0, 3)


def test_keep_1_keeps_all_and_keep_0_keeps_nothing(evaluate):
    assert draw(evaluate, (101, 99), (1, 2, 3), 1.0).all()
    assert not draw(evaluate, (101, 99), (1, 2, 3), 0.0).any()


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.7, 0.999])
def test_the_mean_is_keep_within_five_sigma(evaluate, keep):
    mask = draw(evaluate, (1000, 1001), (12, 5, 1), keep)
    assert abs(mask.mean(dtype="float64") - keep) < 5 * np.sqrt(keep * (1 - keep) / mask.size)


def independent(a, b):
    """Return whether a chi-square test of the 2 by 2 table of two masks accepts their independence."""
    table = np.bincount((2 * a + b).astype("int64").ravel(), minlength=4).reshape(2, 2)
    return stats.chi2_contingency(table, correction=False).pvalue > 1e-4


@pytest.mark.parametrize("keep", [0.5, 0.8])
@pytest.mark.parametrize("distance", [1, 2, 7, 50_000])  # the last: word 0 and word 1 of a block
def test_neighbours_are_independent(evaluate, distance, keep):
    mask = draw(evaluate, (100_000,), (12, 5, 1), keep)
    assert independent(mask[:-distance], mask[distance:])


@pytest.mark.parametrize("other", [(12, 5, 2), (12, 5, 3), (12, 6, 1), (13, 5, 1), (5, 12, 1)])
def test_steps_streams_and_seeds_are_independent(evaluate, other):
    assert independent(draw(evaluate, (100_000,), (12, 5, 1)), draw(evaluate, (100_000,), other))


def test_the_steps_of_an_element_are_independent(evaluate):
    """Counts over 400 steps of 500 elements follow a binomial: chi-square of their dispersion."""
    counts = sum(draw(evaluate, (500,), (12, 5, step)) for step in range(400))
    dispersion = ((counts - 200) ** 2 / 100).sum()
    low, high = stats.chi2.ppf([1e-4, 1 - 1e-4], 500)
    assert low < dispersion < high


def test_a_mask_is_constant_in_gradients(evaluate):
    x, state = np.array([[1.0, -2.0, 3.0]]), np.array([1, 2, 3], "int32")
    mask = evaluate(DropoutMask(0.5), x, state)
    dx = evaluate(lambda x, state: pt.grad((x * DropoutMask(0.5)(x, state)).sum(), x), x, state)
    np.testing.assert_array_equal(dx, mask)
