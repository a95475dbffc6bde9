"""A backup of a home that has lost something: it says what, and keeps the rest."""

import json
from typing import Any
from uuid import UUID

from config.settings import RetentionSettings
from indexing.blobs import raw_path
from indexing.ledger.generations import raise_horizon
from indexing.points import Point, PointFilter
from indexing.upkeep.backup import backup
from indexing.upkeep.garbage import collect
from indexing.upkeep.verify import verify
from tests.support.places import points_of


def test_a_lost_and_a_damaged_point_are_told_and_the_rest_is_kept(small: Any, copy: Any) -> None:
    with small.opened() as corpus:
        before = points_of(corpus.store, "holdfast__g1")
        lost, spoilt, *_ = corpus.store.scroll("holdfast__g1", PointFilter(), vectors=True)
        corpus.store.delete("holdfast__g1", [lost.id])
        payload = {**spoilt.payload, "text": "something else"}
        damaged = Point(spoilt.id, spoilt.dense, spoilt.sparse, payload)
        corpus.store.upsert("holdfast__g1", [damaged])
        done = backup(corpus, str(small.root / "backup"))
    assert (done.state, done.manifest.lacking.points) == ("BackedUpWithErrors", 2)
    said = "\n".join(done.manifest.lacking.examples)
    assert f"{lost.id} of document {lost.payload['document_id']}" in said
    assert str(spoilt.id) in said
    assert done.to_json()["lacking"]["points"] == 2
    restored = copy.restore(small.root / "backup")
    assert (restored.state, restored.to_json()["lacking"]["points"]) == ("RestoredWithErrors", 2)
    assert copy.points() == {
        "holdfast__g1": {i: p for i, p in before.items() if i not in {lost.id, spoilt.id}}
    }
    assert copy.rows() == small.rows()


def test_a_collection_that_is_gone_or_damaged_is_told(place: Any, copy: Any) -> None:
    before = place.points()
    lost = len(before["holdfast__g1"])
    (place.settings.home / "index/collections/holdfast__g1/spec.json").write_bytes(b"{")
    done = place.backup()
    assert (done.state, done.manifest.lacking.points) == ("BackedUpWithErrors", lost)
    assert "holdfast__g1" in done.manifest.lacking.examples[0]
    copy.restore(place.root / "backup")
    assert copy.points() == {**before, "holdfast__g1": {}}


def test_a_lost_and_a_damaged_blob_are_told_and_the_rest_is_kept(small: Any, copy: Any) -> None:
    before = small.blobs()
    raw, text = (sorted(name for name in before if name.startswith(k)) for k in ("raw", "text"))
    blobs = small.settings.home / "blobs"
    (blobs / raw[0]).unlink()
    (blobs / raw[1]).write_bytes(before[raw[2]])
    (blobs / text[1]).write_bytes(b"no zstd")
    done = small.backup()
    assert (done.state, done.manifest.lacking.blobs) == ("BackedUpWithErrors", 3)
    said = "\n".join(done.manifest.lacking.examples)
    assert all(name in said for name in (raw[0], raw[1], text[1]))
    copy.restore(small.root / "backup")
    kept = {n: data for n, data in before.items() if n not in {raw[0], raw[1], text[1]}}
    assert copy.blobs() == kept


def test_a_home_that_keeps_no_raw_bytes_lacks_none(small: Any, make_place: Any) -> None:
    names = small.blobs()
    blobs = small.settings.home / "blobs"
    for name in names:
        if name.startswith("raw"):
            (blobs / name).unlink()
    lean = make_place("small", blobs={"keep_raw": False})
    assert lean.backup("lean").state == "BackedUp"
    assert small.backup("full").manifest.lacking.blobs == 3
    next((blobs / "text").rglob("*.zst")).unlink()
    assert lean.backup("leaner").manifest.lacking.blobs == 1


def test_what_a_backup_misses_is_what_an_audit_misses(small: Any) -> None:
    blobs = small.settings.home / "blobs"
    for name in list(small.blobs())[:3]:
        (blobs / name).unlink()
    lacking = small.backup().manifest.lacking
    with small.opened() as corpus:
        audited = verify(corpus)
    told = json.dumps(audited.to_json())
    assert lacking.blobs == 3
    assert all(example.split("/")[-1][:12] in told for example in lacking.examples)


def test_a_text_is_found_under_the_suffix_it_was_read_with(small: Any, make_place: Any) -> None:
    (small.root / "docs" / "guide.md").rename(small.root / "docs" / "guide.txt")
    small.ingest()
    with small.opened() as corpus:  # only the version under the new name is left
        corpus.settings = corpus.settings.model_copy(
            update={"retention": RetentionSettings(history_days=0, history_epochs=0)}
        )
        collect(corpus)
    before = small.blobs()
    done = small.backup()
    assert (done.state, done.manifest.blobs.count) == ("BackedUp", len(before))


def test_what_garbage_collection_had_begun_to_remove_is_not_missed(small: Any, copy: Any) -> None:
    """It raised the horizon and deleted the point; then it was killed before the rows went."""
    (ended,) = [row for row in small.rows()["chunk"] if row["valid_to"] == 2]
    with small.opened() as corpus:
        raise_horizon(corpus.ledger, "holdfast__g1", 2)
        corpus.store.delete("holdfast__g1", [UUID(ended["point_id"])])
    old = [row["content_sha256"] for row in small.rows()["version"] if row["valid_to"] == 2]
    (small.settings.home / "blobs" / raw_path(old[0])).unlink()
    assert small.backup().state == "BackedUp"
    assert copy.restore(small.root / "backup").state == "Restored"
    assert copy.everything() == small.everything()
