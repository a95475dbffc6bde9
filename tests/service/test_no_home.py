"""A home that is not there: it is named, and no command that only reads makes one."""

from pathlib import Path
from typing import Any

import pytest

from config.loading import load_settings
from query.opening import open_engine
from service.options import Options, read_only, served

READING = (
    ["ask", "Where do the keys hang?", "--json"],
    ["ask", "--batch", "questions.jsonl"],
    ["check", "The keys hang in room twelve."],
    ["status"],
    ["docs", "list"],
    ["requests", "list"],
    ["doctor"],
)
NEEDING = (
    ["replay", "a1"],
    ["feedback", "a1", "--verdict", "wrong"],
    ["requests", "purge", "a1", "--yes"],
    ["quarantine", "retry"],
    ["verify"],
    ["gc"],
    ["reindex"],
    ["promote"],
    ["rollback"],
    ["purge", "keys.txt", "--yes"],
    ["approve", "."],
)


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_a_command_that_reads_names_the_home_that_is_not_there(
    empty_desk: Any, arguments: list[str]
) -> None:
    Path("questions.jsonl").write_text('{"id": "1", "question": "Where do the keys hang?"}\n')
    ended = empty_desk.on_home(*arguments)
    assert f"There is no home at {empty_desk.home}" in ended.err
    assert "--home" in ended.err
    assert not empty_desk.home.exists()


@pytest.mark.parametrize("arguments", NEEDING, ids=" ".join)
def test_a_command_that_needs_a_home_makes_none(empty_desk: Any, arguments: list[str]) -> None:
    ended = empty_desk.on_home(*arguments)
    assert ended.code == 2
    assert f"There is no home at {empty_desk.home}" in ended.complaint
    assert not empty_desk.home.exists()


def test_a_plan_for_a_home_that_is_to_come_tells_nothing_else(empty_desk: Any) -> None:
    empty_desk.write("keys.txt", "The keys of the archive hang in room twelve.\n")
    ended = empty_desk.on_home("plan", empty_desk.folder)
    assert (ended.code, ended.err) == (0, "")
    assert not empty_desk.home.exists()


def test_what_asks_in_threads_finds_nothing_rather_than_damage(tmp_path: Path) -> None:
    settings = load_settings(env={}, overrides={"home": tmp_path / "none"}).settings
    with read_only(settings) as corpus:
        decision = open_engine(corpus).answer("Where do the keys hang?")
    assert [reason.code.value for reason in decision.reasons] == ["nothing_indexed"]


def test_a_service_begins_a_home_and_says_so(tmp_path: Path, capsys: Any) -> None:
    home = tmp_path / "fresh"
    with served(Options(home=home)):
        assert home.exists()
    told = " ".join(capsys.readouterr().err.split())
    assert f"There is no home at {home}" in told
    with served(Options(home=home)):
        assert capsys.readouterr().err == ""
