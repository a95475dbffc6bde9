"""An evaluation of the live index: one state, whatever is committed while it asks."""

from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from config.sources import LocalSource
from evaluation import evaluating
from evaluation.evaluating import evaluate
from evaluation.questions import QuestionSet
from evaluation.temporary import ingest
from indexing.corpus import open_corpus
from query.decision import GroundingDecision
from query.labelled import LabelledQuestion


def test_all_questions_are_asked_of_the_state_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "rota.md").write_text("# Rota\n\nThe night shift begins at ten.\n")
    source = LocalSource(name="docs", path=docs)
    corpus = open_corpus(Settings(home=tmp_path / "home", sources=(source,)))
    whole, said = evaluating.silent_engine, list[GroundingDecision]()

    class Disturbed:
        """The engine of users; after its first answer another page is committed."""

        def __init__(self, of: Any) -> None:
            self.engine = whole(of)

        def answer(self, *asked: Any) -> GroundingDecision:
            said.append(self.engine.answer(*asked))
            if len(said) == 1:
                (docs / "keys.md").write_text("# Keys\n\nThe keys hang in room twelve.\n")
                ingest(corpus)
            return said[-1]

    monkeypatch.setattr(evaluating, "silent_engine", Disturbed)
    asked = [LabelledQuestion(id=n, question="Where do the keys hang?") for n in "ab"]
    try:
        ingest(corpus)
        found = evaluate(corpus.settings, corpus, [QuestionSet("golden", docs, tuple(asked))])
        assert corpus.live().epoch == 2
    finally:
        corpus.close()
    assert [decision.epoch for decision in said] == [1, 1]
    assert "keys.md" not in said[-1].retrieved_keys
    assert found.state == "holdfast__g1 at epoch 1"
