"""What got worse between two evaluations: which figures fell, which documents are to blame."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from config.errors import ConfigError
from evaluation.asking import Outcome
from evaluation.questions import QuestionSet
from evaluation.records import Fared, Record
from evaluation.regression import (
    FOUND,
    RIGHT,
    evaluate_standing,
    fared,
    record_of,
    regression,
)
from query.decision import Verdict
from query.labelled import LabelledQuestion


class Version:
    """What a comparison looks at in an open version."""

    def __init__(self, key: str, text: str, valid_from: int = 1) -> None:
        self.key, self.text_sha256, self.valid_from = key, text, valid_from
        self.document_id = uuid4()


class State:
    """A generation at an epoch."""

    def __init__(self, name: str, epoch: int) -> None:
        self.name, self.epoch = name, epoch


def question(number: int, text: str = "Where?") -> LabelledQuestion:
    return LabelledQuestion(
        id=str(number), question=text, label=Verdict.ANSWERABLE, gold=frozenset({f"{number}.txt"})
    )


def outcome(asked: LabelledQuestion, *ranked: str, verdict: str = "answerable") -> Outcome:
    return Outcome(asked, "ok", verdict, 0.8, ranked, asked.gold, (), (), None, 1.0)


def held(
    before: tuple[Any, list[Outcome], dict[str, Any]],
    after: tuple[Any, list[Outcome], dict[str, Any]],
) -> Any:
    was: Record = record_of("golden", *before)
    now: Record = record_of("golden", *after)
    return regression(was, now, after[1], after[2])


ONE, TWO = question(1), question(2)
BEFORE = (
    State("g1", 4),
    [outcome(ONE, "1.txt", "9.txt"), outcome(TWO, "2.txt")],
    {
        "1.txt": Version("1.txt", "a"),
        "2.txt": Version("2.txt", "2.txt"),
        "9.txt": Version("9.txt", "c"),
    },
)


def after(ranked: tuple[str, ...], versions: dict[str, Any], state: Any = None) -> Any:
    lost = outcome(ONE, *ranked, verdict="unanswerable")
    return (state or State("g1", 7), [lost, outcome(TWO, "2.txt")], versions)


@pytest.mark.parametrize(
    ("versions", "how"),
    [
        ({"1.txt": Version("1.txt", "other", 6)}, "changed"),
        ({}, "gone"),
    ],
)
def test_a_gold_document_that_is_not_what_it_was_is_named(versions: Any, how: str) -> None:
    found = held(BEFORE, after(("2.txt",), {**versions, "2.txt": Version("2.txt", "2.txt")}))
    (worse,) = found.worse
    named = {doc.key: doc.how for doc in worse.documents}
    assert named == {"1.txt": how, "2.txt": "came in"}
    assert found.fell(0.0) == [f"{FOUND}: 1.000 → 0.500", f"{RIGHT}: 1.000 → 0.500"]
    assert found.fell(0.5) == []


def test_a_new_document_that_crowds_out_is_named() -> None:
    versions = {**BEFORE[2], "new.txt": Version("new.txt", "n", 6)}
    (worse,) = held(BEFORE, after(("new.txt", "9.txt"), versions)).worse
    assert [(doc.key, doc.how) for doc in worse.documents] == [("new.txt", "new")]


def test_epochs_of_another_generation_say_nothing() -> None:
    versions = {**BEFORE[2], "new.txt": Version("new.txt", "n", 6)}
    (worse,) = held(BEFORE, after(("new.txt",), versions, State("g2", 7))).worse
    assert [(doc.key, doc.how) for doc in worse.documents] == [("new.txt", "came in")]


def test_only_questions_that_both_were_asked_count() -> None:
    other = question(1, "Written anew?")
    later = (State("g1", 5), [outcome(other, "2.txt"), outcome(TWO, "2.txt")], BEFORE[2])
    found = held(BEFORE, later)
    assert (found.common, found.worse, found.fell(0.0)) == (1, (), [])


@pytest.mark.parametrize(
    "mended",
    [
        {"label": Verdict.UNANSWERABLE},
        {"gold": frozenset({"9.txt"})},
        {"exclude": frozenset({"8.txt"})},
        {"history": ("Earlier.",)},
    ],
)
def test_a_question_of_which_a_person_mended_anything_is_another_one(mended: Any) -> None:
    """Its old outcome was judged by what is said no more: nothing got worse."""
    now = [outcome(replace(ONE, **mended), "1.txt"), outcome(TWO, "2.txt")]
    found = held(BEFORE, (State("g1", 5), now, BEFORE[2]))
    assert (found.common, found.worse, found.fell(0.0)) == (1, (), [])


def test_a_question_that_was_wrong_before_and_is_right_now_is_better() -> None:
    bad = (State("g1", 4), [outcome(ONE, "9.txt")], BEFORE[2])
    found = held(bad, (State("g1", 5), [outcome(ONE, "1.txt")], BEFORE[2]))
    assert (found.better, found.worse) == (1, ())


def test_a_question_that_could_not_be_asked_is_neither_right_nor_wrong() -> None:
    refusable = replace(ONE, label=Verdict.UNANSWERABLE)
    down = replace(outcome(refusable, verdict="unavailable"), status="unavailable")
    kept: Fared = fared(down)
    assert (kept.found_at_5, kept.ndcg, kept.right, kept.is_lost) == (None, None, None, True)
    found = held(BEFORE, (State("g1", 5), [replace(down, question=ONE), BEFORE[1][1]], BEFORE[2]))
    assert (found.common, found.worse, found.better) == (1, (), 0)


def test_what_nobody_says_is_neither_right_nor_wrong() -> None:
    silent = LabelledQuestion(id="3", question="?", label=None)
    kept: Fared = fared(outcome(silent, "1.txt"))
    assert (kept.found_at_5, kept.right, kept.fares) == (None, None, True)


def test_a_fall_of_just_what_is_allowed_is_no_regression() -> None:
    asked = [question(n) for n in range(20)]
    was = [outcome(one, f"{one.id}.txt") for one in asked]
    now = [outcome(ONE, "9.txt") if one.id == "1" else o for one, o in zip(asked, was, strict=True)]
    found = held((State("g1", 4), was, {}), (State("g1", 7), now, {}))
    # 1.0 - 0.95 is more than 0.05 by its last bit.
    assert found.fell(0.05) == []
    assert found.fell(0.04) == [f"{FOUND}: 1.000 → 0.950"]


def test_a_set_that_says_nothing_of_the_index_is_refused() -> None:
    asked = (LabelledQuestion(id="1", question="Where?"), replace(ONE, reviewed=False))
    silent = QuestionSet("golden", Path("golden.jsonl"), asked)
    corpus: Any = SimpleNamespace(required_live=lambda: State("g1", 4))
    with pytest.raises(ConfigError, match="has a label or names a document"):
        evaluate_standing(corpus, silent)
