"""Releases are named by what their notes are headed with, and set those of others apart."""

import pytest

from config.settings import GateSettings
from query.asking.question import understand
from query.decision import Verdict
from query.evidence.sections import about_what_is_asked
from query.text.designators import Designator, names_designator
from query.text.releases import bare_releases, sections
from tests.query.ambiguity.test_conflicts import ask
from tests.query.judging.test_ordering import listed

NOTES = """Release notes of Quill

4.0.0 (2025-11-04)

The default port moved to 7410.

3.8.0 (2025-06-12)

Added full-text search for Japanese.

v3.7 - 2 April 2025

Fixed a deadlock."""


@pytest.mark.parametrize(
    ("text", "wanted", "named"),
    [
        (NOTES, Designator("version", "3.8.0"), True),
        (NOTES, Designator("version", "3.8"), True),
        (NOTES, Designator("Quill", "4.0"), True),
        (NOTES, Designator("Ink", "4.0"), False),
        (NOTES, Designator("version", "3.7.0"), True),
        (NOTES, Designator("version", "3.9.0"), False),
        ("The case weighs 3.8 kg.", Designator("version", "3.8"), False),
        ("3.8 (see above) | 12", Designator("version", "3.9"), False),
        ("Fixed in 4.0.1.", Designator("version", "4.0"), False),
        ("Versions before 3.6 get no fixes.", Designator("version", "3.5.2"), True),
        ("Versions before 3.6 get no fixes.", Designator("version", "3.6"), False),
        ("It needs version 3.6 or newer.", Designator("version", "3.10"), True),
        ("Since version 3.6 there are roles.", Designator("version", "3.10"), False),
        ("Staff in bands 3 to 5 get a phone.", Designator("band", "4"), True),
        ("Staff in bands 3 to 5 get a phone.", Designator("band", "6"), False),
    ],
)
def test_a_release_is_named_by_its_heading_and_within_a_span(text, wanted, named):
    assert names_designator(text, wanted) is named


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("What's new in 3.8.0, and in v4.0.1?", ("3.8.0", "4.0.1")),
        ("What happened on 05.03.24 and on 12.05.2024?", ()),
        ("Who has 1.200.500 shares of the host 10.0.0.1, by section 4.2.1?", ()),
    ],
)
def test_a_number_of_three_parts_in_a_question_is_a_release(text, found):
    assert bare_releases(text) == found
    question = understand(text, GateSettings(), frozenset({"en"}))
    assert tuple(one.number for one in question.designators if one.head == "version") == found
    assert not found or not question.values


def test_a_line_of_a_table_or_a_chapter_is_no_heading_of_a_release():
    assert [one.number for one in sections(NOTES)] == ["4.0.0", "3.8.0", "3.7"]
    assert sections("3.8 | 4.0 | 2024\n2.1 Annual leave\n18.30 - Dinner") == ()


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("What was added in version 3.8.0?", "Japanese"),
        ("What was fixed in 3.7.0?", "deadlock"),
        ("What was fixed in Quill 3.7.0?", "deadlock"),
        ("What has changed since version 3.8?", "port deadlock Japanese"),
        ("On which port does it run with Python 3.11?", "port deadlock Japanese"),
    ],
)
def test_the_notes_of_other_releases_are_blanked(asked, kept):
    (passage,) = about_what_is_asked(listed(NOTES), ask(asked))
    assert len(passage.text) == len(NOTES)
    said = [word for word in ("port", "Japanese", "deadlock") if word in passage.text]
    assert sorted(said) == sorted(kept.split())


def test_notes_of_other_releases_only_are_no_evidence(shelve, page, make_engine):
    store = shelve([page("notes.md", "Release notes", NOTES)])
    decision = make_engine(store=store).ground("What was added in version 3.9.0?")
    assert decision.verdict is Verdict.UNANSWERABLE
    assert decision.missing == ("version 3.9.0",)
