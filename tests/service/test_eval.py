"""`holdfast eval`: the live index, documents of a set, two states, a report, and bad input."""

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from indexing.corpus import open_corpus
from indexing.errors import StoreUnavailableError
from indexing.ledger.requests import logged_requests
from indexing.stores.edge import EdgeStore
from query.networks.trained_file import SHIPPED

QUESTIONS = (
    {"id": "a", "question": "When does the night shift begin?", "label": "answerable",
     "gold_keys": ["rota.md"]},
    {"id": "b", "question": "Where do the keys of the archive hang?", "label": "answerable",
     "gold_keys": ["keys.txt"]},
    {"id": "c", "question": "Who won the world cup in 1974?", "label": "unanswerable",
     "tier": "far"},
)  # fmt: skip


def write(path: Path, records: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    return path


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    return write(tmp_path / "golden.jsonl", QUESTIONS)


def test_the_live_index_is_judged_and_nothing_is_logged(desk: Any, golden: Path) -> None:
    ended = desk.on_home("eval", golden, "--json")
    assert ended.code == 0
    (found,) = ended.json["sets"]
    assert found["questions"] == 3
    assert found["retrieval"]["hit@5"]["value"] == 1.0
    assert found["tiers"]["far"]["n"] == 1
    assert ended.json["state"].startswith("holdfast__g1 at epoch")
    corpus = open_corpus(Settings(home=desk.home))
    assert logged_requests(corpus.ledger, "default", 1) == []
    corpus.close()


@pytest.mark.parametrize("command", ["eval", "calibrate"])
def test_no_question_waits_for_the_models(
    desk: Any, golden: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    seen, whole = [], EdgeStore.search
    monkeypatch.setattr("evaluation.asking.load_models", lambda _: seen.append("loaded"))
    monkeypatch.setattr(EdgeStore, "search", lambda *a, **b: seen.append("asked") or whole(*a, **b))
    desk.on_home(command, golden)
    assert seen[:2] == ["loaded", "asked"]
    assert seen.count("loaded") == 1


def test_a_set_with_documents_needs_no_home(empty_desk: Any, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    write(folder / "documents.jsonl", [
        {"id": "rota", "title": "Rota", "text": "The night shift begins at ten in the evening."},
        {"id": "keys/1", "title": "", "text": "The keys of the archive hang in room twelve."},
    ])  # fmt: skip
    write(folder / "questions.jsonl", [
        {**QUESTIONS[0], "gold_keys": ["rota"]}, {**QUESTIONS[1], "gold_keys": ["keys/1"]},
        {"id": "d", "question": "When does the night shift begin?", "label": "unanswerable",
         "tier": "ablated", "exclude_document_ids": ["rota"]},
    ])  # fmt: skip
    ended = empty_desk.on_home("eval", folder, "--json")
    assert ended.code == 0
    (found,) = ended.json["sets"]
    assert found["retrieval"]["hit@1"]["value"] == 1.0
    assert not empty_desk.home.exists()
    by_id = {o["id"]: o for o in found["worst"]}
    assert "rota.txt" not in by_id.get("d", {"retrieved": []})["retrieved"]


def test_report_and_json_are_written(desk: Any, golden: Path, tmp_path: Path) -> None:
    page, data = tmp_path / "report.html", tmp_path / "report.json"
    ended = desk.on_home("eval", golden, "--report", page, "--out", data)
    assert ended.code == 0
    assert "hit@1" in ended.out
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert json.loads(data.read_text(encoding="utf-8"))["sets"][0]["name"] == "golden"
    assert desk.on_home("eval", golden, "--report", tmp_path / "no" / "x.html").code == 2


def test_a_set_may_have_a_name_that_is_not_utf_8(desk: Any, golden: Path, tmp_path: Path) -> None:
    named = tmp_path / os.fsdecode(b"caf\xe9.jsonl")
    try:
        golden.rename(named)
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    page, data = tmp_path / "report.html", tmp_path / "report.json"
    assert desk.on_home("eval", named, "--report", page, "--out", data).code == 0
    assert "<h2>caf\\udce9</h2>" in page.read_text(encoding="utf-8")
    assert json.loads(data.read_text(encoding="utf-8"))["sets"][0]["name"] == "caf\udce9"


def test_two_dates_are_compared_and_a_loss_ends_with_4(desk: Any, tmp_path: Path) -> None:
    many = [{**QUESTIONS[0], "id": f"q{i}"} for i in range(8)]
    golden = write(tmp_path / "golden.jsonl", many)
    desk.write("rota.md", "# Rota\n\nNothing of interest is planned for the summer.\n")
    desk.ingest()
    ended = desk.on_home("eval", golden, "--compare", "1", "2", "--json")
    (compared,) = ended.json["comparisons"]
    assert set(compared["figures"]) >= {"hit@1", "right_verdict"}
    assert compared["regressed"] == (ended.code == 4)
    same = desk.on_home("eval", golden, "--compare", "2", "2", "--json")
    assert same.code == 0
    assert same.json["comparisons"][0]["worse"] == []


def test_documents_are_looked_for_in_the_state_that_is_compared(desk: Any, tmp_path: Path) -> None:
    golden = write(tmp_path / "golden.jsonl", [QUESTIONS[0]])
    (desk.folder / "rota.md").unlink()
    desk.write("new.md", "# New\n\nThe new shift begins at noon.\n")
    desk.ingest()
    two = desk.on_home("docs", "list", "--json")
    assert "rota.md" not in two.out
    there = desk.on_home("eval", golden, "--compare", "1", "1", "--json").json["sets"][0]
    assert there["unknown_documents"] == []
    assert there["retrieval"]["hit@5"]["value"] == 1.0
    newest = str(desk.on_home("status", "--json").json["epoch"])
    gone = desk.on_home("eval", golden, "--compare", "1", newest, "--json").json["sets"][0]
    assert gone["unknown_documents"] == ["rota.md"]


def test_a_state_that_never_was_is_refused_before_anything_is_asked(
    desk: Any, golden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EdgeStore, "search", lambda *_, **__: pytest.fail("it was asked"))
    refused = desk.on_home("eval", golden, "--compare", "1", "999")
    assert (refused.code, "Epoch 999 of holdfast__g1 has not" in refused.complaint) == (2, True)
    assert (
        "There is no generation"
        in desk.on_home("eval", golden, "--compare", "1", "holdfast__g7@1").complaint
    )
    assert desk.on_home("eval", golden, "--compare", "1", "x").complaint.startswith("--compare 'x'")


def test_bad_input_is_explained(desk: Any, empty_desk: Any, golden: Path, tmp_path: Path) -> None:
    assert "Name at least one SET" in desk.on_home("eval").complaint
    assert "no question set" in desk.on_home("eval", tmp_path / "nowhere").complaint
    nothing = empty_desk.call("eval", golden, "--home", tmp_path / "new")
    assert nothing.code == 2
    assert "nothing is indexed" in nothing.complaint


def test_a_draft_is_written_once_and_can_be_asked(desk: Any, tmp_path: Path) -> None:
    desk.write("facts.md", "# Facts\n\nThe probation period is six months. The fee is €40.\n")
    desk.ingest()
    out = tmp_path / "draft.jsonl"
    ended = desk.on_home("eval", "new", out, "--count", "8", "--json")
    assert ended.code == 0
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == ended.json["questions"]
    assert {"answerable", "unanswerable"} == {line["label"] for line in lines}
    assert all(line["reviewed"] is False for line in lines)
    again = desk.on_home("eval", "new", out)
    assert again.code == 2
    assert "left as it is" in again.complaint
    asked = desk.on_home("eval", out, "--json").json["sets"][0]
    assert asked["unreviewed"] == len(lines)


def test_a_draft_of_nothing_is_refused(desk: Any, empty_desk: Any, tmp_path: Path) -> None:
    assert (
        "Nothing is indexed"
        in empty_desk.call(
            "eval", "new", tmp_path / "x.jsonl", "--home", tmp_path / "new"
        ).complaint
    )
    assert "--count" in desk.on_home("eval", "new", tmp_path / "x.jsonl", "--count", "1").complaint


def test_what_was_asked_of_what_is_said_set_by_set(desk: Any, golden: Path, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    write(folder / "documents.jsonl", [{"id": "rota", "text": "The night shift begins at ten."}])
    write(folder / "questions.jsonl", [{**QUESTIONS[0], "gold_keys": ["rota"]}])
    found = desk.on_home("eval", golden, folder, "--json").json
    live, own = (one["asked_of"] for one in found["sets"])
    assert live.startswith("holdfast__g1 at epoch")
    assert own == "the documents of the set"
    assert found["state"] == f"{live} (golden); {own} (own)"


def test_documents_that_are_not_there_are_named(desk: Any, tmp_path: Path) -> None:
    lines = [{**QUESTIONS[0], "gold_keys": ["rota.md", "rotta.md"], "exclude_keys": ["gone.md"]}]
    file = write(tmp_path / "golden.jsonl", lines)
    found = desk.on_home("eval", file, "--json").json["sets"][0]
    assert found["unknown_documents"] == ["gone.md", "rotta.md"]
    told = " ".join(desk.on_home("eval", file).out.split())
    assert "2 documents that questions name are not there" in told
    folder = tmp_path / "own"
    write(folder / "documents.jsonl", [{"id": "rota", "text": "The night shift begins at ten."}])
    write(folder / "questions.jsonl", [{**QUESTIONS[0], "gold_keys": ["rotta"]}])
    own = desk.on_home("eval", folder, "--json").json["sets"][0]
    assert own["unknown_documents"] == ["rotta"]


def test_documents_of_another_tenant_are_not_there(
    desk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "golden.jsonl", [{**QUESTIONS[0], "gold_keys": ["rota.md"]}])
    assert desk.on_home("eval", file, "--json").json["sets"][0]["unknown_documents"] == []
    monkeypatch.setenv("HOLDFAST_TENANT", "elsewhere")
    found = desk.on_home("eval", file, "--json").json["sets"][0]
    assert found["unknown_documents"] == ["rota.md"]
    assert found["retrieval"]["hit@5"]["value"] == 0.0


def test_what_the_questions_cannot_tell_is_a_dash(desk: Any, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    for chosen in (QUESTIONS[:2], QUESTIONS[2:]):
        file = write(tmp_path / "golden.jsonl", chosen)
        told = desk.on_home("eval", file, "--report", page).out
        assert not re.search(r"\bnan\b", told)
        assert re.search(r"AUROC +│ - ", told)
        assert not re.search(r"\bnan\b", page.read_text(encoding="utf-8"))
    assert "unanswerable, tier" in told
    only_answerable = write(tmp_path / "golden.jsonl", QUESTIONS[:2])
    assert "unanswerable, tier" not in desk.on_home("eval", only_answerable).out


def test_lines_that_no_figure_counts_are_told(desk: Any, tmp_path: Path) -> None:
    file = write(tmp_path / "golden.jsonl", [{"question": "When does the night shift begin?"}])
    told = " ".join(desk.on_home("eval", file).out.split())
    assert "1 of them have neither a label nor a document that answers them" in told


def test_documents_of_a_set_that_were_refused_are_named(desk: Any, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    documents = [
        {"id": "rota", "text": "The night shift begins at ten."},
        {"id": "x/y", "text": ""},
    ]
    write(folder / "documents.jsonl", documents)
    write(folder / "questions.jsonl", [{**QUESTIONS[0], "gold_keys": ["rota", "x/y"]}])
    found = desk.on_home("eval", folder, "--json").json["sets"][0]
    assert found["unknown_documents"] == ["x/y"]


def test_claims_beside_questions_leave_no_question_out(desk: Any, tmp_path: Path) -> None:
    folder = tmp_path / "both"
    write(folder / "questions.jsonl", QUESTIONS)
    write(folder / "claims.jsonl", [{"claim": "x", "evidence": ["x"], "label": "supported"}])
    found = desk.on_home("eval", folder, "--json").json
    assert [one["questions"] for one in found["sets"]] == [3]
    assert [one["n"] for one in found["texts"]] == [1]


def test_claims_that_no_reader_read_are_told_and_end_with_3(
    desk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, page = tmp_path / "set", tmp_path / "page.html"
    line = {"claim": "Cats are shy.", "evidence": ["Cats are shy."], "label": "supported"}
    write(folder / "claims.jsonl", [line])
    reader = tmp_path / "reader"
    reader.mkdir()
    shutil.copy(SHIPPED / "claims.json", reader)
    monkeypatch.setenv("HOLDFAST_CLAIMS__READER", str(reader))
    ended = desk.on_home("eval", folder, "--report", page)
    assert ended.code == 3
    assert "1 of the claims were checked by rules alone" in ended.out
    assert "1 claims were checked by rules alone" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("option", ["--report", "--out"])
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_asked(
    desk: Any, golden: Path, tmp_path: Path, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = desk.on_home("eval", golden, option, tmp_path / "no" / "x")
    assert (refused.code, "nothing was asked" in refused.complaint) == (2, True)
    assert "hit@1" not in refused.out
    left = tmp_path / "later"
    monkeypatch.setattr("service.commands.eval.check_writable", lambda _: left.mkdir())
    filled = desk.on_home("eval", golden, option, left)
    assert (filled.code, "cannot be written" in filled.complaint) == (2, True)
    assert "hit@1" in filled.out


def test_nothing_is_asked_for_what_cannot_be_told(
    desk: Any, golden: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EdgeStore, "search", lambda *_, **__: pytest.fail("it was asked"))
    page = tmp_path / "page.html"
    same = desk.on_home("eval", golden, "--report", page, "--out", tmp_path / "." / "page.html")
    assert (same.code, "name two files" in same.complaint, page.exists()) == (2, True, False)
    claims = tmp_path / "claims"
    write(claims / "claims.jsonl", [{"claim": "x"}])
    assert "claims.jsonl, line 1" in desk.on_home("eval", golden, claims).complaint
    assert (
        "needs a set of questions" in desk.on_home("eval", claims, "--compare", "1", "1").complaint
    )


@pytest.mark.parametrize("option", ["--report", "--out"])
def test_a_set_is_never_replaced_by_its_own_figures(
    option: str, desk: Any, golden: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    inside = folder / "questions.jsonl"
    inside.write_bytes(golden.read_bytes())
    link = tmp_path / "link.html"
    link.symlink_to(golden)
    for asked, target in ((golden, golden), (golden, link), (folder, inside)):
        ended = desk.on_home("eval", asked, option, target)
        assert (ended.code, "name another file" in ended.complaint) == (2, True)
    assert inside.read_bytes() == golden.read_bytes() != b""
    earlier = folder / "figures.html"
    earlier.write_text("of yesterday")
    assert desk.on_home("eval", folder, option, earlier).code == 0
    assert earlier.read_text() != "of yesterday"


def test_a_negative_limit_is_a_usage_error(desk: Any, golden: Path) -> None:
    for command in ("eval", "calibrate"):
        ended = desk.on_home(command, golden, "--limit", "-5")
        assert (ended.code, "--limit must be at least 0" in ended.complaint) == (2, True)


def test_an_outage_is_no_measurement(
    desk: Any, golden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: Any, **__: Any) -> Any:
        raise StoreUnavailableError("gone")

    whole = EdgeStore.search
    monkeypatch.setattr(EdgeStore, "search", down)
    ended = desk.on_home("eval", golden, "--json")
    assert ended.code == 1
    (found,) = ended.json["sets"]
    assert (found["gate"], found["retrieval"]) == (None, None)
    assert found["unavailable"]["reasons"]["store_unavailable"] == 3
    told = desk.on_home("eval", golden)
    assert "3 of them could not be asked (store_unavailable)" in " ".join(told.out.split())
    assert "AUROC" not in told.out

    asked = iter(range(9))
    monkeypatch.setattr(
        EdgeStore, "search", lambda *a, **b: down() if not next(asked) else whole(*a, **b)
    )
    some = desk.on_home("eval", golden, "--json")
    assert some.code == 3
    assert some.json["sets"][0]["unavailable"]["questions"] == 1


def test_an_outage_of_the_earlier_state_is_no_comparison(
    desk: Any, golden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: Any, **__: Any) -> Any:
        raise StoreUnavailableError("gone")

    asked, whole = iter(range(9)), EdgeStore.search
    monkeypatch.setattr(
        EdgeStore, "search", lambda *a, **b: down() if next(asked) < 3 else whole(*a, **b)
    )
    ended = desk.on_home("eval", golden, "--compare", "1", "1", "--json")
    assert (ended.code, ended.json["sets"][0]["unavailable"]["questions"]) == (1, 0)
    (compared,) = ended.json["comparisons"]
    assert (compared["left_out"], compared["figures"]) == (3, {})


def test_documents_named_by_id_are_hidden_and_found_beside_keys(desk: Any, tmp_path: Path) -> None:
    listed = desk.on_home("docs", "list", "--json").lines
    rota, keys = (
        next(d["document_id"] for d in listed if d["key"] == key) for key in ("rota.md", "keys.txt")
    )
    lines = [
        {**QUESTIONS[0], "exclude_document_ids": [rota]},
        {**QUESTIONS[1], "gold_keys": ["gone.md", keys]},
    ]
    found = desk.on_home("eval", write(tmp_path / "golden.jsonl", lines), "--json").json["sets"][0]
    assert found["unknown_documents"] == ["gone.md"]
    assert found["retrieval"]["hit@1"]["value"] == 0.5, "the one hidden, the other found"
    hidden = next(o for o in found["worst"] if o["id"] == QUESTIONS[0]["id"])
    assert "rota.md" not in hidden["retrieved"]


def test_documents_of_a_set_may_have_any_uuid_as_their_id(desk: Any, tmp_path: Path) -> None:
    rota = "6f1c0bd4-5f0e-4f0e-9d3e-2f3a5b7c9d11"
    folder = tmp_path / "own"
    write(folder / "documents.jsonl", [{"id": rota, "text": "The night shift begins at ten."}])
    write(folder / "questions.jsonl", [{**QUESTIONS[0], "gold_keys": [rota]}])
    found = desk.on_home("eval", folder, "--json").json["sets"][0]
    assert found["unknown_documents"] == []
    assert found["retrieval"]["hit@1"]["value"] == 1.0
