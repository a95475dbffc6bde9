"""Keys of documents in artifacts and forms: hostile ones stay text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.markdown import LONGEST, bullets, code, facts, plain, table

HOSTILE = [
    "a`b`c", "a|b|c", "x\n## approve", "<img src=x onerror=alert(1)>", "[click](javascript:x)",
    "\u202egnp.exe", "**bold**", "a\r\n| forged | row |",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_key_stays_inside_its_code_span(text: str) -> None:
    shown = code(text)
    assert shown.startswith("`")
    assert shown.endswith("`")
    assert not set(shown[1:-1]) & set("`|\n\r\u202e")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_detail_makes_no_markup(text: str) -> None:
    shown = plain(text)
    assert "\n" not in shown
    assert "<" not in shown
    for mark in "`|[*#":
        assert shown.count(mark) == shown.count(f"\\{mark}")


@given(st.lists(st.text(), min_size=2, max_size=4))
def test_a_row_has_as_many_cells_as_its_header(cells: list[str]) -> None:
    lines = table(["x"] * len(cells), [[code(cell) for cell in cells]])
    assert len(lines) == 3
    assert {line.count("|") for line in lines} == {len(cells) + 1}


@given(st.text(max_size=5 * LONGEST))
def test_what_is_shown_is_bounded(text: str) -> None:
    assert len(code(text)) <= LONGEST + 2
    assert len(plain(text)) <= 5 * LONGEST + 2


def test_a_long_list_says_how_much_it_leaves_out() -> None:
    assert bullets(["a", "b", "c"], 2) == ["- `a`", "- `b`", "- … and 1 more"]
    assert bullets(["a"], 2) == ["- `a`"]


def test_a_report_is_told_in_words_and_escaped() -> None:
    report = {"blobs_looked_at": True, "dropped": [], "examples": ["a|b", "<c>"], "points": 0}
    assert facts(report | {"parts": [{"name": "g1", "left": None}]}) == {
        "blobs looked at": "yes",
        "dropped": "none",
        "examples": "a\\|b; &lt;c\\>",
        "points": "0",
        "parts": "name: g1, left: none",
    }
