"""Evidence is cut into pieces a reader can take; nothing of it is left out."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from query.claims.excerpts import LONGEST, excerpts_of, nearest_to

SENTENCES = st.lists(
    st.text(alphabet="abcdefg ", min_size=3, max_size=300).map(lambda s: f"X{s.strip()}y."),
    max_size=30,
)


@given(st.lists(SENTENCES.map(" ".join), max_size=4))
def test_every_sentence_stands_in_some_excerpt(texts: list[str]) -> None:
    found = excerpts_of(texts)
    for source, text in enumerate(texts):
        pieces = [one.text for one in found if one.sources == (source,)]
        assert all(piece in text for piece in pieces)
        for sentence in text.split(". "):
            assert any(sentence in piece for piece in pieces) or not text
        assert all(len(piece) <= LONGEST for piece in pieces)


def test_a_sentence_longer_than_an_excerpt_is_one_of_its_own() -> None:
    long = f"The list has {'item, ' * 400}and an end."
    assert [one.text for one in excerpts_of([f"Short. {long} Short again."])][1] == long


def test_a_text_that_a_reader_takes_whole_is_one_excerpt() -> None:
    text = f"It says {'a' * 400}. It adds {'b' * 400}. So it ends."
    assert [(one.sources, one.text) for one in excerpts_of([text, "Short. Short."])] == [
        ((0,), text),
        ((1,), "Short. Short."),
    ]


def test_no_more_excerpts_are_made_than_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("query.claims.excerpts.MOST", 3)
    long = " ".join(f"Sentence number {n} says something about a thing." for n in range(200))
    assert len(excerpts_of([long, long])) == 3


def test_neighbouring_excerpts_share_sentences() -> None:
    text = " ".join(f"Sentence number {n} says something about a thing." for n in range(60))
    found = excerpts_of([text])
    assert len(found) > 2
    for one, other in itertools.pairwise(found):
        last = one.text.rsplit(". ", 1)[-1]
        assert last in other.text


def test_the_nearest_come_alone_and_together() -> None:
    texts = ["Parking is behind the house.", "Dogs are welcome.", "Dogs sleep in the barn."]
    near = nearest_to("Dogs sleep in the barn.", excerpts_of(texts))
    assert [one.sources for one in near] == [(2,), (1,), (1, 2)]
    assert near[-1].text == "Dogs sleep in the barn.\nDogs are welcome."
    assert near[-1].stems == near[0].stems | near[1].stems
    assert nearest_to("Dogs sleep.", []) == []


def test_a_word_that_few_texts_have_tells_more_than_one_that_most_have() -> None:
    texts = ["The house is open.", "The house is near.", "The heron sleeps."]
    near = nearest_to("The heron house is open.", excerpts_of(texts))
    assert [one.sources for one in near] == [(0,), (2,), (0, 2)]


def test_figures_are_those_of_the_claim_with_their_units() -> None:
    (one,) = excerpts_of(["At Calder Lodge a night is €40 in winter, when it is -5 °C."])
    for claim in ("It is 40 euros at Calder.", "There it may be -5 °C."):
        assert one.holds_figures_of(claim), claim
    for claim in ("It is $40.", "It is €45.", "There it may be -15 °C.", "It is near Robinson."):
        assert not one.holds_figures_of(claim), claim
