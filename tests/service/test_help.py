"""Every command explains itself and can speak to programs."""

import importlib
import inspect
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cyclopts import App

from config.loading import load_settings
from service.cli import COMMANDS
from service.summaries import SUMMARIES

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


@pytest.mark.parametrize(
    ("words", "helpful"),
    [
        (["ingest", "--set", "chunking.max_tokens=120"], "holdfast ingest --help"),
        (["quarantine", "export"], "holdfast quarantine export --help"),
        (["docs", "shw"], "holdfast docs --help"),
        (["ingset"], "holdfast --help"),
    ],
)
def test_what_is_not_understood_leads_to_the_help_that_has_it(
    empty_desk: Any, words: list[str], helpful: str
) -> None:
    ended = empty_desk.call(*words)
    assert ended.code == 2
    assert f"See `{helpful}`." in ended.err


def test_the_command_alone_lists_every_command(empty_desk: Any) -> None:
    ended = empty_desk.call()
    assert ended.code == 0
    assert all(name in ended.out for name in COMMANDS)


def test_every_command_is_listed_with_the_first_line_of_its_own_help(empty_desk: Any) -> None:
    listed = " ".join(empty_desk.call("--help").out.replace("│", " ").split())
    for name, where in COMMANDS.items():
        module, _, attribute = where.partition(":")
        target = getattr(importlib.import_module(module), attribute)
        text = target.help if isinstance(target, App) else inspect.getdoc(target)
        assert SUMMARIES[name] == text.splitlines()[0]
        assert f"{name} {SUMMARIES[name].replace('`', '')}" in listed
    assert list(SUMMARIES) == list(COMMANDS)
    assert "one document is read from standard input" in " ".join(
        empty_desk.call("push", "--help").out.split()
    ), "the help of a command itself is whole"


def test_listing_the_commands_imports_none_of_them() -> None:
    code = (
        "import sys; from service.cli import run; run(['--help']); "
        "sys.exit([m for m in sys.modules if m.startswith('service.commands.')] or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_version_is_that_of_the_package(empty_desk: Any) -> None:
    from importlib.metadata import version

    assert empty_desk.call("--version").out.strip() == version("holdfast")


def test_init_writes_settings_that_load_and_keeps_what_is_there(empty_desk: Any) -> None:
    Path("examples", "handbook").mkdir(parents=True)
    first = empty_desk.call("init", "--json")
    assert first.code == 0
    written = Path(first.json["written"])
    (source,) = load_settings(written, env={}).settings.sources
    assert source.path.is_dir()
    content = written.read_text(encoding="utf-8")
    again = empty_desk.call("init")
    assert again.code == 2
    assert "was left as it is" in again.complaint
    assert written.read_text(encoding="utf-8") == content


def test_init_names_no_folder_as_a_source_that_is_not_there(empty_desk: Any) -> None:
    written = Path(empty_desk.call("init", "--json").json["written"])
    assert load_settings(written, env={}).settings.sources == ()
    assert "Add one under `sources:`" in empty_desk.call("ingest").complaint
    text = written.read_text(encoding="utf-8")
    for line in ("- name: handbook", "path: examples/handbook"):
        text = text.replace(f"# {line}", line)
    written.write_text(text, encoding="utf-8")
    (source,) = load_settings(written, env={}).settings.sources
    assert source.name == "handbook"


def test_init_writes_the_home_that_it_is_given(empty_desk: Any, tmp_path: Any) -> None:
    for number, home in enumerate((Path("my home: #1"), tmp_path / "é")):
        target = Path(f"{number}.yaml")
        assert empty_desk.call("init", "--config", target, "--home", home).code == 0
        assert load_settings(target, env={}).settings.home == home.absolute()


def test_init_writes_the_file_that_is_read_from_then_on(
    empty_desk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_CONFIG", str(tmp_path / "own.yaml"))
    assert empty_desk.call("init", "--json").json == {"written": str(tmp_path / "own.yaml")}
    assert empty_desk.call("status").code == 0
    monkeypatch.setenv("HOME", str(tmp_path))
    assert empty_desk.call("init", "--config", "~/mine.yaml").code == 0
    assert empty_desk.call("status", "--config", "~/mine.yaml").code == 0


def test_init_hides_no_settings_that_are_in_force(empty_desk: Any) -> None:
    Path("holdfast.yaml").write_text("tenant: ours\n", encoding="utf-8")
    ended = empty_desk.call("init")
    assert (ended.code, "holdfast.yaml exists already" in ended.complaint) == (2, True)
    assert load_settings(env={}).settings.tenant == "ours"


def test_init_writes_a_home_whose_name_is_not_utf_8(empty_desk: Any, tmp_path: Path) -> None:
    home = tmp_path / os.fsdecode(b"h\xe9 \xf0\x9f\x93\x84")
    assert empty_desk.call("init", "--config", "own.yaml", "--home", home).code == 0
    assert load_settings(Path("own.yaml"), env={}).settings.home == home


def test_init_leaves_no_half_of_a_file(empty_desk: Any) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        ended = empty_desk.call("init")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (ended.code, "cannot be written" in ended.complaint) == (2, True)
    assert empty_desk.call("init").code == 0
