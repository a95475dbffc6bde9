"""A whole life of an index, the same with a ledger on SQLite and on PostgreSQL."""

from collections.abc import Callable
from typing import Any

import pytest

from config.settings import RetentionSettings
from indexing.generations.promotion import rollback
from indexing.generations.timeline import state_at
from indexing.points import PointFilter
from indexing.running.report import RunState
from indexing.upkeep.garbage import collect
from indexing.upkeep.repair import repair
from indexing.upkeep.verify import verify


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def life(request: pytest.FixtureRequest, make_rig: Callable[..., Any]) -> Any:
    url = request.getfixturevalue("url") if request.param == "postgres" else None
    return make_rig("main", url)


def test_ingest_edit_reindex_roll_back_lose_repair_and_collect(life: Any) -> None:
    life.write("a.md", "# Rota\n\nThe night shift begins at ten.")
    life.write("b.txt", "The keys hang in room twelve.")
    life.write("void.txt", b"")
    assert life.ingest().state is RunState.COMPLETED_WITH_QUARANTINE
    first = life.seen("holdfast__g1")
    life.write("a.md", "# Rota\n\nThe night shift begins at nine.")
    (life.folder / "b.txt").rename(life.folder / "keys.txt")
    life.ingest()
    now = life.seen("holdfast__g1")
    assert life.reindex(overrides={"chunking.heading_tokens": 47}).live == "holdfast__g2"
    assert life.seen("holdfast__g2") == now
    rollback(life.corpus)
    then = state_at(life.corpus.ledger, "holdfast", life.corpus.live(), 1)
    assert life.seen("holdfast__g1", then.epoch) == first
    every = [p.id for p in life.corpus.store.scroll("holdfast__g1", PointFilter())]
    life.corpus.store.delete("holdfast__g1", every[1:])
    assert not verify(life.corpus).sound
    mended = repair(life.corpus)
    assert (mended.after.sound, mended.repairs.documents_parsed) == (True, 0)
    assert life.seen("holdfast__g1") == now
    life.corpus.settings = life.corpus.settings.model_copy(
        update={"retention": RetentionSettings(history_days=0, history_epochs=0)}
    )
    assert collect(life.corpus).generations[0].versions == 2
    assert verify(life.corpus, deep=True).sound
    assert life.ingest().state is RunState.NOTHING_TO_DO
