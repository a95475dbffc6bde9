"""`holdfast purge` as a person and as a program calls it."""

import io
import sys
from pathlib import Path
from typing import Any

import pytest

from indexing.stores.base import Erasure
from indexing.stores.edge import EdgeStore
from tests.support.traces import traces_in


@pytest.fixture
def bytes_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the files of the index as they are: writing them anew takes the most time."""
    kept = Erasure(0, "not now")
    monkeypatch.setattr(EdgeStore, "erase", lambda *_, **__: kept)


class Terminal(io.StringIO):
    """Somebody sits there and types."""

    def isatty(self) -> bool:
        return True


def listed(desk: Any, *options: str) -> dict[str, Any]:
    return {d["key"]: d for d in desk.on_home("docs", "list", "--json", *options).lines}


def verify(desk: Any) -> Any:
    return desk.on_home("verify", desk.folder, "--source", "docs", "--json")


def test_a_purge_by_a_program_and_everything_after_it(desk: Any) -> None:
    document = listed(desk)["rota.md"]["document_id"]
    assert "ten" in str(desk.chunks())
    done = desk.on_home("purge", "rota.md", "--yes", "--json")
    assert done.code == 0, done.err
    receipt = done.json
    assert receipt["document_id"] == document
    assert receipt["complete"] is True
    assert receipt["points_deleted"] == {"holdfast__g1": 1}
    assert (receipt["versions"], receipt["chunks"], receipt["blobs_deleted"]) == (1, 1, 2)
    assert not any(receipt["left"].values())
    assert set(receipt["bytes_rewritten"]) == {"ledger", "holdfast__g1"}
    assert receipt["bound"]["index"].startswith("at once")
    assert set(listed(desk, "--deleted")) == {"keys.txt", "empty.txt"}
    assert traces_in(desk.home, ["night shift", "rota.md"]) == []
    assert [chunk["key"] for chunk in desk.chunks()] == ["keys.txt"]
    assert verify(desk).code == 0, "what is in the source was purged: that is settled"
    plan = desk.on_home("plan", desk.folder, "--source", "docs", "--json").json
    assert [(r["key"], r["reason"]) for r in plan["refused"]] == [("rota.md", "purged")]
    assert plan["added"] == []
    assert desk.ingest().code == 3
    assert desk.ingest().code == 0
    assert listed(desk)["rota.md"]["reason"] == "purged"
    assert verify(desk).code == 0
    told = desk.on_home("quarantine", "list", "--json").lines
    (detail,) = [one["detail"] for one in told if one["key"] == "rota.md"]
    assert f"holdfast purge --readmit {document}" in detail
    (tombstone,) = desk.on_home("purge", "--json").lines
    assert tombstone["document_id"] == document
    assert tombstone["complete"] is True
    assert desk.on_home("purge", "--readmit", document, "--json").json["readmitted"] is True
    assert desk.ingest().json["counts"]["indexed"] == 1
    assert desk.on_home("purge", "--json").lines == []


@pytest.mark.usefixtures("bytes_stay")
def test_a_person_is_asked_and_may_say_no(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    said = desk.on_home("purge", "rota.md")
    assert said.code == 1
    assert "rota.md in docs" in said.err
    assert "Nothing was changed" in said.out
    assert "rota.md" in listed(desk)
    monkeypatch.setattr(sys, "stdin", Terminal("yes\n"))
    said = desk.on_home("purge", "rota.md")
    assert said.code == 0
    assert "nothing is left" in said.out
    assert "1 points in holdfast__g1" in said.out
    assert "rota.md" not in listed(desk)
    assert "1 documents were purged" in desk.on_home("purge").out


@pytest.mark.parametrize("command", [["purge", "rota.md"], ["requests", "purge", "1234"]])
def test_a_person_reads_how_to_say_yes_and_a_program_only_results(
    desk: Any, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    said = desk.on_home(*command, "--json")
    assert (said.code, said.out) == (1, "")
    assert said.err.endswith("? [y/N] Nothing was changed.\n")


@pytest.mark.usefixtures("bytes_stay")
def test_what_cannot_be_meant_is_refused_and_changes_nothing(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    refused = desk.on_home("purge", "rota.md")
    assert refused.code == 2
    assert "give --yes" in refused.complaint
    for arguments, said in {
        ("nobody.md",): "There is no document 'nobody.md'",
        ("rota.md", "--source", "elsewhere"): "in the source 'elsewhere'",
        ("00000000-0000-4000-8000-000000000000",): "There is no document",
        ("rota.md", "--readmit", "00000000-0000-4000-8000-000000000000"): "not both",
        ("--readmit", "00000000-0000-4000-8000-000000000000"): "was not purged",
        ("--source", "docs"): "No DOCUMENT is named",
        (): "No DOCUMENT is named",
    }.items():
        ended = desk.on_home("purge", *arguments, "--yes")
        assert ended.code == 2
        assert said in ended.complaint
    other = desk.folder.parent / "other"
    other.mkdir()
    (other / "rota.md").write_text("Another rota.")
    assert desk.on_home("ingest", other, "--source", "other", "--json").code == 0
    twice = desk.on_home("purge", "rota.md", "--yes")
    assert twice.code == 2
    assert "is the key of 2 documents" in twice.complaint
    assert "--source" in twice.complaint
    assert desk.on_home("purge", "rota.md", "--source", "other", "--yes").code == 0
    assert [chunk["key"] for chunk in desk.chunks()] == ["keys.txt", "rota.md"]


@pytest.mark.usefixtures("bytes_stay")
def test_what_is_left_is_said_and_fails(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from indexing.upkeep import purge

    monkeypatch.setattr(purge, "count_left", lambda *_: 2)
    ended = desk.on_home("purge", "rota.md", "--yes")
    assert ended.code == 1
    assert "Still there: 2 run file lines" in ended.out
    assert "no" in desk.on_home("purge").out
    monkeypatch.undo()


def test_nothing_is_made_where_nothing_is(empty_desk: Any, tmp_path: Path) -> None:
    assert empty_desk.on_home("purge", "--json").lines == []
    assert not empty_desk.home.exists()
