"""What a person is shown of the gates: a table, and a plot that needs no picture."""

from uuid import UUID

import pytest

from flows.facts import (
    BAR,
    SHOWN_KEYS,
    bar,
    deletion_facts,
    gate_plot,
    gate_table,
    gate_tally,
    purge_facts,
)
from indexing.running.report import Counts, RunReport, RunState
from indexing.upkeep.purge_targets import Target

KNOWN = {"gate": "known_items", "outcome": "passed", "detail": "", "live": 1.0, "candidate": 0.75}
COUNTED = {"gate": "documents", "outcome": "passed", "detail": "", "live": 40.0, "candidate": 80.0}
UNMEASURED = {"gate": "aliases", "outcome": "passed", "detail": "", "live": None, "candidate": 2.0}


def test_every_gate_that_measured_both_has_a_pair_of_bars_on_a_scale_of_its_own() -> None:
    lines = gate_plot([KNOWN, UNMEASURED, COUNTED])
    assert lines[:2] == ["", "```text"]
    assert lines[-1] == "```"
    bars = [line.count("█") for line in lines[2:-1]]
    assert bars == [BAR, BAR * 3 // 4, BAR // 2, BAR]
    assert lines[2].startswith("known_items  live")
    assert lines[2].endswith(" 1")
    assert lines[5].endswith(" 80")
    assert "aliases" not in "".join(lines)


@pytest.mark.parametrize("gates", [[], [UNMEASURED]])
def test_without_a_pair_there_is_no_plot(gates: list[dict[str, object]]) -> None:
    assert gate_plot(gates) == []


@pytest.mark.parametrize(
    ("value", "longest", "drawn"),
    [(0.0, 0.0, ""), (0.0, 5.0, ""), (5.0, 5.0, "█" * BAR), (1 / (8 * BAR), 1.0, "▏"),
     (-1.0, 1.0, "█" * BAR)],
)  # fmt: skip
def test_a_bar_is_as_long_as_its_share_and_always_as_wide(
    value: float, longest: float, drawn: str
) -> None:
    assert bar(value, longest) == drawn.ljust(BAR, "░")


def test_a_gate_that_failed_comes_first_in_the_table() -> None:
    failed = COUNTED | {"outcome": "failed"}
    rows = gate_table([KNOWN, failed])
    assert next(i for i, r in enumerate(rows) if "documents" in r) < next(
        i for i, r in enumerate(rows) if "known" in r
    )


def test_what_a_gate_says_in_words_stands_below_the_figures() -> None:
    lines = gate_table([KNOWN | {"detail": "100 of 100 in the first 5"}, COUNTED])
    assert lines[-2:] == ["", "- **known\\_items**: 100 of 100 in the first 5"]
    assert not any("100 of 100" in line for line in lines[:-1])


def test_the_table_says_which_gates_looked_again_and_only_then() -> None:
    again, built = KNOWN | {"looked": "now"}, COUNTED | {"looked": "when built"}
    header, _, first, second, *_ = gate_table([again, built])
    assert "looked" in header
    assert [row.split(" | ")[2] for row in (first, second)] == ["**again**", "when built"]
    assert "looked" not in gate_table([again])[0]


def test_a_gate_that_measured_nothing_is_not_said_to_hold() -> None:
    skipped = KNOWN | {"gate": "golden", "outcome": "skipped"}
    failed = COUNTED | {"outcome": "failed"}
    assert gate_tally([KNOWN, COUNTED]) == "All 2 gates hold"
    assert gate_tally([KNOWN, COUNTED, skipped]) == "2 of 3 gates hold, skipped: golden"
    assert gate_tally([KNOWN, failed, skipped]) == "1 of 3 gates do not hold"


def test_the_table_says_of_which_generation_a_value_is_where_it_is_not_the_one_replaced() -> None:
    mine, other = KNOWN | {"against": "g3"}, COUNTED | {"against": "g1"}
    header, _, first, second, *_ = gate_table([mine, other], "g3")
    assert "held against" in header
    assert [row.split(" | ")[2] for row in (first, second)] == ["`g3`", "`g1`"]
    assert "documents" not in "".join(gate_plot([mine, other], "g3"))
    assert "held against" not in gate_table([mine], "g3")[0]


def test_without_a_generation_that_is_replaced_nothing_is_of_another_one() -> None:
    assert "held against" not in gate_table([KNOWN | {"against": "g1"}])[0]
    assert "held against" not in gate_table([KNOWN], "g3")[0], "it was held against none"


def test_the_change_is_what_is_new_less_what_is_live() -> None:
    (row,) = [line for line in gate_table([COUNTED | {"candidate": 30.0}]) if "documents" in line]
    assert [cell.strip() for cell in row.split("|")][3:6] == ["40", "30", "-10"]


def test_withheld_deletions_are_told_by_source_with_what_is_in_the_way() -> None:
    report = RunReport(
        run_id="r", state=RunState.DELETIONS_WITHHELD, generation="g", epoch=1,
        counts=Counts(enumerated=7), chunks_embedded=0, chunks_reused=0, seconds=1.0,
        withheld=tuple(f"k{n}.md" for n in range(SHOWN_KEYS + 4)),
        withheld_by_source={"docs": SHOWN_KEYS + 4, "wiki": 0}, problems=("No answer from a|b.",),
    )  # fmt: skip
    said = deletion_facts(report)
    assert said.startswith(f"## {SHOWN_KEYS + 4} deletions are withheld\n")
    assert "7 documents are listed now" in said
    assert f"| `docs` | {SHOWN_KEYS + 4} |" in said
    assert "wiki" not in said
    assert [f"`k{n}.md`" in said for n in (0, SHOWN_KEYS - 1, SHOWN_KEYS)] == [True, True, False]
    assert "… and 4 more" in said
    assert "**Problem:** No answer from a\\|b." in said


@pytest.mark.parametrize("more", [0, 3])
def test_a_purge_says_how_many_documents_it_does_not_show(more: int) -> None:
    targets = [
        Target(UUID(int=n), "docs", f"k{n}.md", "indexed", 2, 5) for n in range(SHOWN_KEYS + more)
    ]
    said = purge_facts(targets)
    assert said.startswith(f"## Remove {SHOWN_KEYS + more} documents for good?\n")
    assert said.count(".md`") == SHOWN_KEYS
    assert ("… and 3 more" in said) is bool(more)


@pytest.mark.parametrize("name", ["live", "candidate"])
def test_a_gate_that_measured_only_one_of_both_says_nothing_of_a_change(name: str) -> None:
    (row,) = [line for line in gate_table([KNOWN | {name: None}]) if "known" in line]
    assert row.split("|")[-2].strip() == ""
