"""Questions that ask for something and do not say of what, and those that do say."""

from dataclasses import replace

import pytest

from config.settings import GateSettings
from query.ambiguity.clarifying import clarify
from query.ambiguity.leaving_open import leave_open
from query.ambiguity.of_what import asks_of_nothing, documents_that_speak_of
from query.asking.conversation import in_context
from query.asking.followups import Turn, resolve
from query.asking.question import understand
from query.decision import Reason, ReasonCode, Verdict
from query.gate.rules import suggest
from query.ruling import Ruling
from query.text.passages import weigh_terms
from tests.query.ambiguity.test_conflicts import titled

TEXTS = {
    "Membership": "Who wants to apply fills in the form. Members are responsible for their boats.",
    "Boat licence": "You apply at the harbour office. The skipper is responsible for the crew.",
    "Moorings": "A mooring is free from May on. Ropes must be safe.",
    "Prices": "A day costs 12 euro, a week 60 euro.",
}
PASSAGES = [titled(title, text, n) for n, (title, text) in enumerate(TEXTS.items())]
FOUND = Reason(ReasonCode.EVIDENCE_FOUND, "p_answerable 0.90.")
LICENCE = (Turn("user", "I would like a boat licence."), Turn("agent", "You can get one here."))


def read(question: str, earlier: tuple[Turn, ...] = ()):
    own = understand(resolve(question, earlier), GateSettings(), frozenset({"en"}))
    return in_context(own, question, earlier)


def ruled(question: str, verdict: Verdict, earlier: tuple[Turn, ...] = (), passages=PASSAGES):
    asked = read(question, earlier)
    weights = weigh_terms(asked.terms, passages)
    return leave_open(asked, passages, Ruling(verdict, 0.9, (FOUND,), weights=weights))


@pytest.mark.parametrize(
    "question",
    ["How do I apply?", "What are the requirements?", "Who is responsible?", "help", "Is it safe?",
     "Which one is better?", "What are the rules and the deadlines?", "I have a problem",
     "how much is the fee", "What's the process?"],
)  # fmt: skip
def test_words_that_only_ask_say_nothing_to_tell_of(question):
    assert asks_of_nothing(read(question))


@pytest.mark.parametrize(
    "question",
    ["How do I apply for a mooring?", "What are the requirements of RFC 9110?", "parking",
     "Who is responsible for Skerry?", "What is a requirement?", "When is the office open?",
     "What does 'process' mean?", "vacation", "Is the harbour safe?", "What are the rules of GDPR?",
     ""],
)  # fmt: skip
def test_a_word_for_a_thing_or_a_question_about_the_word_is_left_alone(question):
    assert not asks_of_nothing(read(question))


@pytest.mark.parametrize("verdict", [Verdict.ANSWERABLE, Verdict.UNANSWERABLE])
def test_where_several_documents_speak_of_it_they_are_what_is_asked_back(verdict):
    ruling = ruled("How do I apply?", verdict)
    assert ruling.verdict is Verdict.AMBIGUOUS
    said = clarify(suggest(ruling.verdict, ruling.reasons), ruling.reasons, ruling.conflicts)
    assert said == (
        "Which one do you mean? “Membership” and “Boat licence” tell of different ones."
    )


@pytest.mark.parametrize("question", ["Is it safe?", "What are the requirements?"])
def test_that_one_or_none_has_the_word_does_not_say_what_was_meant(question):
    ruling = ruled(question, Verdict.ANSWERABLE)
    assert ruling.verdict is Verdict.AMBIGUOUS
    assert [r.code for r in ruling.reasons] == [ReasonCode.UNDERSPECIFIED]


def test_a_page_that_is_called_what_is_asked_for_is_meant_but_cannot_answer_what_it_lacks():
    assert [p.instance.name for p in documents_that_speak_of(read("prices?"), PASSAGES)] == [
        "Prices"
    ]
    assert ruled("What are the prices?", Verdict.ANSWERABLE).verdict is Verdict.ANSWERABLE
    refused = ruled("What are the prices?", Verdict.UNANSWERABLE)
    assert [r.code for r in refused.reasons] == [ReasonCode.UNDERSPECIFIED]


def test_a_heading_counts_like_a_title():
    apply = [replace(PASSAGES[1], headings=("How to apply",)), PASSAGES[0]]
    assert ruled("How do I apply?", Verdict.ANSWERABLE, passages=apply).verdict is (
        Verdict.ANSWERABLE
    )


@pytest.mark.parametrize(
    "question", ["How do I apply?", "What are the requirements and the fees to apply?"]
)
def test_what_was_talked_of_is_what_it_is_asked_of(question):
    assert "licence" in read(question, LICENCE).text
    assert not asks_of_nothing(read(question, LICENCE))


def test_in_a_conversation_it_is_about_what_the_conversation_is_about():
    told = (Turn("agent", "A boat licence costs 40 euro."),)
    assert not asks_of_nothing(read("How do I apply?", told))
    assert ruled("How do I apply?", Verdict.ANSWERABLE, told).verdict is Verdict.ANSWERABLE
