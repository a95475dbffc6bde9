"""Training runs: nothing is learnt that is asked about afterwards."""

from pathlib import Path

import pytest

from evaluation.training.cross_encoder_data import SETS, Asked
from evaluation.training.examples import Claim, Pair, Support
from evaluation.training.folds import FOLDS
from evaluation.training.training_runs import Run, Said, keep_said, read_said
from query.judging.reader import Reading

QUESTIONS = [
    Asked(name, str(n), tier, label, False, "q", f"{name} {n}", {}, 0.5, ("p",),
          (Pair(f"{name}/{n}{tier}", "p", answers=False, article=f"{name} {n}"),
           Pair(f"{name}/{n}{tier}", "p", answers=False, article=f"squad {n + 1}"),
           Pair(f"{name}/{n}{tier}", "p", answers=False, article="nobody asks of it")),
          n % FOLDS)
    for name in SETS
    for n in range(10)
    for tier, label in (("", "answerable"), ("ablated", "unanswerable"))
]  # fmt: skip
RUNS = [*map(Run, range(FOLDS)), Run(), Run(without="clapnq")]


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.title)
def test_nothing_is_asked_that_was_learnt(run: Run):
    learnt = {pair.question for pair in run.pairs(QUESTIONS)}
    asked = {f"{a.name}/{a.id}{a.tier}" for a in run.asks(QUESTIONS)}
    assert asked
    assert learnt
    assert learnt.isdisjoint(asked)
    assert not any(question.startswith(("ramdocs", "mtrag_un")) for question in learnt)


@pytest.mark.parametrize("fold", range(FOLDS))
def test_no_passage_of_an_article_that_is_asked_about_is_learnt(fold: int):
    """The search brings passages of other articles for a question as well."""
    learnt = {pair.article for pair in Run(fold).pairs(QUESTIONS)}
    assert learnt.isdisjoint(a.article for a in Run(fold).asks(QUESTIONS))
    assert "nobody asks of it" in learnt


def test_every_question_that_is_judged_is_asked_about_once_by_folds_and_everything():
    runs = RUNS[: FOLDS + 1]
    asked = [a.key + a.tier for run in runs for a in run.asks(QUESTIONS)]
    assert sorted(asked) == sorted(a.key + a.tier for a in QUESTIONS if a.is_judged)


def test_pairs_of_small_sets_are_learnt_twice():
    learnt = [pair.question for pair in Run().pairs(QUESTIONS)]
    assert {learnt.count(f"{name}/3") for name in ("squad", "nq_oracle", "xquad_en")} == {3}
    assert {learnt.count(f"{name}/3") for name in ("clapnq", "awsdocs")} == {6}


def test_pieces_of_one_claim_are_learnt_together_or_not_at_all():
    claims = [Claim(f"c{n}", "e", Support.NOT, f"page {n // 3}") for n in range(60)]
    for fold in range(FOLDS):
        learnt = {c.group for c in claims if Run(fold).learns(c)}
        left = {c.group for c in claims if not Run(fold).learns(c)}
        assert learnt.isdisjoint(left)
        assert left
    assert all(Run().learns(claim) for claim in claims)


def test_what_a_reader_said_is_read_back_as_it_was(tmp_path: Path):
    said = Said({"squad/q": [Reading(1.5, -2.25), Reading(0.0, 3.0)]}, {"7": 0.5})
    keep_said(said, tmp_path / "readings" / "fold-0.json")
    assert read_said(tmp_path / "readings" / "fold-0.json") == said
