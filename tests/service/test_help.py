"""Every command explains itself and can speak to programs."""

from typing import Any

import pytest

from service.cli import COMMANDS

GROUPS = {
    "docs": ["list", "show", "chunks"],
    "quarantine": ["list", "retry"],
    "policy": ["check", "dry-run"],
    "eval": ["new"],
    "requests": ["list", "show", "purge"],
}
EVERY = [[name, *rest] for name in COMMANDS for rest in [[s] for s in GROUPS.get(name, [])] or [[]]]


@pytest.mark.parametrize("command", EVERY, ids=" ".join)
def test_every_command_has_help_and_json(empty_desk: Any, command: list[str]) -> None:
    ended = empty_desk.call(*command, "--help")
    assert ended.code == 0
    assert ended.err == ""
    for option in ("--json", "--config", "--home"):
        assert option in ended.out
    usage, _, rest = ended.out.partition("\n")
    assert usage.startswith(f"Usage: holdfast {' '.join(command)}")
    described = next(line for line in rest.splitlines() if line.strip())
    assert described[0].isupper()
    assert len(described.split()) > 3


def test_the_command_alone_lists_every_command(empty_desk: Any) -> None:
    ended = empty_desk.call()
    assert ended.code == 0
    assert all(name in ended.out for name in COMMANDS)


def test_the_version_is_that_of_the_package(empty_desk: Any) -> None:
    from importlib.metadata import version

    assert empty_desk.call("--version").out.strip() == version("holdfast")


def test_init_writes_settings_that_load_and_keeps_what_is_there(empty_desk: Any) -> None:
    from pathlib import Path

    from config.loading import load_settings

    first = empty_desk.call("init", "--json")
    assert first.code == 0
    written = Path(first.json["written"])
    assert load_settings(written, env={}).settings.sources
    content = written.read_text(encoding="utf-8")
    again = empty_desk.call("init")
    assert again.code == 2
    assert "was left as it is" in again.complaint
    assert written.read_text(encoding="utf-8") == content
