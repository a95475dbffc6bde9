"""How much of two texts is the same: shared word shingles, and sketches that find candidates.

The sketch is a MinHash: the share of equal places estimates the share of common shingles. It only
finds candidates; what counts as a near-duplicate is decided on the shingles themselves. Hashes
are fixed, so equal texts are equal on every machine and in every run.
"""

import hashlib
import re
import zlib

import numpy as np
import numpy.typing as npt

NEAR = 0.8
"""From this share of common shingles on, two texts count as near-duplicates."""
SHINGLE_WORDS = 5
BANDS = 16
ROWS = 4
"""Places per band: texts at `NEAR` share a whole band with a probability of 0.9998."""

_UNPARTED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_WORD = re.compile(f"[{_UNPARTED}]|[^\\W{_UNPARTED}]+")
"""Chinese and Japanese part no words: there every character is one, or a clause would be."""
_MODULUS = np.uint64((1 << 31) - 1)


def shingles(text: str) -> frozenset[int]:
    """Return the hashed runs of five words of a text; a shorter text is one run."""
    words = [word.casefold() for word in _WORD.findall(text)]
    if not words:
        return frozenset()
    last = max(1, len(words) - SHINGLE_WORDS + 1)
    return frozenset(
        zlib.crc32(" ".join(words[at : at + SHINGLE_WORDS]).encode("utf-8", "surrogatepass"))
        for at in range(last)
    )


def resemblance(one: frozenset[int], other: frozenset[int]) -> float:
    """Return the share of shingles that two texts have in common, in [0, 1]."""
    if not one or not other:
        return 0.0
    common = len(one & other)
    return common / (len(one) + len(other) - common)


def bands_of(text_shingles: frozenset[int]) -> tuple[bytes, ...]:
    """Return the bands of a text's sketch; near-duplicates share at least one of them.

    Empty for a text without words.
    """
    if not text_shingles:
        return ()
    factors, offsets = _permutations()
    values = np.fromiter(text_shingles, np.uint64, len(text_shingles)) % _MODULUS
    least = np.full(BANDS * ROWS, np.iinfo(np.uint64).max, np.uint64)
    for at in range(0, len(values), 4096):  # a long text must not need a large table
        part = values[at : at + 4096]
        hashed = (factors[:, None] * part[None, :] + offsets[:, None]) % _MODULUS
        least = np.minimum(least, hashed.min(axis=1))
    return tuple(
        hashlib.blake2b(bytes([band]) + least[band * ROWS : (band + 1) * ROWS].tobytes(),
                        digest_size=12).digest()
        for band in range(BANDS)
    )  # fmt: skip


def _permutations() -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    # Products stay below 2^62: nothing overflows, nothing depends on the machine.
    made = np.random.Generator(np.random.PCG64(20_261_125))
    size = BANDS * ROWS
    return (
        made.integers(1, int(_MODULUS), size, dtype=np.uint64),
        made.integers(0, int(_MODULUS), size, dtype=np.uint64),
    )
