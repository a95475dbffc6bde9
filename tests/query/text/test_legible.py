"""Questions are read as documents are: what cannot be seen changes nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import GateSettings
from ingestion.cleaning import clean
from ingestion.document import Element, ElementKind
from query.asking.question import normalise, understand
from query.decision import ReasonCode
from query.text.legible import legible

PLAIN = "How long is the warranty of the Tern 4?"


@pytest.mark.parametrize(
    "written",
    [
        "How long is the war\u00adran\u00adty of the Tern 4?",
        "\ufeffHow long is the warranty of the T\u200bern 4?",
        "\u202bHow long is the warranty of the Tern 4?\u202c",
        "How long is the warranty of the Tern\u202f4?",
        "How long is the \x1b[31mwarranty\x1b[0m of the Tern 4?",
        "How long is the warranty of the \uff34ern \uff14?",
    ],
)
def test_a_question_reads_the_same_whatever_it_was_copied_from(written):
    english = frozenset({"en"})
    assert normalise(written) == PLAIN
    assert understand(normalise(written), GateSettings(), english) == understand(
        PLAIN, GateSettings(), english
    )


def test_ligatures_are_letters_and_joined_signs_stay_where_they_are_needed():
    assert legible("the o\ufb03ce") == "the office"
    family, wish = "\U0001f469\u200d\U0001f467", "\u0645\u06cc\u200c\u062e\u0648"
    assert legible(f"{family} {wish}\nnext") == f"{family} {wish}\nnext"


def test_what_cannot_be_seen_is_no_question():
    problem = understand(normalise("\u200b\u2060\ufeff"), GateSettings(), frozenset({"en"})).problem
    assert problem is not None
    assert problem.code is ReasonCode.EMPTY_QUESTION


@given(
    st.text(alphabet=st.sampled_from("ab \u00ad\u200b\u200d\u0301é\x1b[m\u202e\ue000"), max_size=30)
)
def test_a_question_is_cleaned_as_a_document_is(text):
    cleaned = clean([Element(ElementKind.TEXT, text)]).text
    assert normalise(text) == " ".join(cleaned.split())
    assert normalise(normalise(text)) == normalise(text)
