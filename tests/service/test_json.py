"""The machine outputs: other programs rely on exactly these keys, and on nothing else on stdout."""

import logging
import os
from typing import Any

import pytest

REPORT = {"run_id", "state", "epoch", "counts", "chunks_embedded", "chunks_reused", "seconds"}
ENDS = ("indexed", "unchanged", "moved", "deleted", "quarantined", "skipped")
COUNTS = {"enumerated", *ENDS, "withheld"}
DOCUMENT = {
    *("document_id", "source", "key", "container", "state", "reason"),
    *("version", "content_sha256", "chunks", "flags"),
}
CHUNK = {
    *("document_id", "key", "ordinal", "start", "end", "page", "text", "flags", "language"),
    "injection_score",
}


def check_report(report: dict[str, Any]) -> None:
    assert set(report) >= REPORT
    counts = report["counts"]
    assert set(counts) == COUNTS
    assert counts["enumerated"] + counts["deleted"] == sum(counts[end] for end in ENDS)


def test_ingest_reports_every_kind_of_ending(desk: Any) -> None:
    for number in range(8):
        desk.write(f"more/{number}.txt", f"Door number {number} opens to the yard.\n")
    first = desk.ingest()
    assert first.code == 0
    check_report(first.json)
    assert first.json["counts"]["indexed"] == 8

    (desk.folder / "more/0.txt").unlink()
    (desk.folder / "more/1.txt").rename(desk.folder / "more/one.txt")
    desk.write("more/2.txt", "Door number two opens to the street, and only by day.\n")
    desk.write("void.md", b"")
    second = desk.ingest()
    check_report(second.json)
    assert second.code == 3
    assert second.json["counts"] == {
        "enumerated": 11,
        "indexed": 1,
        "unchanged": 7,
        "moved": 1,
        "deleted": 1,
        "quarantined": 2,
        "skipped": 0,
        "withheld": 0,
    }
    assert second.json["chunks_embedded"] == 1

    third = desk.ingest()
    check_report(third.json)
    assert (third.code, third.json["state"]) == (0, "NothingToDo")
    assert third.json["epoch"] == second.json["epoch"]
    assert third.json["chunks_embedded"] == third.json["chunks_reused"] == 0


def test_logs_and_progress_go_to_standard_error(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_LOG_LEVEL", "INFO")
    desk.write("new.txt", "The gate is locked at night.\n")
    ended = desk.ingest()
    check_report(ended.json)  # nothing but JSON, or this would fail
    assert ended.out.count("\n") == 1
    assert "listed:" in ended.err
    assert logging.getLogger().level == logging.INFO


def test_the_progress_line_adds_up(desk: Any) -> None:
    for key in ("rota.md", "keys.txt"):
        os.utime(desk.folder / key, (1_700_000_500, 1_700_000_500))
    desk.write("new.txt", "The gate is locked at night.\n")
    (line,) = (one for one in desk.ingest().err.splitlines() if " listed: " in one)
    assert line == "4 listed: 1 new, 0 changed, 0 moved, 2 unchanged, 1 still in quarantine"
    (desk.folder / "new.txt").unlink()
    desk.on_home("quarantine", "retry")
    (line,) = (one for one in desk.ingest().err.splitlines() if " listed: " in one)
    assert line == "3 listed: 0 new, 0 changed, 0 moved, 2 unchanged, 1 tried again; 1 gone"


def test_docs_list_has_one_object_per_document(desk: Any) -> None:
    rows = desk.on_home("docs", "list", "--json").lines
    assert all(set(row) == DOCUMENT for row in rows)
    by_key = {row["key"]: row for row in rows}
    assert {key: row["state"] for key, row in by_key.items()} == {
        "rota.md": "indexed",
        "keys.txt": "indexed",
        "empty.txt": "quarantined",
    }
    assert by_key["empty.txt"]["reason"] == "empty_file"
    assert by_key["rota.md"]["version"] == 1
    assert by_key["rota.md"]["source"] == "docs"
    assert len(by_key["rota.md"]["content_sha256"]) == 64


def test_a_deleted_document_is_listed_on_request(desk: Any) -> None:
    (desk.folder / "keys.txt").unlink()
    ended = desk.ingest()
    check_report(ended.json)
    assert ended.json["counts"]["deleted"] == 1
    assert "keys.txt" not in {r["key"] for r in desk.on_home("docs", "list", "--json").lines}
    rows = desk.on_home("docs", "list", "--deleted", "--json").lines
    assert {r["key"]: r["state"] for r in rows}["keys.txt"] == "deleted"


def test_docs_chunks_has_one_line_per_live_chunk(desk: Any) -> None:
    chunks = desk.chunks()
    assert all(set(chunk) == CHUNK for chunk in chunks)
    assert [(chunk["key"], chunk["ordinal"]) for chunk in chunks] == [
        ("keys.txt", 0),
        ("rota.md", 0),
    ]
    for chunk in chunks:
        assert chunk["end"] - chunk["start"] == len(chunk["text"])
    listed = {r["document_id"]: r["chunks"] for r in desk.on_home("docs", "list", "--json").lines}
    assert all(listed[chunk["document_id"]] == 1 for chunk in chunks)


def test_docs_chunks_as_of_shows_an_earlier_epoch(desk: Any) -> None:
    before = desk.chunks()
    desk.write("keys.txt", "The keys of the archive hang behind the door now.\n")
    (desk.folder / "rota.md").unlink()
    epoch = desk.ingest().json["epoch"]
    assert epoch > 1
    (now,) = desk.chunks()
    assert "behind the door" in now["text"]
    assert desk.chunks("--as-of", "1") == before
    assert desk.chunks("--as-of", "0") == []
    assert desk.chunks("--as-of", str(epoch)) == [now]


def test_a_plan_counts_chunks_like_those_that_the_home_has(empty_desk: Any) -> None:
    # Sections of a few words each: chunks that are far from full.
    for number in range(4):
        sections = [f"# Room {number}-{n}\n\n{'The key hangs here. ' * 16}" for n in range(12)]
        empty_desk.write(f"{number}.md", "\n\n".join(sections))
    empty_desk.ingest()
    there = len(empty_desk.chunks())
    again = empty_desk.on_home("plan", empty_desk.folder, "--source", "again", "--json")
    assert there > 12
    assert abs(again.json["chunks"] - there) <= 4  # rounded for each document


def test_plan_says_that_an_ingest_would_be_refused_and_why(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = ("plan", desk.folder, "--source", "docs")
    assert desk.on_home(*plan, "--json").json["refused_by"] is None
    monkeypatch.setenv("HOLDFAST_CHUNKING__MAX_TOKENS", "180")
    assert desk.ingest().code == 1
    planned = desk.on_home(*plan, "--json")
    assert planned.code == 0
    for part in ("chunking.max_tokens: 200 → 180", "holdfast reindex"):
        assert part in planned.json["refused_by"]
    assert "An ingest would be refused:" in desk.on_home(*plan).out


def test_plan_says_what_an_ingest_then_does(desk: Any) -> None:
    desk.write("new.txt", "The gate is locked at night.\n")
    desk.write("keys.txt", "The keys of the archive hang behind the door now.\n")
    (desk.folder / "rota.md").rename(desk.folder / "roster.md")
    planned = desk.on_home("plan", desk.folder, "--source", "docs", "--json")
    assert planned.code == 0
    assert set(planned.json) == {
        *("enumerated", "added", "changed", "retried", "moved", "deleted", "withheld"),
        *("refused", "relabelled", "refused_by"),
        *("unchanged", "quarantined", "skipped", "problems"),
        *("chunks", "tokens", "seconds", "estimate"),
    }
    assert planned.json["added"] == ["new.txt"]
    assert planned.json["changed"] == ["keys.txt"]
    assert planned.json["moved"] == [{"from": "rota.md", "to": "roster.md"}]
    sorts = ("added", "changed", "moved", "refused", "skipped")
    sorted_out = sum(len(planned.json[sort]) for sort in sorts)
    counts = desk.ingest().json["counts"]
    assert counts["enumerated"] == planned.json["enumerated"] == 4
    assert sorted_out + planned.json["unchanged"] + planned.json["quarantined"] == 4
    assert counts["indexed"] == 2
    assert counts["moved"] == 1
    assert counts["quarantined"] == planned.json["quarantined"] == 1


def test_status_has_the_live_generation_and_the_last_runs(desk: Any) -> None:
    status = desk.on_home("status", "--json").json
    assert set(status) == {
        *("generation", "epoch", "committed_at", "documents", "chunks", "quarantined"),
        *("generations", "runs", "horizon", "overrides", "quarantine", "freshness", "sources"),
        *("disk_free_bytes", "calibration"),
    }
    (source,) = status["sources"]
    assert (source["kind"], source["documents"], source["quarantined"]) == (None, 2, 1)
    assert sum(status["quarantine"].values()) == 1
    assert (status["generation"], status["epoch"]) == ("holdfast__g1", 1)
    assert (status["documents"], status["chunks"], status["quarantined"]) == (2, 2, 1)
    (generation,) = status["generations"]
    assert set(generation) == {
        *("name", "state", "epoch", "fingerprint", "built_from", "overrides", "promoted_at"),
    }
    assert (generation["name"], generation["state"]) == ("holdfast__g1", "live")
    (first,) = status["runs"]
    assert set(first) == {
        *("run_id", "kind", "runner", "state", "message", "started_at", "seconds"),
    }
    assert (first["kind"], first["runner"]) == ("ingest", "process")


def test_quarantine_list_has_reason_and_detail(desk: Any) -> None:
    (row,) = desk.on_home("quarantine", "list", "--json").lines
    assert set(row) == {
        *("document_id", "source", "key", "reason", "detail"),
        *("content_sha256", "serves_version", "attempts"),
    }
    assert (row["key"], row["reason"], row["serves_version"]) == ("empty.txt", "empty_file", None)


def test_reindex_reports_like_an_ingest_and_names_its_gates(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = desk.chunks()
    monkeypatch.setenv("HOLDFAST_CHUNKING__MAX_TOKENS", "180")
    refused = desk.on_home("ingest", desk.folder, "--source", "docs")
    assert refused.code == 1
    assert "holdfast reindex" in refused.complaint
    ended = desk.on_home("reindex", "--json")
    assert ended.code == 0, ended.err
    check_report(ended.json)
    assert ended.json["counts"]["indexed"] == 2
    assert (ended.json["promoted"], ended.json["live"]) == (True, "holdfast__g2")
    gates = {gate["gate"]: gate["outcome"] for gate in ended.json["gates"]}
    assert gates == {
        **dict.fromkeys(("fingerprint", "documents", "points", "text", "recall"), "passed"),
        **dict.fromkeys(("latency", "known_items"), "passed"),
        "golden": "skipped",
    }
    assert desk.on_home("status", "--json").json["generation"] == "holdfast__g2"
    assert [chunk["text"] for chunk in desk.chunks()] == [chunk["text"] for chunk in before]


def test_text_of_any_script_is_printed_in_any_encoding(
    empty_desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Der Schlüssel – 鍵 – liegt im Büro ☃."
    empty_desk.write("schlüssel.txt", text)
    assert empty_desk.ingest().code == 0
    (plain,) = empty_desk.chunks()
    assert text in plain["text"]

    class Narrow:
        encoding = "ascii"

        def __init__(self, stream: Any) -> None:
            self._stream = stream

        def __getattr__(self, name: str) -> Any:
            return getattr(self._stream, name)

        def write(self, written: str) -> int:
            written.encode("ascii")
            return int(self._stream.write(written))

    import sys

    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", Narrow(sys.stdout))
        assert empty_desk.chunks() == [plain]


@pytest.mark.parametrize("command", [["docs", "list"], ["docs", "chunks"], ["status"]])
def test_people_get_tables(desk: Any, command: list[str]) -> None:
    ended = desk.on_home(*command)
    assert ended.code == 0
    assert "None" not in ended.out
    assert "keys.txt" in ended.out or "holdfast__g1" in ended.out
