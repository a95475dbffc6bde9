"""The fit of the model of openness, and the conversations it is fitted to."""

import json
from importlib import resources

import numpy as np
import pytest

from evaluation.questions import read_set
from evaluation.training.openness import CONVERSATIONS, Noting, Rows, fit_model
from query.ambiguity.openness_features import OPENNESS_NAMES
from query.decision import Verdict

SETS = sorted(folder.name for folder in CONVERSATIONS.iterdir() if folder.is_dir())
WIDE = len(OPENNESS_NAMES)


def rows(count: int = 60) -> Rows:
    """Open questions lie higher in the first number; the rest is the same for all."""
    is_open = np.arange(count) % 3 == 0
    values = np.zeros((count, WIDE))
    values[:, 0] = is_open + np.linspace(0.0, 0.5, count)
    return Rows(values, is_open)


def test_the_model_learns_what_tells_them_apart_and_half_is_as_likely_as_not():
    known = rows()
    model = fit_model(known)
    p = np.array(
        [model.probability(dict(zip(OPENNESS_NAMES, v, strict=True))) for v in known.values]
    )
    assert p[known.is_open].min() > p[~known.is_open].max()
    assert p[known.is_open].mean() > 0.5 > p[~known.is_open].mean()
    assert model.coefficients[1:] == pytest.approx([0.0] * (WIDE - 1))


def test_rows_of_several_sets_are_put_together_in_order():
    both = Rows.together([rows(3), rows(6)])
    assert both.values.shape == (9, WIDE)
    assert both.is_open.tolist() == [*rows(3).is_open, *rows(6).is_open]


def test_while_it_notes_nothing_is_given_back():
    noting = Noting()
    assert noting.probability({"own_terms": 1.0}) == 0.0
    assert noting.asked == [{"own_terms": 1.0}]


@pytest.mark.parametrize("name", SETS)
def test_the_conversations_can_be_evaluated_like_any_set(name):
    question_set = read_set(CONVERSATIONS / name)
    documents = {document.id for document in question_set.read_documents()}
    labels = [question.label for question in question_set.questions]
    assert set(labels) == {
        Verdict.ANSWERABLE, Verdict.AMBIGUOUS, Verdict.PARTIALLY_SUPPORTED, Verdict.UNANSWERABLE,
    }  # fmt: skip
    assert 0.1 < labels.count(Verdict.AMBIGUOUS) / len(labels) < 0.3
    for question in question_set.questions:
        assert question.gold <= documents, question.id
        assert bool(question.gold) is (question.label is not Verdict.UNANSWERABLE), question.id


def test_the_shipped_model_is_fitted_to_some_of_them_and_to_nothing_else():
    text = (resources.files("query") / "models/openness_weights.json").read_text(encoding="utf-8")
    assert set(json.loads(text)["fitted_to"]) < set(SETS)
