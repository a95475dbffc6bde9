"""The order of candidates by what they say, and what sets a near miss apart."""

from dataclasses import replace

import pytest

from config.settings import RetrievalSettings
from config.trust import Trust
from indexing.points import HybridHits
from query.asking.said_before import joined, scores_of
from query.judging.likeness import likeness
from query.judging.ordering import FIRST, READ, in_order
from query.search.fusion import order
from query.text.passages import make_passage, weigh_terms
from tests.query.ambiguity.test_conflicts import ask, candidates
from tests.query.gate.test_rules import hit

SETTINGS = RetrievalSettings()
QUESTION = "Who painted the ceiling of the Ostrow library?"


def listed(*texts: str, trust: tuple[str, ...] = ()):
    """Candidates in the order of the texts, each a little farther than the one before."""
    hits = tuple(hit(f"d{n}", text, 0.8 - n / 50) for n, text in enumerate(texts))
    legs = HybridHits(fused=hits, dense=hits, sparse=hits)
    passages = [make_passage(ranked) for ranked in order(legs, SETTINGS)]
    names = dict(zip(sorted(p.document_id for p in passages), trust, strict=False))
    return [replace(p, trust=names.get(p.document_id, "")) for p in passages]


def test_the_candidate_with_one_sentence_that_says_it_comes_first():
    ordered = in_order(
        ask(QUESTION),
        listed(
            "Ostrow has a painted gate. The library lends books. A ceiling fell in 1911.",
            "The ceiling of the Ostrow library was painted by Ida Kern.",
        ),
        SETTINGS,
    )
    assert [p.document_id for p in ordered] == ["d1", "d0"]


def test_scores_fall_and_nothing_is_lost_or_doubled():
    passages = listed(*(f"Page {n} about the library of Ostrow." for n in range(READ + 6)))
    ordered = in_order(ask(QUESTION), passages, SETTINGS)
    scores = [p.ranked.score for p in ordered]
    assert sorted(p.chunk_id for p in ordered) == sorted(p.chunk_id for p in passages)
    assert scores == sorted(scores, reverse=True)
    assert all(0.0 <= score <= 1.0 for score in scores)


def test_scores_fall_behind_what_is_read_too_where_a_second_list_joins():
    own = listed(*(f"Page {n} about the library of Ostrow." for n in range(READ + 6)))
    new = listed(*(f"Hall {n}." for n in range(READ + 20)))[READ + 6 :]
    said = scores_of(new)
    ordered = in_order(ask(QUESTION), joined(own, new), SETTINGS, said)
    scores = [p.ranked.score for p in ordered]
    assert len(scores) == len(own) + len(new)
    assert scores == sorted(scores, reverse=True)


def test_a_page_that_only_repeats_the_question_does_not_lead_where_it_is_not_trusted():
    texts = (f"{QUESTION} This is withheld.", "The library's ceiling was painted by Ida Kern.")
    trusts = (Trust.LOW.value, Trust.HIGH.value)
    ordered = in_order(ask(QUESTION), listed(*texts, trust=trusts), SETTINGS)
    assert ordered[0].trust == Trust.HIGH
    switched_off = SETTINGS.model_copy(update={"low_trust_penalty": 0.0})
    plain = in_order(ask(QUESTION), listed(*texts, trust=trusts), switched_off)
    assert plain[0].ranked.score > ordered[0].ranked.score


def in_two_lists(*texts: str, trust: str = "") -> list[str]:
    """Ids in order, where the first text is what both lists place first."""
    passages = [replace(p, trust=trust) for p in listed(*texts)[:1]] + listed(*texts)[1:]
    return [p.document_id for p in in_order(ask(QUESTION), passages, SETTINGS)]


def test_what_both_lists_place_first_stays_among_the_first_five():
    said = "The ceiling of the Ostrow library was painted by"
    rivals = [f"{said} pupil {n}." for n in range(7)]
    texts = ("A page that does not say it.", *rivals)
    places = in_two_lists(*texts)
    assert places.index("d0") == FIRST - 1
    assert sorted(places) == sorted(f"d{n}" for n in range(8))
    assert in_two_lists(*texts, trust=Trust.LOW).index("d0") >= FIRST


def test_no_candidates_are_put_in_no_order():
    assert in_order(ask(QUESTION), [], SETTINGS) == ()


@pytest.mark.parametrize(
    ("question", "text", "feature", "expected"),
    [
        ("Which valve is not closed at night?", "The valve is closed at night.",
         "negation_unmet", 1.0),
        ("Which valve is not closed at night?", "The valve is not closed at night.",
         "negation_unmet", 0.0),
        ("What is the smallest valve made of?", "The largest valve is made of brass.",
         "opposite_word", 1.0),
        ("What is the largest valve made of?", "The largest valve is made of brass.",
         "opposite_word", 0.0),
        ("Who founded Ostrow and Brnik?", "Ida Kern founded Ostrow.", "capitals_met", 0.5),
        ("who founded it", "Ida Kern founded Ostrow.", "capitals_met", 1.0),
    ],
)  # fmt: skip
def test_what_the_best_sentence_turns_around_is_seen(question, text, feature, expected):
    asked, passages = ask(question), candidates(text)
    found = likeness(asked, weigh_terms(asked.terms, passages), passages)
    assert found[feature] == expected
