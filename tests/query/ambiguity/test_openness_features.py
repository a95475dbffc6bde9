"""The numbers behind openness."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import GateSettings
from query.ambiguity.openness_features import OPENNESS_NAMES, openness_features
from query.asking.conversation import in_context
from query.asking.followups import Turn, resolve
from query.asking.question import understand
from query.text.passages import weigh_terms
from tests.query.ambiguity.test_conflicts import titled

GRANTS = [
    titled("Heating grant", "The heating grant is 300 euro, for large homes 450 euro.", 1),
    titled("Carer allowance", "The carer allowance is 90 euro.", 2),
    titled("Baths", "The baths are closed on Mondays.", 3),
]


def values(question: str, earlier: tuple[Turn, ...] = (), passages=GRANTS) -> dict[str, float]:
    asked = understand(resolve(question, earlier), GateSettings(), frozenset({"en"}))
    asked = in_context(asked, question, earlier)
    return openness_features(asked, weigh_terms(asked.terms, passages), passages, {})


@given(st.text(max_size=200), st.lists(st.text(max_size=80), max_size=3))
def test_there_is_one_finite_number_per_name(question, said):
    earlier = tuple(Turn("user", text) for text in said)
    found = values(question, earlier)
    assert tuple(found) == OPENNESS_NAMES
    assert all(math.isfinite(value) for value in found.values())


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("How much is the Heating grant?", "has_capital"),
        ("How much is it in 2026?", "has_digit"),
        ("How much is it?", "says_it"),
        ("How much is the grant?", "says_the"),
        ("What is the difference between them?", "asks_of_all"),
        ("Why is that so?", "asks_why"),
    ],
)
def test_the_form_of_a_question_counts(question, name):
    assert values(question)[name] == 1.0
    assert values("May I stay?")[name] == 0.0


def test_an_i_is_no_name():
    assert values("What do I get?")["has_capital"] == 0.0


def test_who_named_the_first_subject_leaves_less_open():
    told = values("How much is it?", (Turn("user", "I applied for the heating grant."),))
    assert told["title_told"] == told["title_lead"] == 1.0
    both = values("How much is it?", (Turn("user", "Heating grant or carer allowance?"),))
    assert (both["title_told"], both["title_lead"]) == (1.0, 0.0)


def test_what_only_the_answers_named_does_not_count_as_told():
    assert values("How much is it?", (Turn("agent", "The heating grant."),))["title_told"] == 0.0


def test_words_of_earlier_turns_are_not_new():
    earlier = (Turn("user", "Is there an allowance?"),)
    assert values("What is an allowance?", earlier)["new_terms"] == 0.0
    assert values("What is an allowance?")["new_terms"] > 0.0


def test_amounts_of_the_kind_that_is_asked_for_are_counted_once_each():
    assert values("How much is it?")["amounts"] == pytest.approx(math.log1p(2))
    assert values("Who is it?")["amounts"] == 0.0


def test_one_document_leads_by_all_it_has():
    alone = values("How much is the grant?", passages=GRANTS[:1])
    assert alone["lead"] == GRANTS[0].ranked.score
    assert alone["next_coverage"] == alone["next_sentence"] == 0.0
    assert values("How much is the allowance?")["next_sentence"] == 1.0


def test_sections_are_counted():
    parts = [replace(GRANTS[0], headings=(name,)) for name in ("Who", "How", "How")]
    assert values("How much is it?", passages=parts)["sections"] == 2.0
