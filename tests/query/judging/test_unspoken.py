"""A question is refused where nothing that was found speaks of what it asks for."""

import numpy as np
import pytest

from query.asking.conversation import in_context
from query.asking.followups import Turn
from query.decision import Reason, ReasonCode, Verdict
from query.judging.unspoken import NOT_COMPARED, asked_word, without_unspoken
from query.replay import WordsDown, recorded_words
from query.ruling import NOT_TOGETHER, Ruling
from query.text.passages import weigh_terms
from tests.query.ambiguity.test_conflicts import ask
from tests.query.judging.test_ordering import listed

ALIKE = {"pay": 0, "salary": 0, "colour": 1, "guarantee": 2, "warranty": 2, "born": 3}
CRUTCHES = "The crutches cost 38 euro and can be hired for 2 euro a week."


class Meaning:
    """An encoder to which a few words mean the same, and all others nothing alike."""

    def encode_documents(self, texts):
        vectors = np.zeros((len(texts), 4 + len(texts)), dtype=np.float32)
        for at, text in enumerate(texts):
            vectors[at, ALIKE.get(text, 4 + at)] = 1.0
        return vectors


class Failing:
    """An encoder that is down."""

    def encode_documents(self, texts):
        raise RuntimeError("down")


def ruled(question, passages, verdict=Verdict.ANSWERABLE, p=0.8, detail="p_answerable 0.80."):
    code = ReasonCode.EVIDENCE_FOUND if verdict is Verdict.ANSWERABLE else ReasonCode.WEAK_SUPPORT
    weights = weigh_terms(question.terms, passages)
    return Ruling(verdict, p, (Reason(code, detail),), weights=weights)


def verdict_on(text: str, *texts: str, encoder=None, **changes):
    question, passages = ask(text), listed(*texts)
    ruling = ruled(question, passages, **changes)
    return without_unspoken(question, passages, ruling, encoder or Meaning())


@pytest.mark.parametrize(
    ("text", "noun"),
    [
        ("What is the home address of Inês Matos?", "address"),
        ("Who's the landlord of Foundry Lane?", "landlord"),
        ("How many beds does the branch have?", "beds"),
        ("How many reads per second does the branch reach?", "reads"),
        ("What colour is the housing?", "colour"),
        ("How high is the deposit for the brace?", "deposit"),
        ("What is the purpose of the brace?", ""),
        ("Who founded the branch, and why?", "founded"),
        ("Who is on the board?", ""),
        ("Why is the brace blue?", ""),
    ],
)
def test_the_word_for_what_is_asked(text, noun):
    assert asked_word(text) == noun


def test_what_nothing_speaks_of_is_refused_and_named():
    made = verdict_on("What is the warranty of the crutches?", CRUTCHES)
    assert (made.verdict, made.missing) == (Verdict.UNANSWERABLE, ("warranty",))
    assert [reason.code for reason in made.reasons] == [ReasonCode.LOW_SUPPORT]


@pytest.mark.parametrize(
    ("question", "texts", "changes"),
    [
        ("What is the warranty of the crutches?", ["The crutches have a guarantee."], {}),
        ("What is the price of the crutches?", [CRUTCHES], {}),
        ("What is the warrenty of the crutches?", ["The warranty of the crutches is long."], {}),
        ("What is the warranty of the crutches?", [CRUTCHES], {"p": 0.95}),
        ("What is the warranty of the crutches?", [CRUTCHES], {"encoder": object()}),
        (
            "What is the warranty of the crutches?",
            ["The crutches are blue.", "Crutches: a warranty of 24 months."],
            {},
        ),
    ],
    ids=["a word near it", "one measure", "misspelt", "the judge is sure", "no encoder",
         "in another passage on it"],
)  # fmt: skip
def test_what_is_spoken_of_stays(question, texts, changes):
    assert verdict_on(question, *texts, **changes).verdict is Verdict.ANSWERABLE


@pytest.mark.parametrize("encoder", [Failing(), WordsDown()])
def test_words_that_could_not_be_compared_leave_the_ruling_and_are_named(encoder):
    """Then as in a replay, or else that would refuse what was answered."""
    made = verdict_on("What is the warranty of the crutches?", CRUTCHES, encoder=encoder)
    assert made.verdict is Verdict.ANSWERABLE
    assert made.reasons[-1] == NOT_COMPARED
    assert NOT_COMPARED.code is ReasonCode.DENSE_ENCODER_DOWN


def test_a_replay_compares_no_words_where_the_request_could_not():
    other = Reason(ReasonCode.DENSE_ENCODER_DOWN, "No dense encoder is loaded.")
    assert isinstance(recorded_words({"reasons": [NOT_COMPARED.to_json()]}), WordsDown)
    assert recorded_words({"reasons": [other.to_json()]}) is None


def test_another_thing_that_has_it_does_not_count():
    brace = "The brace comes with a warranty of 24 months."
    made = verdict_on("What is the warranty of the crutches?", CRUTCHES, brace)
    assert made.verdict is Verdict.UNANSWERABLE


@pytest.mark.parametrize(
    ("question", "detail", "verdict"),
    [
        ("When was Rosalind Pike born?", NOT_TOGETHER, Verdict.UNANSWERABLE),
        ("When was Rosalind Pike born?", "p_answerable 0.40.", Verdict.PARTIALLY_SUPPORTED),
        ("When did Rosalind Pike start?", NOT_TOGETHER, Verdict.PARTIALLY_SUPPORTED),
    ],
    ids=["a short question", "held for another reason", "a word that says little"],
)
def test_a_short_question_in_part_is_refused_for_want_of_its_word(question, detail, verdict):
    text = "Rosalind Pike has been managing director since 2020."
    made = verdict_on(question, text, verdict=Verdict.PARTIALLY_SUPPORTED, detail=detail)
    assert made.verdict is verdict


WARD = "The day ward has 14 beds; visitors may stay until six."


@pytest.mark.parametrize(
    ("asked", "verdict"),
    [
        ("And do the beds have a television?", Verdict.UNANSWERABLE),
        ("And how long may a visitor stay?", Verdict.ANSWERABLE),
        ("And are we bound by that?", Verdict.ANSWERABLE),
    ],
)
def test_a_follow_up_is_refused_for_a_new_noun_that_nothing_speaks_of(asked, verdict):
    earlier = (Turn("user", "How many beds does the day ward have?"), Turn("agent", "14 beds."))
    question = in_context(ask(f"{asked} (beds day ward)"), asked, earlier)
    passages = listed(WARD)
    found = without_unspoken(question, passages, ruled(question, passages), Meaning())
    assert found.verdict is verdict
    assert found.missing == (("television",) if verdict is Verdict.UNANSWERABLE else ())


def test_thanks_and_pronouns_are_never_missed():
    found = verdict_on(
        "Thank you, what do they cost?", CRUTCHES, verdict=Verdict.PARTIALLY_SUPPORTED,
        detail=NOT_TOGETHER,
    )  # fmt: skip
    assert found.verdict is Verdict.PARTIALLY_SUPPORTED
