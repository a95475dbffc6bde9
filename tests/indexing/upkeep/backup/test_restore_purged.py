"""Documents that were purged after the backup was made do not come back with it."""

import datetime as dt
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, update

from indexing.blobs import BlobKind
from indexing.errors import LedgerUnavailableError
from indexing.ledger import tables
from indexing.ledger.database import now
from indexing.ledger.feedback import add_feedback
from indexing.ledger.purges import Tombstone, write_purges
from indexing.ledger.requests import record_request
from indexing.planning.purged_file import NAME as PURGED
from indexing.points import PointFilter
from indexing.upkeep.restore import Existing
from ingestion.document import document_id, sha256_of
from tests.indexing.upkeep.backup.conftest import GUIDE
from tests.support.traces import traces_in


@pytest.fixture
def purge() -> Callable[..., None]:
    """Remember a purge in a home, as `holdfast purge` does."""

    def remember(place: Any, document: str, contents: list[str], at: dt.datetime) -> None:
        line = {
            "document_id": document,
            "content_sha256s": contents,
            "purged_at": at.isoformat(),
        }
        with (place.settings.home / PURGED).open("a") as file:
            file.write(json.dumps(line) + "\n")

    return remember


def ids(place: Any) -> dict[str, str]:
    """Documents by the key at which they were first seen."""
    return {row["first_key"]: row["document_id"] for row in place.rows()["document"]}


def log(corpus: Any, name: str, body: dict[str, Any]) -> None:
    """Write down a request that is called like a document."""
    record_request(
        corpus.ledger,
        request_id=name,
        received_at=now(),
        tenant="default",
        status="ok",
        verdict=None,
        generation="holdfast__g1",
        epoch=1,
        body=body,
    )


def test_nothing_of_a_purged_document_comes_back(
    small: Any, source: Path, copy: Any, purge: Any
) -> None:
    old = small.rows()
    document = ids(small)["guide.md"]
    purge(copy, document, [], now())
    done = copy.restore(source)
    assert done.state == "Restored"
    assert done.to_json()["purged"] == {"documents": 1, "points": 2, "blobs": 4}
    rows, points, blobs, readings = copy.everything()
    assert [row["document_id"] for row in rows.pop("purge")] == [document]
    assert document not in json.dumps(rows)
    for table in ("standing", "version", "chunk", "outcome", "document"):
        assert rows[table] == [row for row in old[table] if row["document_id"] != document]
        assert len(rows[table]) < len(old[table])
    found = [payload for payload, _, _ in points["holdfast__g1"].values()]
    assert {payload["key"] for payload in found} == {"note.md", "twin.md"}
    assert "guide.md" not in json.dumps(readings)
    contents = {row["content_sha256"] for row in rows["version"]}
    assert {Path(name).name.partition(".")[0] for name in blobs} == contents
    assert document in (copy.settings.home / PURGED).read_text()


@pytest.mark.parametrize("since", ["The key hangs in room twelve.\n", "It hangs elsewhere.\n"])
def test_content_that_another_document_has_or_had_as_well_stays(
    small: Any, copy: Any, purge: Any, since: str
) -> None:
    small.ingest(note=since)
    small.backup()
    (content,) = {
        row["content_sha256"] for row in small.rows()["version"] if row["key"] == "twin.md"
    }
    purge(copy, ids(small)["twin.md"], [content], now())
    done = copy.restore(small.root / "backup")
    assert (done.left_out.documents, done.left_out.blobs) == (1, 0)
    assert copy.blobs() == small.blobs()
    assert [key for key, *_ in copy.readings()["holdfast__g1@2"]] == ["guide.md", "note.md"]


def test_a_refused_copy_brings_no_bytes_of_a_purged_document_back(
    small: Any, copy: Any, purge: Any
) -> None:
    shutil.copy(small.root / "docs" / "guide.md", small.root / "docs" / "copy.docx")
    small.ingest()
    (standing,) = [row for row in small.rows()["standing"] if row["key"] == "copy.docx"]
    assert standing["state"] == "quarantined"
    small.backup()
    purge(copy, ids(small)["guide.md"], [], now())
    assert copy.restore(small.root / "backup").left_out.blobs == 4
    assert [name for name in copy.blobs() if standing["content_sha256"] in name] == []


def test_a_purge_that_was_interrupted_before_the_backup_bars_as_well(small: Any, copy: Any) -> None:
    """The ledger has the tombstone already, and still everything else but a request."""
    document = ids(small)["note.md"]
    with small.opened() as corpus:
        log(corpus, "asked", {"question": "Where?"})
        said = {"correct": "Ask the porter.", "cited": []}
        add_feedback(
            corpus.ledger, request_id="asked", tenant="default", verdict="wrong", body=said
        )
        with corpus.ledger.write() as connection:
            connection.execute(
                insert(tables.purge).values(
                    document_id=document, purged_at=now(), content_sha256s=["c" * 64], receipt={}
                )
            )
            redacted = {"question": "Where?", "redacted": "a document was purged"}
            connection.execute(update(tables.request).values(body=redacted))
    small.backup()
    assert copy.restore(small.root / "backup").left_out.documents == 1
    assert [row["document_id"] for row in copy.rows()["purge"]] == [document]
    assert [set(row["body"]) for row in copy.rows()["feedback"]] == [{"redacted"}]


def test_a_home_learns_of_purges_from_the_backup(small: Any, source: Path, copy: Any) -> None:
    """Else an older backup would bring back, into the same home, what that one knew was purged."""
    document, at = ids(small)["note.md"], now()
    with small.opened() as corpus, corpus.ledger.write() as connection:
        connection.execute(
            insert(tables.purge).values(
                document_id=document, purged_at=at, content_sha256s=["c" * 64], receipt={}
            )
        )
    small.backup()
    copy.restore(small.root / "backup")
    (line,) = (copy.settings.home / PURGED).read_text().splitlines()
    assert json.loads(line)["document_id"] == document
    done = copy.restore(source, existing=Existing.MOVE_ASIDE)
    assert done.left_out.documents == 1
    assert (copy.settings.home / PURGED).read_text().splitlines() == [line]


def test_parts_stay_away_with_the_container_also_ones_that_the_purge_did_not_know(
    small: Any, copy: Any, purge: Any
) -> None:
    container = small.root / "docs" / "papers.zip"
    with zipfile.ZipFile(container, "w") as archive:
        archive.writestr("lease.md", "The rent is 4711 crowns.\n")
        archive.writestr("empty.md", "")
    small.ingest()
    small.backup()
    purge(copy, ids(small)["papers.zip"], [sha256_of(container.read_bytes())], now())
    assert copy.restore(small.root / "backup").left_out.documents == 3
    assert {row["key"] for row in copy.rows()["standing"]} == {"guide.md", "note.md", "twin.md"}
    assert traces_in(copy.settings.home, ["4711 crowns", "lease.md"]) == []
    report = copy.ingest(lease="The rent is 4711 crowns.\n", blank="")
    assert {refusal[:2] for refusal in report.refusals} == {
        ("lease.md", "purged"), ("blank.md", "empty_file"),
    }  # fmt: skip


def test_a_backup_of_a_restored_home_knows_what_was_purged_before(
    small: Any, source: Path, make_place: Any, purge: Any
) -> None:
    """The list in the home is in no backup, and the older backup did not know of the purge."""
    document = ids(small)["guide.md"]
    purge(small, document, ["c" * 64], now())
    small.restore(source, existing=Existing.MOVE_ASIDE)
    small.backup()
    elsewhere = make_place("elsewhere")
    elsewhere.restore(small.root / "backup")
    assert document in (elsewhere.settings.home / PURGED).read_text()
    report = elsewhere.ingest(guide=GUIDE.format(4))
    assert [refusal[:2] for refusal in report.refusals] == [("guide.md", "purged")]


def test_two_purges_of_a_document_keep_out_what_either_did(
    small: Any, copy: Any, purge: Any
) -> None:
    """It was let in again in between, and the ledger goes back to the time of the first."""
    first, second = "The first text.\n", "Another text.\n"
    known, elsewhere = ids(small)["note.md"], "00000000-0000-4000-8000-00000000000e"
    with small.opened() as corpus, corpus.ledger.write() as connection:
        moved = document_id("default", "docs", "moved.md")
        one = Tombstone(
            UUID(known), now(), (sha256_of(first),), (moved,), receipt={"finished_at": "then"}
        )
        write_purges(connection, [one])
    small.backup()
    purge(copy, known, [sha256_of(second)], now())
    purge(copy, elsewhere, [], now())
    copy.restore(small.root / "backup")
    report = copy.ingest(one=first, two=second, moved="It lies where the first stood last.\n")
    assert {refusal[:2] for refusal in report.refusals} == {
        ("one.md", "purged"), ("two.md", "purged"), ("moved.md", "purged"),
    }  # fmt: skip
    kept = {row["document_id"]: row for row in copy.rows()["purge"]}
    assert kept.keys() == {known, elsewhere}
    assert kept[known]["receipt"]["finished_at"] == "then"
    assert set(kept[known]["content_sha256s"]) == {sha256_of(first), sha256_of(second)}


def test_what_was_written_down_about_a_purged_document_is_cleaned(
    small: Any, copy: Any, purge: Any
) -> None:
    known = ids(small)
    with small.opened() as corpus:
        for name in ("note.md", "guide.md"):
            log(
                corpus,
                name,
                {
                    "question": "What of it?",
                    "answer": "a quote",
                    "retrieval": [{"document_id": known[name]}],
                },
            )
            for correct, cited in (("It is so.", []), ("It is so.", [known["note.md"]])):
                add_feedback(
                    corpus.ledger,
                    request_id=name,
                    tenant="default",
                    verdict="wrong",
                    body={"correct": correct, "cited": cited},
                )
        with corpus.ledger.write() as connection:
            report = {"refusals": [["note.md", "x", "y"], ["guide.md", "x", "y"]]}
            connection.execute(
                update(tables.run).values(message="note.md, guide.md", report=report)
            )
            gates = [{"gate": "documents", "detail": "lacking: note.md (x)"}]
            connection.execute(update(tables.generation).values(gates=gates))
    small.backup()
    purge(copy, known["note.md"], [], now())
    copy.restore(small.root / "backup")
    rows = copy.rows()
    bodies = {row["request_id"]: row["body"] for row in rows["request"]}
    assert bodies["guide.md"]["answer"] == "a quote"
    assert "answer" not in bodies["note.md"]
    assert "purged" in bodies["note.md"]["redacted"]
    assert bodies["note.md"]["question"] == "What of it?"
    said = [row["body"] for row in rows["feedback"] if row["request_id"] == "note.md"]
    assert [set(body) for body in said] == [{"redacted"}] * 2, "what was said of its answer"
    said = [row["body"] for row in rows["feedback"] if row["request_id"] == "guide.md"]
    assert {body.get("correct") for body in said} == {"It is so.", None}, "it was cited once"
    for run in rows["run"]:
        assert run["message"] == "[purged], guide.md"
        assert [refusal[0] for refusal in run["report"]["refusals"]] == ["guide.md"]
    (generation,) = rows["generation"]
    assert generation["gates"][0]["detail"] == "lacking: [purged] (x)"


def test_a_search_that_came_upon_a_point_of_a_purged_document_is_cleaned_and_no_other(
    small: Any, copy: Any, purge: Any
) -> None:
    known = ids(small)
    points = {row["document_id"]: row["point_id"] for row in small.rows()["chunk"]}
    with small.opened() as corpus:
        for name in ("guide.md", "note.md"):
            log(
                corpus,
                name,
                {"question": "?", "searches": [{"sparse": [[points[known[name]], 0.5]]}]},
            )
    small.backup()
    purge(copy, known["guide.md"], [], now())
    copy.restore(small.root / "backup")
    bodies = {row["request_id"]: row["body"] for row in copy.rows()["request"]}
    assert [name for name, body in bodies.items() if "searches" in body] == ["note.md"]


@pytest.mark.parametrize("lost", ["nothing", "points", "texts"])
def test_what_quotes_a_purged_document_is_cleaned_too(
    small: Any, copy: Any, purge: Any, lost: str
) -> None:
    """Its words are in its points and among the blobs; a home may have lost either."""
    known = ids(small)
    said = {
        "of it": "As it says: Setting up. Charge it for 4 hours.",
        "of another": "As it says, the key hangs in room twelve.",
    }
    with small.opened() as corpus:
        for name, text in said.items():
            log(corpus, name, {"question": "And then?", "asked": {"history": [{"text": text}]}})
        for correct in (*said.values(), "setting up charge it for 6 hours cleaning"):
            body = {"correct": correct, "cited": []}
            add_feedback(
                corpus.ledger,
                request_id="of another",
                tenant="default",
                verdict="wrong",
                body=body,
            )
        if lost == "points":
            mine = PointFilter(document_ids=frozenset({known["guide.md"]}))
            points = [p.id for p in corpus.store.scroll("holdfast__g1", mine)]
            corpus.store.delete("holdfast__g1", points)
        for name in list(corpus.blobs.names()) if lost == "texts" else ():
            if name.kind is BlobKind.TEXT:
                corpus.blobs.delete(name)
    assert bool(small.backup().manifest.lacking) == (lost != "nothing")
    purge(copy, known["guide.md"], [], now())
    copy.restore(small.root / "backup")
    rows = copy.rows()
    assert "4 hours" not in json.dumps(rows)
    assert "6 hours" not in json.dumps(rows)
    (kept,) = [row["body"] for row in rows["request"] if row["request_id"] == "of another"]
    assert kept["asked"]["history"] == [{"text": said["of another"]}]
    assert [row["body"].get("correct") for row in rows["feedback"]].count(said["of another"]) == 1


def test_a_name_that_another_document_has_now_leaves_the_run_that_knew_it(
    small: Any, copy: Any, purge: Any
) -> None:
    docs = small.root / "docs"
    document = ids(small)["guide.md"]
    (docs / "guide.md").rename(docs / "moved.md")
    small.ingest()
    (docs / "guide.md").write_text("Another guide altogether.\n")
    small.ingest()
    with small.opened() as corpus, corpus.ledger.write() as connection:
        told = {"refusals": [["guide.md", "low_quality", "of this run"]]}
        connection.execute(update(tables.run).values(report=told))
    small.backup()
    purge(copy, document, [], now())
    copy.restore(small.root / "backup")
    settled = {row["run_id"] for row in copy.rows()["outcome"] if row["key"] == "guide.md"}
    reports = {row["run_id"]: row["report"]["refusals"] for row in copy.rows()["run"]}
    assert {run for run, refusals in reports.items() if refusals} >= settled != set()
    assert [] in reports.values(), "the run that settled the purged one under that name"


def test_a_list_of_purges_that_cannot_be_read_stops_the_restore(source: Path, copy: Any) -> None:
    for line in ("{", '{"document_id": "x"}', '{"document_id": 3}', "\xff"):
        (copy.settings.home / PURGED).write_text(f"\n{line}\n", encoding="latin-1")
        with pytest.raises(LedgerUnavailableError, match="must stay out"):
            copy.restore(source)
        with copy.opened() as corpus:
            assert corpus.live() is None
    (copy.settings.home / PURGED).write_text("")
    assert copy.restore(source).state == "Restored"
