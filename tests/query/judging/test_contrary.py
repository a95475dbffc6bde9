"""What holds of the counterpart of what is asked for is no answer, and all else stays one."""

import pytest

from query.decision import ReasonCode, Verdict
from query.judging.contrary import without_contrary
from query.ruling import Ruling
from tests.query.ambiguity.test_conflicts import ask, titled


def ruled(question, *texts, places=None):
    asked = ask(question)
    weights = dict.fromkeys(asked.terms, 1.0)
    ruling = Ruling(Verdict.ANSWERABLE, 0.9, weights=weights, places=places or {})
    passages = [titled("Harbour", text, number) for number, text in enumerate(texts)]
    return without_contrary(asked, passages, ruling)


@pytest.mark.parametrize(
    ("question", "said", "missing"),
    [
        ("What is the maximum depth of the pool?", "The pool's minimum depth is 2 m.", "maximum"),
        ("From what year is the newest lock?", "The oldest lock is from the year 1340.", "newest"),
        ("When does the exhibition end?", "The exhibition begins on 4 April.", "end"),
        ("When does the pool close?", "The pool opens at 8:00.", "close"),
        ("What is the download limit per file?", "The upload limit is 50 MB per file.", "download"),
        ("Is outdoor photography allowed?", "Indoor photography is allowed.", "outdoor"),
        ("When are monthly reports due?", "Weekly reports are due on Monday.", "monthly"),
        ("What is the maximum age for it?", "The age for it is at least 6.", "maximum"),
    ],
)  # fmt: skip
def test_what_is_said_of_the_counterpart_is_no_answer(question, said, missing):
    ruling = ruled(question, "The café sells soup.", said)
    assert ruling.verdict is Verdict.UNANSWERABLE
    assert ruling.missing == (missing,)
    assert ruling.reasons[0].code is ReasonCode.LOW_SUPPORT


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What is the maximum depth of the pool?", "The maximum depth of the pool is 2 m."),
        ("What is the maximum depth of the pool?", "Minimum 3 t, maximum depth of the pool 2 m."),
        ("When does the pool close?", "The pool is open from 8:00 to 18:00."),
        ("When does the pool close?", "The pool opens at 8:00. The pool shuts its doors at 18:00."),
        ("Is the pool closed on Sunday?", "The pool is open on Sunday."),
        ("Is smoking forbidden at the pool?", "Smoking at the pool is allowed."),
        ("May I pay by credit card?", "Only debit cards are accepted."),
        ("Where is the first aid kit?", "The first aid kit is on the second floor."),
        ("When did the old company move?", "The company moved to new rooms on 4 April 2020."),
    ],
    ids=["the word itself", "both", "a span", "another sentence", "yes or no", "allowed or not",
         "only", "another noun", "a quality of another thing"],
)  # fmt: skip
def test_all_else_may_answer(question, said):
    assert ruled(question, said).verdict is Verdict.ANSWERABLE


def test_where_the_judge_points_is_what_is_read():
    said = "The pool opens at 8:00. The last swimmers leave the pool at 18:00."
    first, second = (0, 10), (30, 60)
    question = "When does the pool close?"
    opening = "The pool opens at 8:00."
    assert ruled(question, opening, places={"t0": first}).verdict is Verdict.UNANSWERABLE
    assert ruled(question, said, places={"t0": second}).verdict is Verdict.ANSWERABLE
