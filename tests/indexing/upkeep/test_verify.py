"""The truth audit and the repair: every kind of fault is found, and healed without parsing."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from sqlalchemy import delete, update

from config.settings import Approval
from indexing.errors import WriterBusyError
from indexing.ledger import tables
from indexing.ledger.documents import list_standings
from indexing.ledger.generations import find_generation
from indexing.ledger.leases import HeldLease
from indexing.ledger.retries import let_retry
from indexing.points import OPEN_END, Point, PointFilter
from indexing.recall import Recall
from indexing.running.report import RunState
from indexing.upkeep.pairing import chunk_records
from indexing.upkeep.repair import repair
from indexing.upkeep.verify import verify
from indexing.upkeep.verify_points import PointJudge
from ingestion.sources.local import LocalFolderSource
from tests.support.homes import Home, stage_and_die
from tests.support.traces import copy_sparse

LONG = "\n\n".join(
    f"## Part {n}\n\n" + f"Step {n} of the procedure needs a wrench and about {n} minutes. " * 12
    for n in range(12)
)


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory, parsers: Any) -> Path:
    """Three documents, one of many chunks, with a superseded version and a moved document."""
    root = tmp_path_factory.mktemp("audited") / "main"
    home = Home(root, parsers)
    home.write("long.md", f"# Long\n\n{LONG}")
    home.write("a.txt", "The mooring has two ropes.")
    home.write("b.txt", "The gateway is called Heron.")
    home.ingest()
    home.write("a.txt", "The mooring has three ropes.")
    (home.folder / "b.txt").rename(home.folder / "heron.md")
    home.ingest()
    home.close()
    return root


@pytest.fixture
def filled(audited: Path, tmp_path: Path, make_rig: Any) -> Any:
    """That home, copied: every test damages it."""
    shutil.copytree(audited, tmp_path / "main", copy_function=copy_sparse)
    return make_rig("main")


def points(rig: Any, where: PointFilter | None = None) -> list[Any]:
    chosen = where or PointFilter()
    return list(rig.corpus.store.scroll("holdfast__g1", chosen, vectors=True))


def digest(rig: Any) -> dict[UUID, Any]:
    """Everything in the store, vectors to five digits."""
    return {p.id: (dict(p.payload), np.round(p.dense, 5).tolist(), p.sparse) for p in points(rig)}


def source_of(rig: Any) -> LocalFolderSource:
    return LocalFolderSource("docs", rig.folder)


def counts(rig: Any, **options: Any) -> dict[str, int]:
    return dict(verify(rig.corpus, **options).counts)


def put(rig: Any, point: Any, *, dense: Any = None, **payload: Any) -> None:
    """Write a point with something changed about it."""
    fresh = Point(
        point.id,
        point.dense if dense is None else np.asarray(dense, dtype=np.float32),
        point.sparse,
        {k: v for k, v in (dict(point.payload) | payload).items() if v != "gone"},
    )
    rig.corpus.store.upsert("holdfast__g1", [fresh])


def of(rig: Any, key: str, **fields: Any) -> Any:
    """The live point of a document of one chunk."""
    (found,) = [
        p for p in points(rig, PointFilter(visible_at=OPEN_END - 1)) if p.payload["key"] == key
    ]
    return found


def test_a_sound_home_is_sound_and_every_point_was_looked_at(filled: Any) -> None:
    audit = verify(filled.corpus, sources=[source_of(filled)], deep=True)
    assert audit.sound
    (part,) = audit.generations
    assert part.expected == part.found == len(points(filled)) > 10


def lose_points(rig: Any) -> None:
    every = points(rig)
    rig.corpus.store.delete("holdfast__g1", [p.id for p in every[: int(0.97 * len(every))]])


def lose_collection(rig: Any) -> None:
    rig.corpus.store.drop("holdfast__g1")


def show_twice(rig: Any) -> None:
    point = of(rig, "a.txt")
    rig.corpus.store.upsert(
        "holdfast__g1", [Point(uuid4(), point.dense, point.sparse, point.payload)]
    )


def add_stranger(rig: Any, **changed: Any) -> None:
    point = of(rig, "a.txt")
    payload = dict(point.payload) | {"document_id": str(uuid4())} | changed
    rig.corpus.store.upsert("holdfast__g1", [Point(uuid4(), point.dense, point.sparse, payload)])


def write_bad_vector(rig: Any) -> None:
    """Past our own checks, as a fault of the engine would."""
    from indexing.stores import edge

    point = of(rig, "a.txt")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(edge, "check_points", lambda *_: None)
        put(rig, point, dense=np.zeros(384))


FAULTS: dict[str, tuple[Callable[[Any], None], set[str]]] = {
    "97 % of the points lost": (lose_points, {"missing"}),
    "collection lost": (lose_collection, {"collection_missing", "missing", "alias_missing"}),
    "shown twice": (show_twice, {"phantom", "duplicate"}),
    "stranger": (add_stranger, {"phantom"}),
    "stranger with words for an end": (lambda r: add_stranger(r, valid_to="soon"), {"phantom"}),
    "stranger with no number": (lambda r: add_stranger(r, ordinal=[1]), {"phantom"}),
    "text changed": (lambda r: put(r, of(r, "a.txt"), text="Other words."), {"wrong_payload"}),
    "offset changed": (lambda r: put(r, of(r, "heron.md"), end=3), {"wrong_payload"}),
    "key missing": (lambda r: put(r, of(r, "a.txt"), tenant="gone"), {"malformed"}),
    "zero vector": (write_bad_vector, {"bad_vector"}),
    "closed by somebody": (lambda r: put(r, of(r, "a.txt"), valid_to=1), {"wrong_end"}),
    "closed with words": (lambda r: put(r, of(r, "a.txt"), valid_to="soon"), {"wrong_end"}),
    "reopened": (
        lambda r: r.corpus.store.set_valid_to(
            "holdfast__g1", [p.id for p in points(r, PointFilter(ended_by=2))], OPEN_END
        ),
        {"wrong_end"},
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_found_and_healed_from_blobs_without_parsing(
    filled: Any, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Recall, "_parse", lambda *_: pytest.fail("something was parsed"))
    before = digest(filled)
    seen = {epoch: filled.seen("holdfast__g1", epoch) for epoch in (1, 2)}
    injure, kinds = FAULTS[fault]
    injure(filled)
    found = counts(filled)
    assert set(found) == kinds
    done = repair(filled.corpus)
    assert dict(done.before.counts) == found
    assert done.after.sound, done.after.counts
    assert done.repairs.documents_parsed == 0
    assert digest(filled) == before
    assert {epoch: filled.seen("holdfast__g1", epoch) for epoch in (1, 2)} == seen
    assert filled.ingest().state is RunState.NOTHING_TO_DO


def test_vectors_are_taken_from_another_generation_of_the_same_encoder(filled: Any) -> None:
    filled.reindex(approval=Approval.MANUAL, overrides={"chunking.heading_tokens": 47})
    encoded = len(filled.encoder.encoded)
    lose_points(filled)
    done = repair(filled.corpus)
    assert done.after.sound
    assert done.repairs.chunks_reused > 0
    assert len(filled.encoder.encoded) - encoded == done.repairs.chunks_embedded


def test_a_lost_blob_is_found_and_fetched_from_the_source(filled: Any) -> None:
    (blob,) = [
        n for n in filled.corpus.blobs.names()
        if n.kind == "raw" and n.content_sha256 == of(filled, "a.txt").payload["content_sha256"]
    ]  # fmt: skip
    filled.corpus.blobs.delete(blob)
    assert counts(filled) == {"blob_missing": 1}
    assert not repair(filled.corpus).after.sound, "nothing here has the bytes"
    done = repair(filled.corpus, sources=[source_of(filled)])
    assert done.after.sound
    assert done.repairs.blobs_written == 1


def test_a_damaged_blob_is_found_by_a_deep_look_and_replaced(filled: Any) -> None:
    content = of(filled, "a.txt").payload["content_sha256"]
    root = filled.settings.home / "blobs"
    for path in root.rglob(f"{content}*"):
        path.write_bytes(b"no zstd at all")
    assert verify(filled.corpus).sound
    assert counts(filled, deep=True) == {"blob_damaged": 2}
    done = repair(filled.corpus, sources=[source_of(filled)], deep=True)
    assert done.after.sound, done.after.to_json()
    assert done.repairs.documents_parsed == 1


def test_damaged_bytes_are_replaced_and_the_sound_text_beside_them_stays(filled: Any) -> None:
    content = of(filled, "a.txt").payload["content_sha256"]
    (blob,) = [
        n for n in filled.corpus.blobs.names() if n.kind == "raw" and n.content_sha256 == content
    ]
    (filled.settings.home / "blobs" / blob.path).write_bytes(b"no zstd at all")
    done = repair(filled.corpus, sources=[source_of(filled)], deep=True)
    assert done.after.sound, done.after.to_json()
    assert (done.repairs.blobs_written, done.repairs.documents_parsed) == (1, 0)


def kept_text(rig: Any, key: str) -> Any:
    """The text blob of a live document of one chunk."""
    content = of(rig, key).payload["content_sha256"]
    (name,) = [
        n for n in rig.corpus.blobs.names() if n.kind == "text" and n.content_sha256 == content
    ]
    return name


def say_otherwise(rig: Any, key: str, old: str, new: str) -> None:
    """Keep another text in place of what was read, as sound as any."""
    name, blobs = kept_text(rig, key), rig.corpus.blobs
    read = blobs.text(name.content_sha256, name.suffix, name.parser)
    blobs.delete(name)
    changed = replace(read, text=read.text.replace(old, new))
    blobs.put_text(name.content_sha256, name.suffix, name.parser, changed)


def test_a_text_that_is_not_the_committed_one_is_found_by_a_deep_look_and_read_anew(
    filled: Any,
) -> None:
    say_otherwise(filled, "a.txt", "three", "seven")
    assert counts(filled, deep=True) == {"blob_damaged": 1}
    done = repair(filled.corpus, deep=True)
    assert done.after.sound, done.after.to_json()
    assert (done.repairs.documents_parsed, done.repairs.blobs_written) == (1, 1)
    name = kept_text(filled, "a.txt")
    read = filled.corpus.blobs.text(name.content_sha256, name.suffix, name.parser)
    assert read.text == "The mooring has three ropes."


def test_a_home_that_keeps_no_bytes_gets_none_by_a_repair(filled: Any) -> None:
    blobs = filled.settings.blobs.model_copy(update={"keep_raw": False})
    filled.corpus.settings = filled.settings.model_copy(update={"blobs": blobs})
    content = of(filled, "a.txt").payload["content_sha256"]
    for name in list(filled.corpus.blobs.names()):
        if name.kind == "raw" or name.content_sha256 == content:
            filled.corpus.blobs.delete(name)
    done = repair(filled.corpus, sources=[source_of(filled)])
    assert done.after.sound, done.after.to_json()
    assert (done.repairs.blobs_written, done.repairs.documents_parsed) == (1, 1)
    assert {name.kind for name in filled.corpus.blobs.names()} == {"text"}


def test_points_whose_blobs_are_gone_come_back_from_the_source(filled: Any) -> None:
    before = digest(filled)
    filled.corpus.store.delete("holdfast__g1", [of(filled, "a.txt").id])
    for path in (filled.settings.home / "blobs").rglob("*.zst"):
        path.unlink()
    done = repair(filled.corpus, sources=[source_of(filled)])
    now = digest(filled)
    assert now[of(filled, "a.txt").id] == before[of(filled, "a.txt").id]
    # The superseded version of a.txt is nowhere any more.
    assert dict(done.after.counts) == {"blob_missing": 2}


def test_what_nothing_can_bring_back_is_read_by_the_next_ingest(filled: Any) -> None:
    filled.corpus.store.delete("holdfast__g1", [of(filled, "a.txt").id])
    for path in (filled.settings.home / "blobs").rglob("*.zst"):
        path.unlink()
    done = repair(filled.corpus)
    assert done.repairs.to_be_read_again == 1
    assert done.after.counts["missing"] == 1
    filled.write("heron.md", "The gateway is called Heron.\n\n")
    report = filled.ingest()
    assert report.counts.unchanged == 2, "other documents are compared as before"
    assert report.counts.indexed == 1
    assert filled.seen("holdfast__g1")["a.txt"] == ["The mooring has three ropes."]


def test_chunk_rows_that_are_lost_are_found(filled: Any) -> None:
    lost = str(of(filled, "a.txt").id)
    with filled.corpus.ledger.write() as connection:
        connection.execute(delete(tables.chunk).where(tables.chunk.c.point_id == lost))
    assert counts(filled) == {"chunk_count": 1, "phantom": 1}


def test_rows_of_the_first_schema_are_compared_without_their_hash(filled: Any) -> None:
    with filled.corpus.ledger.write() as connection:
        connection.execute(update(tables.chunk).values(payload_sha256=None))
    assert verify(filled.corpus).sound


def test_the_source_is_compared_by_content(filled: Any) -> None:
    import os

    stat = (filled.folder / "a.txt").stat()
    (filled.folder / "a.txt").write_text("The mooring has seven rope")
    os.utime(filled.folder / "a.txt", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    (filled.folder / "heron.md").unlink()
    filled.write("new.txt", "Something new.")
    assert counts(filled) == {}
    assert counts(filled, sources=[source_of(filled)]) == {
        "stale": 1,
        "vanished": 1,
        "not_indexed": 1,
    }
    missing = LocalFolderSource("docs", filled.folder / "nowhere")
    assert counts(filled, sources=[missing]) == {"not_listed": 1}


def test_a_document_that_is_to_be_tried_again_did_not_change(filled: Any) -> None:
    filled.write("nothing.txt", "")
    filled.ingest()
    standings = {s.key: s for s in list_standings(filled.corpus.ledger, "holdfast__g1")}
    refused = standings["nothing.txt"].document_id
    let_retry(filled.corpus.ledger, "holdfast__g1", [refused])
    assert counts(filled, sources=[source_of(filled)]) == {}
    let_retry(filled.corpus.ledger, "holdfast__g1", [standings["a.txt"].document_id])
    (fault,) = verify(filled.corpus, sources=[source_of(filled)]).sources.examples
    assert "to be read again" in fault.detail


def test_a_batch_that_is_staged_meanwhile_is_no_fault(filled: Any) -> None:
    filled.write("a.txt", "The mooring has four ropes.")
    from indexing.running.session import IngestSession

    generation = filled.corpus.writable()
    with IngestSession(filled.corpus, [source_of(filled)], generation=generation) as session:
        plan = session.plan()
        verified = session.verify(session.stage(session.embed(session.parse(plan))))
        assert verify(filled.corpus).sound
        session.commit(verified)
    assert verify(filled.corpus).sound


def test_what_an_aborted_batch_left_is_found_and_cleared(filled: Any) -> None:
    staged = stage_and_die(filled, "a.txt", "The mooring has five ropes.")
    filled.write("c.txt", "Another note.")
    filled.ingest()
    assert verify(filled.corpus).sound, "the next run cleared it"
    filled.corpus.store.upsert("holdfast__g1", staged)
    assert counts(filled) == {"leftover": len(staged)}
    done = repair(filled.corpus)
    assert (done.after.sound, done.repairs.leftovers_cleared) == (True, len(staged))


def test_a_repair_needs_the_generation_to_itself(filled: Any) -> None:
    filled.corpus.store.delete("holdfast__g1", [of(filled, "a.txt").id])
    with (
        HeldLease(filled.corpus.ledger, "holdfast__g1", "ingesting", 30.0),
        pytest.raises(WriterBusyError, match="Run ingesting"),
    ):
        repair(filled.corpus)
    assert repair(filled.corpus).after.sound


def test_every_kept_generation_is_looked_at(filled: Any) -> None:
    filled.reindex(overrides={"chunking.max_tokens": 40, "chunking.min_tokens": 8})
    every = list(filled.corpus.store.scroll("holdfast__g2", PointFilter()))
    filled.corpus.store.delete("holdfast__g2", [p.id for p in every[:5]])
    lose_points(filled)
    audit = verify(filled.corpus)
    assert [g.findings.counts.total() > 0 for g in audit.generations] == [True, True]
    assert repair(filled.corpus).after.sound
    states = {s.key: s.state for s in list_standings(filled.corpus.ledger, "holdfast__g2")}
    assert set(states.values()) == {"indexed"}
    assert find_generation(filled.corpus.ledger, "holdfast__g2").state == "live"


@pytest.mark.parametrize("lost", ["dense", "sparse"])
def test_a_point_that_lost_one_of_its_vectors_is_malformed(filled: Any, lost: str) -> None:
    point = of(filled, "a.txt")
    live = find_generation(filled.corpus.ledger, "holdfast__g1")
    with filled.corpus.ledger.read() as connection:
        rows = {r.point: r for r in chunk_records(connection, live.name, live.horizon)}
    judge = PointJudge(live, normalized=True)
    assert judge.judge(rows[point.id], point) is None
    fault = judge.judge(rows[point.id], replace(point, **{lost: None}))
    assert (fault.kind, lost in fault.detail) == ("malformed", True)
