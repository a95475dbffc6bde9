"""docs/operations.md names every deployment, final state, event and automation of the flows."""

import re
from pathlib import Path

import yaml

from indexing.running.report import RunState
from indexing.upkeep.backup import BackupState

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def source(name: str) -> str:
    """The text of a module of `flows/`; importing it would take Prefect along."""
    return (ROOT / "flows" / name).read_text(encoding="utf-8")


def rows(head: str) -> list[list[str]]:
    """The cells of the table with this head, row by row."""
    (table,) = re.findall(rf"^\| {head} \|.*\n\|[-|]+\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    return [row.strip("|").split("|") for row in table.splitlines()]


def named(cell: str) -> list[str]:
    return re.findall(r"`([\w.-]+)`", cell)


def test_every_deployment_with_its_schedule_and_what_a_second_click_does() -> None:
    made = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    shown = {named(cells[0])[0]: [cell.strip() for cell in cells] for cells in rows("deployment")}
    assert [*shown] == [one["name"] for one in made]
    for one in made:
        *_, schedule, again = shown[one["name"]]
        assert schedule == (one["schedules"][0]["slug"] if one["schedules"] else "")
        cancels = one["concurrency_limit"]["collision_strategy"] == "CANCEL_NEW"
        assert again == ("one is enough" if cancels else "waits")


def test_every_final_state() -> None:
    ending = re.findall(r'^    [A-Z_]+ = "(\w+)"$', source("states.py"), re.MULTILINE)
    shown = [name for cells in rows("name") for name in named(cells[0])]
    ordinary = {RunState.FAILED, RunState.INTERRUPTED}  # Prefect's own
    assert sorted(shown) == sorted({*RunState, *BackupState, *ending} - ordinary)


def test_every_event() -> None:
    emitted = re.findall(r'^[A-Z]+ = "(holdfast\.[\w.]+)"$', source("events.py"), re.MULTILINE)
    assert sorted(named(cells[0])[0] for cells in rows("event")) == sorted(emitted)


def test_every_automation() -> None:
    made = re.findall(r'name="holdfast: ([^"]+)"', source("automations.py"))
    assert [cells[0].strip() for cells in rows("automation")] == made
