"""The flows verify, gc, backup, purge and rollback on the real engine: names say what happened."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from config.settings import ChunkingSettings, OrchestrationSettings, RetentionSettings
from indexing.ledger.documents import list_standings
from indexing.ledger.leases import HeldLease
from tests.support.prefect_api import artifact

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_api")]


def test_an_empty_home_has_nothing_to_do(desk: Any) -> None:
    assert desk.flow("promote").name == "NothingToDo"
    assert desk.flow("gc").name == "NothingToDo"
    assert desk.flow("backup").name == "NothingToDo"
    assert desk.flow("purge").name == "NothingToDo"
    stale = desk.flow("verify")
    assert (stale.name, stale.message) == ("Stale", "sound; no ingest of docs went through yet")


def test_verify_finds_and_mends(desk: Any) -> None:
    desk.fill(3)
    desk.flow()
    sound = desk.flow("verify")
    assert sound.name == "Completed"
    assert re.match(r"sound; the last ingest of docs went through \d+\.\d hours ago", sound.message)

    def lose_a_point(corpus: Any) -> None:
        from indexing.points import PointFilter

        live = corpus.live()
        point = next(iter(corpus.store.scroll(live.name, PointFilter())))
        corpus.store.delete(live.name, [point.id])

    desk.look(lose_a_point)
    found = desk.flow("verify")
    assert found.is_failed()
    assert (found.name, found.message) == ("FaultsFound", "not sound: 1 missing")
    assert "| missing |" in artifact(f"verify-{desk.settings.store.collection}").data
    mended = desk.flow("verify", mode="repair")
    assert (mended.name, mended.message) == ("Repaired", "sound again; mended: 1 missing")
    assert len(desk.texts()) == 3


@pytest.mark.thorough
def test_verify_says_when_the_index_is_stale(desk: Any) -> None:
    desk.fill(1)
    desk.flow()
    desk.change(orchestration=OrchestrationSettings(stale_after_hours=1e-9))
    stale = desk.flow("verify")
    assert stale.name == "Stale"
    assert stale.is_completed()


def test_gc_previews_and_collects(desk: Any) -> None:
    desk.change(retention=RetentionSettings(history_days=0, history_epochs=0))
    desk.fill(2)
    desk.flow()
    desk.write("0.txt", "Another door.\n")
    desk.flow()
    preview = desk.flow("gc", mode="preview")
    assert preview.name == "Previewed"
    assert "1 versions, 1 points" in preview.message
    collected = desk.flow("gc")
    assert collected.name == "Completed"
    assert collected.message.startswith("removed: 1 versions, 1 points")
    shown = artifact(f"gc-{desk.settings.store.collection}")
    assert not set("{['") & set(shown.data)
    assert desk.flow("gc").name == "NothingToDo"
    assert len(desk.texts()) == 2


def test_blobs_that_are_left_alone_are_not_told_as_removed(desk: Any) -> None:
    desk.fill(1)
    desk.flow()

    def collect_beside_a_writer(corpus: Any) -> Any:
        with HeldLease(corpus.ledger, corpus.live().name, "writing", 300):
            return desk.flow("gc")

    state = desk.look(collect_beside_a_writer)
    left = "blobs were left alone because a run is writing"
    assert (state.name, state.message) == (
        "NothingToDo",
        f"nothing is past its retention; {left}",
    )


def test_a_backup_goes_to_a_new_folder_each_time(desk: Any, tmp_path: Path) -> None:
    desk.change(orchestration=OrchestrationSettings(backup_to=str(tmp_path / "safe")))
    desk.fill(2)
    desk.flow()
    for expected in (1, 2):
        state = desk.flow("backup")
        assert state.name == "BackedUp"
        assert "epoch 1" in state.message
        assert len(list((tmp_path / "safe").iterdir())) == expected
    for folder in (tmp_path / "safe").iterdir():
        assert any(folder.iterdir())
    shown = artifact(f"backup-{desk.settings.store.collection}").data
    assert not set("{['") & set(shown)
    assert "| lacking | points: 0, blobs: 0, examples: none |" in shown


@pytest.mark.thorough
def test_a_backup_beside_the_home_is_the_default(desk: Any) -> None:
    desk.fill(1)
    desk.flow()
    assert desk.flow("backup").name == "BackedUp"
    home = desk.settings.home
    assert len(list(home.with_name(f"{home.name}-backups").iterdir())) == 1


def test_a_password_is_refused_as_a_parameter(desk: Any) -> None:
    state = desk.flow("backup", target="ftp://me:hunter2@host/backups")
    assert state.is_failed()
    assert "does not belong here" in state.message


def test_a_purge_that_was_decided_goes_through(desk: Any) -> None:
    desk.fill(2)
    desk.flow()
    (identity,) = [
        str(s.document_id)
        for s in desk.look(lambda c: list_standings(c.ledger, c.live().name))
        if s.key == "0.txt"
    ]
    state = desk.flow("purge", documents=[identity, "0.txt"], approval="automatic")
    assert (state.name, state.message) == ("Purged", "1 documents, looked through: nothing is left")
    shown = artifact(f"purge-{desk.settings.store.collection}").data
    assert identity in shown
    assert "0.txt" not in shown
    assert desk.texts() == ["Door number 1 opens to the yard."]


@pytest.mark.thorough
def test_a_purge_that_nobody_decides_about_changes_nothing(desk: Any) -> None:
    desk.fill(2)
    desk.flow()
    state = desk.flow("purge", documents=["0.txt"], wait_hours=0)
    assert (state.name, state.message) == ("PurgeRejected", "nobody decided; nothing was changed")
    assert len(desk.texts()) == 2


def test_an_unknown_document_fails_with_its_name(desk: Any) -> None:
    desk.fill(1)
    desk.flow()
    state = desk.flow("purge", documents=["nowhere.txt"])
    assert state.is_failed()
    assert "nowhere.txt" in state.message


@pytest.mark.thorough
def test_a_rollback_names_what_is_live_and_what_is_behind(desk: Any) -> None:
    desk.fill(2)
    desk.flow()
    first = desk.look(lambda corpus: corpus.live().name)
    desk.change(chunking=ChunkingSettings(max_tokens=180))
    assert desk.flow("reindex").name == "Completed"
    desk.write("2.txt", "A third door.\n")
    desk.flow()
    state = desk.flow("rollback")
    assert state.name == "RolledBack"
    told = "1 documents are served otherwise than before, run ingest"
    assert state.message == f"{first} is live again at epoch 1; {told}"
    assert desk.look(lambda corpus: corpus.live().name) == first
    assert first in artifact(f"generation-{desk.settings.store.collection}").data


def test_a_rollback_without_a_generation_to_go_back_to_fails(desk: Any) -> None:
    desk.fill(1)
    desk.flow()
    state = desk.flow("rollback")
    assert state.is_failed()
    assert "no generation to go back to" in state.message


@pytest.mark.thorough
def test_quarantined_documents_are_tried_again_on_request(desk: Any) -> None:
    desk.fill(1)
    desk.write("void.txt", "")
    assert desk.flow().name == "CompletedWithQuarantine"

    def attempts() -> int:
        def see(corpus: Any) -> int:
            runs = (corpus.settings.home / "runs").glob("*.jsonl")
            lines = [line for run in runs for line in run.read_text().splitlines()[1:]]
            return sum(json.loads(line)["key"] == "void.txt" for line in lines)

        return desk.look(see)

    assert desk.flow().name == "NothingToDo"
    assert attempts() == 1
    desk.flow(quarantine="retry")
    assert attempts() == 2
