"""What a person is shown of the gates: a table, and a plot that needs no picture."""

import pytest

from flows.facts import BAR, bar, gate_plot, gate_table, gate_tally

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


@pytest.mark.parametrize("name", ["live", "candidate"])
def test_a_gate_that_measured_only_one_of_both_says_nothing_of_a_change(name: str) -> None:
    (row,) = [line for line in gate_table([KNOWN | {name: None}]) if "known" in line]
    assert row.split("|")[-2].strip() == ""
