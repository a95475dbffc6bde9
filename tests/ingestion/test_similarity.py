"""Near-copies share a band, other texts do not resemble each other, and hashes are fixed."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.similarity import BANDS, NEAR, bands_of, resemblance, shingles

WORDS = [f"word{number}" for number in range(5_000)]
HAN = [chr(0x4E00 + number) for number in range(2_000)]


def text_of(seed: int, words: int = 300) -> list[str]:
    return random.Random(seed).choices(WORDS, k=words)


def test_an_edited_copy_resembles_and_shares_a_band():
    for seed in range(60):
        words = text_of(seed)
        edited = [*words]
        for place in random.Random(seed).sample(range(300), 4):
            edited[place] = "edited"
        one, other = shingles(" ".join(words)), shingles(" ".join(edited))
        assert resemblance(one, other) >= NEAR
        assert set(bands_of(one)) & set(bands_of(other))


def test_an_edited_copy_without_blanks_between_words_resembles_too():
    for seed in range(20):
        draw = random.Random(seed)
        clauses = ["".join(draw.choices(HAN, k=14)) for _ in range(30)]
        characters = list("，".join(clauses))
        for place in draw.sample(range(len(characters)), 4):
            characters[place] = "国"
        one, other = shingles("，".join(clauses)), shingles("".join(characters))
        assert resemblance(one, other) >= NEAR
        assert set(bands_of(one)) & set(bands_of(other))


def test_unrelated_texts_share_nothing():
    sketches = [set(bands_of(shingles(" ".join(text_of(seed))))) for seed in range(40)]
    assert sum(map(len, sketches)) == len(set().union(*sketches)) == 40 * BANDS


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("", "", 0.0), ("a b", "", 0.0), ("A b, c!", "a B c", 1.0), ("one two", "two one", 0.0)],
)
def test_short_texts(one, other, expected):
    assert resemblance(shingles(one), shingles(other)) == expected


@given(st.text(max_size=200), st.text(max_size=200))
def test_resemblance_is_symmetric_and_in_range(one, other):
    a, b = shingles(one), shingles(other)
    assert 0 <= resemblance(a, b) == resemblance(b, a) <= 1
    assert resemblance(a, a) == (1.0 if a else 0.0)


def test_sketches_are_the_same_in_every_run():
    assert bands_of(frozenset()) == ()
    found = bands_of(shingles("The office opens at nine in the morning."))
    assert found[0].hex() == "e1e508aafa0ecf3b2db95b05"
