"""The flows on the real Prefect engine: final states, artifacts, task runs, retries."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from config.settings import ChunkingSettings
from indexing.errors import StoreRejectedError, StoreUnavailableError
from indexing.ledger.documents import list_standings, open_versions
from indexing.ledger.runs import recent_runs
from indexing.running.ingest import run_ingest
from indexing.running.session import IngestSession
from indexing.stores.edge import EdgeStore
from ingestion.sources.configured import configured_sources
from tests.support.prefect_api import artifacts, task_runs

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_api")]


def test_every_ending_has_its_name_and_its_counts(desk: Any) -> None:
    desk.fill(4)
    first = desk.flow()
    assert (first.name, first.message) == ("Completed", "4 enumerated, 4 indexed")
    assert first.is_completed()

    second = desk.flow()
    assert (second.name, second.message) == ("NothingToDo", "4 enumerated, 4 unchanged")

    desk.write("void.txt", "")
    third = desk.flow()
    assert third.name == "CompletedWithQuarantine"
    assert third.message == "5 enumerated, 4 unchanged, 1 quarantined"

    for path in desk.folder.iterdir():
        path.unlink()
    fourth = desk.flow()
    assert (fourth.name, fourth.message) == ("DeletionsWithheld", "5 withheld")
    assert fourth.is_completed()
    assert len(desk.texts()) == 4


def test_a_run_that_fails_is_failed_with_its_reason(desk: Any) -> None:
    desk.folder.rmdir()
    state = desk.flow()
    assert state.is_failed()
    assert "does not exist" in state.message
    (run,) = desk.look(lambda corpus: recent_runs(corpus.ledger, 5))
    assert (run.state, run.runner) == ("Failed", "prefect")


def test_progress_report_and_quarantine_are_artifacts(desk: Any) -> None:
    desk.fill(3)
    desk.write("void.txt", "")
    assert desk.flow().name == "CompletedWithQuarantine"
    collection = desk.settings.store.collection
    (progress,) = artifacts(f"ingest-progress-{collection}")
    assert progress.type == "progress"
    assert progress.data == 100
    assert progress.description.startswith("4 of 4 documents, 3 chunks")
    (planned,) = artifacts(f"ingest-plan-{collection}")
    assert "| added | 4 |" in planned.data
    assert "- `0.txt`" in planned.data
    (report,) = artifacts(f"ingest-report-{collection}")
    assert "## CompletedWithQuarantine: 4 enumerated, 3 indexed, 1 quarantined" in report.data
    assert "**Refused by reason:** 1 `empty_file`" in report.data
    assert "**Slowest documents:** " in report.data
    (cost,) = artifacts(f"ingest-classes-{collection}")
    assert "| name | documents | indexed | quarantined |" in cost.data
    assert "| `txt` | 4 | 3 | 1 |" in cost.data
    (table,) = artifacts(f"ingest-quarantine-{collection}")
    assert "| `void.txt` | `empty_file` | The file has no content" in table.data


def test_the_name_of_a_refused_document_is_text_in_every_artifact(desk: Any) -> None:
    """One of Prefect's UIs renders the cells of its own tables as Markdown, pictures included."""
    desk.write("![x](evil)|__init__.**b**", "")
    assert desk.flow().name == "CompletedWithQuarantine"
    collection = desk.settings.store.collection
    for kind, shown in (
        ("quarantine", "| `![x](evil)¦__init__.**b**` |"),
        ("classes", "| `**b**` |"),
    ):
        (table,) = artifacts(f"ingest-{kind}-{collection}")
        assert table.type == "markdown"
        assert shown in table.data


def test_a_run_without_changes_has_a_report_but_no_progress(desk: Any) -> None:
    assert desk.flow().name == "NothingToDo"
    collection = desk.settings.store.collection
    assert len(artifacts(f"ingest-report-{collection}")) == 1
    assert artifacts(f"ingest-progress-{collection}") == []
    assert artifacts(f"ingest-plan-{collection}") == []


def test_tasks_are_per_batch_and_never_per_document(desk: Any) -> None:
    desk.fill(6)  # three batches of two
    state = desk.flow()
    assert state.name == "Completed"
    assert task_runs(state, 12) == {
        **dict.fromkeys(("embed", "commit"), 3),
        "parse": 4,  # the last one finds that there is no more
        "plan": 1,
        "report": 1,
    }


MEASURED = frozenset({
    "run_id", "peak_memory_mb", "peak_mb", "classes", "slowest", "per_second", "seconds",
})  # fmt: skip
"""What differs between any two runs."""


def accounts(desk: Any) -> dict[str, Any]:
    """What the ledger and the run's file say, without what differs between any two runs."""

    def see(corpus: Any) -> dict[str, Any]:
        live = corpus.live()
        run = recent_runs(corpus.ledger, 1)[0]
        lines = (corpus.settings.home / "runs" / f"{run.run_id}.jsonl").read_text().splitlines()
        outcomes = [json.loads(line) for line in lines[1:]]
        report = {
            name: value
            for name, value in run.report.items()
            if not name.endswith("seconds") and name not in MEASURED
        }
        return {
            "standings": [
                (s.document_id, s.source, s.key, s.state, s.reason, s.version, s.content_sha256)
                for s in list_standings(corpus.ledger, live.name)
            ],
            "versions": {
                identity: (v.key, v.chunk_count, v.chunks_sha256)
                for identity, v in open_versions(corpus.ledger, live.name).items()
            },
            "outcomes": [{k: v for k, v in o.items() if k not in MEASURED} for o in outcomes],
            "run": (run.kind, run.state, run.message, run.epoch_before, run.epoch_after),
            "report": report,
        }

    return desk.look(see)


@pytest.mark.thorough
def test_the_flow_and_the_plain_run_keep_the_same_accounts(
    make_desk: Callable[..., Any],
) -> None:
    flowing, plain = make_desk("flowing"), make_desk("plain")
    plain.change(store=flowing.settings.store)

    def run_plainly(corpus: Any) -> None:
        sources = configured_sources(corpus.settings)
        with IngestSession(corpus, sources, generation=corpus.writable()) as session:
            run_ingest(session)

    def both() -> None:
        flowing.flow()
        plain.look(run_plainly)
        assert accounts(flowing) == accounts(plain)

    for desk in (flowing, plain):
        desk.fill(5)
        desk.write("void.txt", "")
    both()
    for desk in (flowing, plain):
        desk.write("0.txt", "Door number zero opens to the street, and only by day.\n")
        (desk.folder / "1.txt").rename(desk.folder / "one.txt")
        (desk.folder / "2.txt").unlink()
    both()
    assert accounts(plain)["report"]["counts"]["moved"] == 1
    assert accounts(plain)["report"]["counts"]["deleted"] == 1


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry at once: the waits are Prefect's, not ours to test."""
    from flows import steps

    monkeypatch.setattr(steps, "BACKOFF_SECONDS", 0)
    for name in ("plan", "embed", "commit"):
        quick = getattr(steps, name).with_options(retry_delay_seconds=0, retry_jitter_factor=0)
        monkeypatch.setattr(steps, name, quick)


def failing_upserts(
    monkeypatch: pytest.MonkeyPatch, error: Exception, calls: set[int]
) -> list[int]:
    """Let the store fail at these calls, counted from 1; returns the list of calls."""
    seen: list[int] = []
    real = EdgeStore.upsert

    def upsert(self: EdgeStore, *arguments: Any, **options: Any) -> None:
        seen.append(len(seen) + 1)
        if seen[-1] in calls:
            raise error
        real(self, *arguments, **options)

    monkeypatch.setattr(EdgeStore, "upsert", upsert)
    return seen


@pytest.mark.usefixtures("quick_retries")
def test_a_transient_error_is_retried_and_leaves_nothing_behind(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.fill(2)
    # One point per upsert: the first attempt leaves one staged point, the second fails at once.
    seen = failing_upserts(monkeypatch, StoreUnavailableError("the store sleeps"), {2, 3})
    state = desk.flow()
    assert (state.name, state.message) == ("Completed", "2 enumerated, 2 indexed")
    assert len(seen) == 5
    assert len(desk.texts()) == 2

    def staged(corpus: Any) -> int:
        from indexing.points import PointFilter

        return corpus.store.count(corpus.live().name, PointFilter())

    assert desk.look(staged) == 2


@pytest.mark.usefixtures("quick_retries")
@pytest.mark.thorough
def test_a_transient_error_that_stays_ends_the_run(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.fill(2)
    seen = failing_upserts(monkeypatch, StoreUnavailableError("the store sleeps"), set(range(99)))
    state = desk.flow()
    assert state.is_failed()
    assert "the store sleeps" in state.message
    assert len(seen) == 1 + desk.settings.orchestration.task_retries
    assert desk.texts() == []


@pytest.mark.usefixtures("quick_retries")
def test_a_permanent_error_is_not_retried(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.fill(4)
    seen = failing_upserts(monkeypatch, StoreRejectedError("the store objects"), {3})
    state = desk.flow()
    assert state.is_failed()
    assert "the store objects" in state.message
    assert len(seen) == 3
    assert len(desk.texts()) == 2  # the batch before it stays
    monkeypatch.undo()


def test_a_reindex_promotes_a_new_generation(desk: Any) -> None:
    desk.fill(3)
    desk.flow()
    before, old = desk.texts(), desk.look(lambda corpus: corpus.live())
    desk.change(chunking=ChunkingSettings(max_tokens=180))
    refused = desk.flow()
    assert refused.is_failed()
    assert "holdfast reindex" in refused.message
    state = desk.flow("reindex")
    assert state.name == "Completed"
    assert state.message.startswith("3 documents carried over, 0 parsed again; live since 2")
    live = desk.look(lambda corpus: corpus.live())
    assert live.name != old.name
    assert live.fingerprint != old.fingerprint
    assert desk.texts() == before
    assert desk.flow().name == "NothingToDo"


@pytest.mark.thorough
def test_a_reindex_that_lacks_documents_is_not_promoted(desk: Any) -> None:
    desk.fill(3)
    desk.flow()
    old = desk.look(lambda corpus: corpus.live().name)
    for blob in (desk.settings.home / "blobs").rglob("*.zst"):
        blob.unlink()
    state = desk.flow("reindex")
    assert state.name == "GatesFailed"
    assert "not promoted: documents: 0 of 3 documents; lacking: 0.txt (not_kept)" in state.message
    assert desk.look(lambda corpus: corpus.live().name) == old
    assert len(desk.texts()) == 3


def test_a_deployed_flow_reads_the_settings_of_its_machine(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.ingest import ingest

    desk.fill(1)
    monkeypatch.setenv("HOLDFAST_HOME", str(desk.settings.home))
    monkeypatch.setenv("HOLDFAST_STORE__COLLECTION", desk.settings.store.collection)
    state = ingest({"path": str(desk.folder)}, return_state=True)
    assert state.name == "Completed"
    assert len(desk.texts()) == 1


def test_parameters_choose_the_sources(desk: Any) -> None:
    desk.fill(1)
    unknown = desk.flow(sources=["papers"])
    assert unknown.is_failed()
    assert "no source named 'papers'" in unknown.message
    assert desk.flow(sources=["docs"]).name == "Completed"
