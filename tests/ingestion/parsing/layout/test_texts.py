"""Lines to text: hyphens mended or kept, bullets taken off, nothing else lost."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.parsing.layout.hyphens import join_lines
from ingestion.parsing.layout.lists import begins_item, without_bullet

BLANKS = re.compile(r"\s+")


@pytest.mark.parametrize(
    ("lines", "words", "text"),
    [
        (["infor-", "mation"], (), "information"),
        (["infor\x02", "mation"], (), "information"),
        (["a well-", "known case"], {"well-known"}, "a well-known case"),
        (["a well-", "known case"], (), "a wellknown case"),
        (["application/x-amz-", "json"], (), "application/x-amz-json"),
        (["pages 10-", "12"], (), "pages 10- 12"),
        (["Nord-", "Ost"], (), "Nord- Ost"),
        (["Nord\x02", "Ost"], (), "Nord-Ost"),
        (["Zu\xadcker", "rübe"], (), "Zucker rübe"),
        (["one", "", "two"], (), "one two"),
    ],
)
def test_lines_are_joined(lines, words, text):
    assert join_lines(lines, words) == text


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("• First", "First"),
        ("- First", "First"),
        ("o First", "First"),
        ("1. First", "1. First"),
        ("(1) go to the next", "(1) go to the next"),
        ("3. Number two 3. Number three", "3. Number two 3. Number three"),
        ("* a - b", "a - b"),
    ],
)
def test_only_the_bullet_in_front_goes(line, text):
    assert begins_item(line)
    assert without_bullet(line) == text


@pytest.mark.parametrize("line", ["Plain words", "o", "-5 degrees", "2024 was a year", "a.b"])
def test_what_is_no_item(line):
    assert not begins_item(line)
    assert without_bullet(line) == line


@given(st.lists(st.text(st.characters(categories=("L", "Nd", "Zs")), max_size=30), max_size=8))
def test_without_hyphens_every_character_stays(lines):
    kept = BLANKS.sub("", "".join(lines))
    assert BLANKS.sub("", join_lines(lines)) == kept
