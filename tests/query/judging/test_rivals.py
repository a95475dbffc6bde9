"""Another document that answers otherwise makes a question ambiguous, and nothing else does."""

import pytest

from config.querying import DeadlineSettings
from query.decision import Verdict
from query.judging.reader import HERE, Reading, read_record, text_of
from query.judging.rivals import MOST, rivals_of, says_otherwise, span_of
from query.judging.trained_judge import TrainedJudge
from query.resilience import circuit
from tests.query.ambiguity.test_conflicts import ask
from tests.query.judging.test_ordering import listed
from tests.query.judging.test_trained_judge import PLAIN

NEAR = 0.5
WHO = "Who painted the ceiling of the Ostrow library?"
IDA = "The ceiling of the Ostrow library was painted by Ida Kern."
PAUL = "Paul Zeman painted the library ceiling in Ostrow."


def read(passage, span: str) -> tuple:
    """A reading that points at a span of a passage."""
    text = text_of(passage)
    start = text.index(span) if span else -1
    return passage, Reading(5.0, 5.0, start, start + len(span))


@pytest.mark.parametrize(
    ("question", "texts", "found"),
    [
        (WHO, (IDA, PAUL), 1),
        (WHO, (IDA, "The ceiling of the library was painted by Paul Zeman."), 0),
        ("Why was the ceiling of the Ostrow library painted?", (IDA, PAUL), 0),
        ("Is the ceiling of the Ostrow library painted?", (IDA, PAUL), 0),
        (WHO, (IDA, *(f"Ostrow has {n} library ceilings." for n in range(5))), MOST),
    ],
    ids=["another document", "without the name", "a reason", "yes or no", "only the first few"],
)
def test_other_documents_are_read_where_one_answer_is_asked_for(question, texts, found):
    assert len(rivals_of(ask(question), listed(*texts), NEAR)) == found


def test_what_stands_far_behind_is_not_read():
    assert rivals_of(ask(WHO), listed(IDA, PAUL), 0.0) == ()
    assert rivals_of(ask(WHO), [], NEAR) == ()


@pytest.mark.parametrize(
    ("question", "texts", "spans", "differ"),
    [
        (WHO, (IDA, PAUL), ("Ida Kern", "Paul Zeman"), True),
        (WHO, (IDA, "Kern painted the ceiling in Ostrow."), ("Ida Kern", "Kern"), False),
        (WHO, (IDA, f"{PAUL} So did Ida Kern."), ("Ida Kern", "Paul Zeman"), False),
        (WHO, (IDA, PAUL), ("Ida Kern", "ceiling"), False),
        (WHO, (IDA, PAUL), ("Ida Kern", ""), False),
        ("When was the gate built?", ("In 1911.", "By lime."), ("1911", "lime"), False),
        ("Which colour has the gate?", ("It is red.", "It is blue."), ("red", "blue"), True),
    ],
    ids=["two names", "shorter", "both held", "of the question", "nowhere", "no date", "two words"],
)
def test_two_spans_are_two_answers_only_if_neither_document_has_both(
    question, texts, spans, differ
):
    one, other = (read(p, span) for p, span in zip(listed(*texts), spans, strict=True))
    assert says_otherwise(ask(question), one, other) is differ


def test_a_span_in_the_title_is_none_of_the_text(page):
    (passage,) = listed(IDA)
    assert span_of(*read(passage, "Ida Kern")) == "Ida Kern"
    assert span_of(passage, Reading(-1.0, 5.0, 0, 3)) == ""


class Points:
    """A reader that finds every name it knows, and remembers what it read."""

    def __init__(self, *names: str) -> None:
        self.names, self.texts = names, []

    def read(self, question, texts):
        self.texts += texts
        return [self.one(text) for text in texts]

    def one(self, text: str) -> Reading:
        name = next((name for name in self.names if name in text), None)
        if name is None:
            return Reading(-8.0, -8.0)
        start = text.index(name)
        return Reading(6.0, 6.0, start, start + len(name))


@pytest.mark.parametrize(
    ("names", "rival", "verdict"),
    [
        (("Ida Kern", "Paul Zeman"), NEAR, Verdict.AMBIGUOUS),
        (("Ida Kern",), NEAR, Verdict.ANSWERABLE),
        (("Ida Kern", "Paul Zeman"), None, Verdict.ANSWERABLE),
    ],
    ids=["both answer", "one answers", "not asked for"],
)
def test_a_decision_shows_both_answers_and_asks_which(
    shelve, page, make_engine, names, rival, verdict
):
    store = shelve([page("a.md", "Ostrow library", IDA), page("b.md", "Ostrow library", PAUL)])
    reader = Points(*names)
    trips = circuit(DeadlineSettings())
    judge = TrainedJudge(reader, PLAIN, "reader-test", 2, trips, 5.0, enough=0.0, rival=rival)
    decision = make_engine(store=store, judge=judge).ground(WHO)
    assert decision.verdict is verdict
    if verdict is Verdict.AMBIGUOUS:
        (conflict,) = decision.conflicts
        assert {side.value for side in conflict.sides} == {"Ida Kern", "Paul Zeman"}
        assert "Ida Kern" in decision.clarification
        assert all(side.value in side.quote for side in conflict.sides)
    assert len(reader.texts) == (1 if rival is None else 2)


def test_a_rival_makes_an_answer_no_likelier(shelve, page, make_engine):
    def p(*pages) -> float:
        store = shelve([page(key, "Ostrow library", text) for key, text in pages])
        reader = Points("Ida Kern", "Paul Zeman")
        trips = circuit(DeadlineSettings())
        judge = TrainedJudge(reader, PLAIN, "reader-test", 2, trips, 5.0, enough=0.0, rival=rival)
        return make_engine(store=store, judge=judge).ground(WHO).p_answerable

    found = {}
    for rival in (None, NEAR):
        found[rival] = p(("a.md", IDA), ("b.md", PAUL))
    assert found[None] == found[NEAR]


def test_the_reader_that_ships_reads_rivals():
    assert read_record(HERE).rival == 0.2
