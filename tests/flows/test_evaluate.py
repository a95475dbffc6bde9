"""The flow evaluate: figures, what got worse, which document changed; what a promotion heeds."""

import json
from typing import Any

import pytest

from config.settings import (
    Approval,
    ChunkingSettings,
    GateSettings,
    IngestionSettings,
    JudgeKind,
    PromotionSettings,
)
from indexing.errors import StoreUnavailableError
from indexing.ledger.generations import GenerationState, find_generation, list_generations
from indexing.stores.edge import EdgeStore
from tests.support.prefect_api import artifact, events, until

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_api")]
DOORS = 24
"""More than the candidates that are read again, so that one can fall out of them."""


@pytest.fixture
def asked(desk: Any) -> Any:
    """A home of documents that are nearly alike, and a golden question about each."""
    golden = desk.folder.parent / "golden.jsonl"
    lines = (
        json.dumps({"question": f"Where does door number {n} open to?", "gold_keys": [f"{n}.txt"]})
        for n in range(DOORS)
    )
    golden.write_text("\n".join(lines), encoding="utf-8")
    kept = desk.settings.promotion.model_dump() | {"golden": golden, "known_items": 0}
    # One batch, whose tasks are few, and a judge that reads no passage: neither is the subject.
    desk.change(
        promotion=PromotionSettings.model_validate(kept),
        gate=GateSettings(judge=JudgeKind.FEATURES),
        ingestion=IngestionSettings(batch_documents=DOORS),
        store=desk.settings.store.model_copy(update={"upsert_batch": DOORS}),
    )
    desk.fill(DOORS)
    return desk


def test_without_questions_or_documents_there_is_nothing_to_do(asked: Any) -> None:
    empty = asked.flow("evaluate")
    assert (empty.name, empty.message.split(",")[0]) == ("NothingToDo", "nothing is indexed yet")
    asked.change(promotion=PromotionSettings())
    silent = asked.flow("evaluate")
    assert silent.message == "promotion.golden names no questions"


def test_what_got_worse_is_told_with_the_document_that_changed(asked: Any) -> None:
    collection = asked.settings.store.collection
    assert asked.flow().name == "Completed"
    first = asked.flow("evaluate")
    assert first.name == "Completed"
    assert f"{DOORS} questions, gold document in the first 5 1.000" in first.message
    assert "nothing to compare with yet" in first.message
    assert "████████████████████ 1.000" in artifact(f"evaluation-{collection}").data

    asked.write("3.txt", "The canteen is closed on Mondays.\n")
    assert asked.flow().name == "Completed"
    worse = asked.flow("evaluate")
    assert worse.is_failed()
    assert worse.name == "Regressed"
    assert worse.message.startswith("gold document in the first 5: 1.000 → 0.958")
    shown = artifact(f"evaluation-{collection}").data
    assert "| Where does door number 3 open to? |" in shown
    assert "`3.txt` changed" in shown
    (event,) = until(lambda: events("holdfast.evaluation.regressed", collection))
    assert event["payload"]["documents"][0] == "3.txt"
    assert event["payload"]["worse"] == 1

    again = asked.flow("evaluate")  # no worse than the last time
    assert again.name == "Completed"
    assert "0 worse and 0 better" in again.message
    files = sorted((asked.settings.home / "evaluations").iterdir())
    assert len(files) == 3
    assert "txt" not in files[0].read_text(encoding="utf-8")  # names no document


def test_a_sample_and_an_outage_are_no_baseline(
    asked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked.flow()
    assert asked.flow("evaluate").name == "Completed"

    def down(*_: Any) -> Any:
        raise StoreUnavailableError("gone")

    with monkeypatch.context() as broken:
        broken.setattr(EdgeStore, "search", down)
        lost = asked.flow("evaluate")
    assert (lost.name, lost.is_failed()) == ("QuestionsNotAsked", True)
    assert f"{DOORS} of {DOORS} could not be asked, so that no later" in lost.message
    asked.write("3.txt", "The canteen is closed on Mondays.\n")
    assert asked.flow().name == "Completed"
    asked.flow("evaluate", limit=2)
    worse = asked.flow("evaluate")
    assert worse.name == "Regressed"
    assert worse.message.startswith("gold document in the first 5: 1.000 → 0.958")


@pytest.mark.thorough
def test_a_tolerance_lets_a_fall_pass(asked: Any) -> None:
    kept = asked.settings.promotion.model_dump() | {"golden_tolerance": 0.2}
    asked.change(promotion=PromotionSettings.model_validate(kept))
    asked.flow()
    asked.flow("evaluate")
    asked.write("3.txt", "The canteen is closed on Mondays.\n")
    asked.flow()
    assert asked.flow("evaluate").name == "Completed"
    assert "`3.txt` changed" in artifact(f"evaluation-{asked.settings.store.collection}").data


@pytest.mark.thorough
def test_a_generation_that_got_worse_while_it_waited_is_not_promoted(asked: Any) -> None:
    asked.flow()
    asked.change(chunking=ChunkingSettings(max_tokens=180))
    waits = asked.flow("reindex", approval="manual", wait_hours=0)
    assert waits.name == "AwaitingApproval"

    def spoil(corpus: Any) -> str:
        """Make all points of the candidate alike, so that no search tells them apart."""
        from indexing.points import Point, PointFilter, Sparse

        (candidate,) = (
            g for g in list_generations(corpus.ledger) if g.state is GenerationState.READY
        )
        points = list(corpus.store.scroll(candidate.name, PointFilter(), vectors=True))
        alike = [Point(p.id, points[0].dense, Sparse((1,), (1.0,)), p.payload) for p in points]
        corpus.store.upsert(candidate.name, alike)
        return str(candidate.name)

    name = asked.look(spoil)
    live = asked.look(lambda corpus: corpus.live().name)
    refused = asked.flow("promote", approval=Approval.AUTOMATIC.value)
    assert refused.name == "GatesFailed"
    assert "golden" in refused.message
    assert asked.look(lambda corpus: corpus.live().name) == live
    found = asked.look(lambda corpus: find_generation(corpus.ledger, name))
    assert found.state is GenerationState.REJECTED
