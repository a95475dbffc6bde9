"""Batches of `ask` and `check`: nothing is lost, nothing that was given is left out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

KEYS = "In which room do the keys of the archive hang?"
CLAIM = "The keys of the archive hang in room twelve."


def lines_of(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    file = tmp_path / "batch.jsonl"
    file.write_text(json.dumps({"id": 1, "question": KEYS, "claim": CLAIM}) + "\n")
    return file


@pytest.mark.parametrize("command", ["ask", "check"])
@pytest.mark.parametrize("link", [None, Path.symlink_to, Path.hardlink_to])
def test_a_batch_is_not_written_over_by_its_own_results(
    desk: Any, batch: Path, command: str, link: Callable[[Path, Path], None] | None
) -> None:
    before, out = batch.read_bytes(), batch
    if link is not None:
        out = batch.with_name("results.jsonl")
        link(out, batch)
    ended = desk.on_home(command, "--batch", batch, "--out", out)
    assert ended.code == 2
    assert "name another file for the results" in ended.complaint
    assert batch.read_bytes() == before


@pytest.mark.parametrize("command", ["ask", "check"])
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("nonsense", "line 2 is not JSON"),
        ("[" * 100_000, "line 2 is not JSON"),
        ('{"id": ' + "1" * 5000 + "}", "line 2 is not JSON"),
        ("[1]", "line 2 is not a JSON object"),
    ],
    ids=["words", "deep", "long number", "list"],
)
def test_a_wrong_line_is_told_before_anything_is_asked_or_written(
    desk: Any, batch: Path, command: str, wrong: str, said: str
) -> None:
    results = batch.with_name("results.jsonl")
    results.write_text("what was found before\n")
    with batch.open("a") as more:
        more.write(wrong + "\n")
    ended = desk.on_home(command, "--batch", batch, "--out", results)
    assert ended.code == 2
    assert said in ended.complaint
    assert results.read_text() == "what was found before\n"
    assert desk.on_home("requests", "list", "--json").lines == []


@pytest.mark.parametrize(
    ("command", "wrong", "said"),
    [
        ("ask", {"history": 5}, "question 2: history has to be a sequence of turns, not int."),
        ("ask", {"history": ["a", 5]}, "question 2: each turn of history has to be text or an"),
        ("ask", {"exclude_keys": [5]}, "question 2: each of exclude_keys has to be text, not int."),
        ("ask", {"question": {"text": KEYS}}, "question 2: question has to be text, not dict."),
        ("check", {"evidence": [{"quote": CLAIM}]}, "claim 2: each of evidence has to be text"),
        ("check", {"evidence": {"quote": CLAIM}}, "claim 2: evidence has to be a collection"),
        ("check", {"answer": [CLAIM]}, "claim 2: answer has to be text, not list."),
        ("check", {"claim": None}, "claim 2: no `answer` and no `claim` in it."),
    ],
    ids=["history", "turn", "key", "question", "piece", "evidence", "answer", "neither"],
)
def test_a_line_of_another_type_is_told_before_anything_is_asked(
    desk: Any, batch: Path, command: str, wrong: dict[str, Any], said: str
) -> None:
    right = {"question": KEYS, "claim": CLAIM}
    batch.write_text(f"{json.dumps(right)}\n{json.dumps(right | wrong)}\n")
    results = batch.with_name("results.jsonl")
    ended = desk.on_home(command, "--batch", batch, "--out", results)
    assert ended.code == 2
    assert said in ended.complaint
    assert not results.exists()
    assert desk.on_home("requests", "list", "--json").lines == []


def test_a_text_may_hold_what_ends_lines_elsewhere(desk: Any, batch: Path) -> None:
    odd = ["a\u2028b", "c\u2029d", "e\x85f", "\ud800"]
    lines = [json.dumps({"id": one, "question": KEYS}, ensure_ascii=n == 3) + "\n"
             for n, one in enumerate(odd)]  # fmt: skip
    batch.write_text("".join(lines), encoding="utf-8")
    results = batch.with_name("results.jsonl")
    assert desk.on_home("ask", "--batch", batch, "--out", results).code == 0
    assert [line["id"] for line in lines_of(results)] == odd
    printed = desk.on_home("ask", "--batch", batch)
    assert printed.code == 0
    assert [json.loads(line)["id"] for line in printed.out.split("\n") if line] == odd


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ask", "--batch", "b", "--as-of", "1"], "--as-of cannot go with --batch"),
        (["ask", KEYS, "--out", "o"], "--out is for the results of a --batch"),
        (["ask", KEYS, "--batch", "b"], "either a QUESTION or --batch"),
        (["check", CLAIM, "--out", "o"], "--out is for the results of a --batch"),
        (["check", "--batch", "b", "--question", KEYS], "--question cannot go with --batch"),
        (["check", "--batch", "b", "--request", "r"], "--request cannot go with --batch"),
        (["check", CLAIM, "--request", "r", "--question", KEYS], "either --question or --request"),
        (["check"], "either a CLAIM or --batch"),
        (["check", " \n"], "CLAIM is blank, so nothing was checked."),
    ],
)
def test_nothing_that_was_given_is_left_out(desk: Any, arguments: list[str], said: str) -> None:
    ended = desk.on_home(*arguments)
    assert ended.code == 2
    assert said in ended.complaint
    assert not Path("o").exists()


def test_lines_that_could_not_be_asked_are_no_success(desk: Any, batch: Path) -> None:
    unknown = {"id": 2, "question": KEYS, "claim": CLAIM, "request_id": "f" * 32}
    with batch.open("a") as more:
        more.write(json.dumps(unknown) + "\n")
    ended = desk.on_home("check", "--batch", batch)
    assert ended.code == 3
    assert [line["claims"][0]["verdict"] for line in ended.lines] == ["supported", "not_checked"]
    (desk.home / "index").rename(desk.home / "elsewhere")
    for command, key in (("ask", "status"), ("check", "id")):
        ended = desk.on_home(command, "--batch", batch)
        assert ended.code == 1
        assert len([line[key] for line in ended.lines]) == 2


def test_a_check_that_could_not_be_made_is_no_success(desk: Any) -> None:
    unknown = desk.on_home("check", CLAIM, "--request", "f" * 32, "--json")
    assert (unknown.code, unknown.json["reasons"][0]["code"]) == (2, "no_such_request")
    (desk.home / "index").rename(desk.home / "elsewhere")
    down = desk.on_home("check", CLAIM, "--json")
    assert (down.code, down.json["reasons"][0]["code"]) == (1, "store_unavailable")


def test_a_check_where_nothing_is_indexed_is_no_success(empty_desk: Any, tmp_path: Path) -> None:
    found = empty_desk.on_home("check", CLAIM, "--json")
    assert (found.code, found.json["reasons"][0]["code"]) == (1, "nothing_indexed")
    assert [claim["verdict"] for claim in found.json["claims"]] == ["not_checked"]
    lines = tmp_path / "lines"
    lines.write_text(json.dumps({"claim": CLAIM}) + "\n")
    assert empty_desk.on_home("check", "--batch", lines).code == 1


def test_people_are_shown_where_it_says_so_or_otherwise(desk: Any) -> None:
    says_so = desk.on_home("check", CLAIM).out
    otherwise = desk.on_home("check", CLAIM.replace("twelve", "nine")).out
    key = next(piece["key"] for piece in desk.on_home("check", CLAIM, "--json").json["evidence"])
    assert f"by: {key} (version 1, characters " in says_so
    assert f"against it: {key} (version 1, characters " in otherwise
    assert "against it" not in says_so


def test_sentences_that_claim_nothing_are_no_failure(desk: Any) -> None:
    for text in ("Thank you!", f"Thank you! {CLAIM}"):
        ended = desk.on_home("check", text, "--json")
        assert ended.json["claims"][0]["verdict"] == "not_checked"
        assert ended.code == 0


def test_a_check_that_the_policy_keeps_from_being_made_is_a_refusal_and_no_failure(
    desk: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("topics: [{name: archive, patterns: ['archive']}]\n")
    monkeypatch.setenv("HOLDFAST_POLICY__FILE", str(policy))
    ended = desk.on_home("check", CLAIM, "--json")
    assert ended.json["claims"][0]["verdict"] == "not_checked"
    assert ended.code == 0
