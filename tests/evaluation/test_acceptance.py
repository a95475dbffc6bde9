"""The collections that nothing may be fitted to: whole, and apart from those that models learn."""

from pathlib import Path

import pytest

import evaluation
from evaluation.questions import DOCUMENTS, QuestionSet, read_set
from evaluation.training.openness import CONVERSATIONS
from evaluation.training.passage_pairs import PASSAGES
from query.decision import Verdict

ACCEPTANCE = Path(evaluation.__file__).parent / "acceptance"
SETS = sorted(path.name for path in ACCEPTANCE.iterdir() if path.is_dir())


def texts_of(folder: Path) -> set[str]:
    documents = QuestionSet(folder.name, folder, (), folder / DOCUMENTS).read_documents()
    return {document.text for document in documents}


def test_they_are_these():
    assert SETS == [
        "accounts",
        "airline",
        "appliances",
        "games",
        "garden",
        "harbour",
        "homes",
        "island",
        "museum",
        "shops",
        "sports",
        "toolkit",
    ]


@pytest.mark.parametrize("name", SETS)
def test_questions_have_the_four_labels_and_documents_that_are_there(name):
    question_set = read_set(ACCEPTANCE / name)
    documents = {document.id for document in question_set.read_documents()}
    labels = {question.label for question in question_set.questions}
    assert labels == {
        Verdict.ANSWERABLE, Verdict.AMBIGUOUS, Verdict.PARTIALLY_SUPPORTED, Verdict.UNANSWERABLE,
    }  # fmt: skip
    for question in question_set.questions:
        assert question.gold <= documents, question.id


def test_no_model_learnt_their_documents():
    learnt = [f for base in (CONVERSATIONS, PASSAGES) for f in base.iterdir() if f.is_dir()]
    known = set().union(*map(texts_of, learnt))
    for name in SETS:
        assert not known & texts_of(ACCEPTANCE / name)
