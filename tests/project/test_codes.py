"""docs/codes.md names every code that programs can meet, and none that there is not."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from ingestion.document import Reason
from ingestion.marking import INJECTION
from query.ambiguity.conflicts import ANSWERS, CASES, NAMESAKES, REFERENTS
from query.claims.claim import ClaimVerdict
from query.decision import ReasonCode, Status, SuggestedAction, Verdict
from query.evidence.copies import DUPLICATE
from query.text.values import ValueKind
from service.exits import Exit

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "codes.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """What stands under a heading, up to the next one."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, f"no section {title}"
    return found[1]


def column(title: str, number: int) -> list[list[str]]:
    """The codes in one column, row by row, without the heads."""
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in section(title).splitlines()
            if line.startswith("|") and not line.startswith("|---")]  # fmt: skip
    return [re.findall(r"`(\w+)`", cells[number]) for cells in rows if len(cells) > number]


def named(title: str, number: int) -> list[str]:
    return [code for row in column(title, number) for code in row]


def pairs(pattern: str, *folders: str) -> list[Any]:
    """What a pattern with groups finds in the sources of some packages."""
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    assert len(files) > 10
    texts = (file.read_text(encoding="utf-8") for file in files)
    return [hit for text in texts for hit in re.findall(pattern, text, re.MULTILINE)]


def literals(pattern: str, *folders: str) -> set[str]:
    """What a pattern with one group finds there, each once."""
    return set(pairs(pattern, *folders))


def test_every_exit_code_is_there() -> None:
    listed = re.findall(r"^\| (\d+) \|", section("Exit codes"), re.MULTILINE)
    assert [int(code) for code in listed] == [*sorted(Exit), 130]


def test_the_readme_names_the_same_exit_codes() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^Exit codes: (.+)$", readme, re.MULTILINE)
    assert [int(code) for code in re.findall(r"\b\d+\b", line)] == [*sorted(Exit), 130]


def test_the_readme_shows_what_the_shipped_judge_says() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shipped = json.loads((ROOT / "query" / "models" / "reader.json").read_text(encoding="utf-8"))
    assert re.findall(r'"calibration_id": "([^"]+)"', readme) == [shipped["calibration_id"]]


def test_every_verdict_status_and_action_is_there() -> None:
    first = named("Decisions", 0)
    assert [code for code in first if code not in {"verdict", "status"}] == [*Verdict, *Status]
    assert set(SuggestedAction) <= set(named("Decisions", 2))


def test_every_reason_is_there_once() -> None:
    assert sorted(named("Reasons", 1)) == sorted(ReasonCode)


def test_every_slot_of_a_conflict_is_there() -> None:
    made = {CASES, NAMESAKES, REFERENTS, ANSWERS} | literals(r'Conflict\("(\w+)"', "query")
    assert set(named("Conflicts", 0)) == {"slot", *ValueKind, *made}


def test_every_verdict_on_a_claim_is_there() -> None:
    assert named("Claims of a check", 0) == ["verdict", *ClaimVerdict]


def test_every_problem_is_there() -> None:
    made = literals(r'(?:ProblemError|problem)\(\s*\d{3},\s*"(\w+)"', "service")
    assert len(made) > 10
    told = set(named("Problems of the HTTP services", 1))
    assert made | {"no_such_source"} == told


def test_every_reason_of_the_quarantine_is_there_and_when_it_is_tried_again() -> None:
    assert sorted(named("Documents in quarantine", 0)) == sorted(Reason)
    again = re.findall(r"^\| (.*) \| .* \| by the next run \|$", TEXT, re.MULTILINE)
    retried = {code for codes in again for code in re.findall(r"`(\w+)`", codes)}
    assert retried == {reason for reason in Reason if reason.retried}


def test_every_flag_is_there_and_none_that_there_is_not() -> None:
    told = set(named("Flags of documents, chunks and evidence", 0))
    written = literals(r'"([a-z_]+)"', "ingestion", "query")
    assert told <= written
    added = literals(r'flags\.add\("(\w+)"\)', "ingestion")
    added |= literals(r'flags=\("(\w+)",\)', "ingestion")
    constants = dict(pairs(r'^([A-Z_]+) = "(\w+)"$', "ingestion"))
    used = literals(r"flags\.(?:add|append)\((?:\w+\.)?([A-Z_]+)\)", "ingestion")
    used |= {name for name in constants if name.startswith(("INJECTION_IN", "INSTRUCTIONS_"))}
    assert len(added) > 3
    assert len(used) > 6
    assert added | {constants[name] for name in used} | {INJECTION, DUPLICATE} <= told


def test_every_metric_is_there() -> None:
    told = set(named("Metrics", 0))
    gauges = {f"holdfast_{name}" for name in literals(r'(?:gauge|single)\(\s*"(\w+)"', "service")}
    counted = literals(r'Counter\(\s*"(holdfast_\w+)"', "service")
    timed = literals(r'Histogram\(\s*"(holdfast_\w+)"', "service")
    assert len(gauges) > 8
    assert len(counted) > 3
    assert told == gauges | {f"{name}_total" for name in counted} | timed


@pytest.mark.parametrize("option", re.findall(r"`([a-z_]+\.[a-z_]+)(?:: \w+)?`", TEXT))
def test_every_setting_named_is_one(option: str) -> None:
    if option.endswith((".md", ".py")):
        pytest.skip("a file")
    name, _, key = option.partition(".")
    assert key in type(getattr(Settings(), name)).model_fields
