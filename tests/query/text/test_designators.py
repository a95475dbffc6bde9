"""Names with a number that sets them apart, as products and versions have them."""

from dataclasses import replace

import pytest

from config.settings import GateSettings
from query.asking.question import understand
from query.asking.small_letters import with_numbered_names
from query.decision import Verdict
from query.text.designators import about_siblings_only, find_designators, names_designator
from query.text.passages import Passage
from tests.query.quoting.test_meaning import passage


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Does the Tern 2 fit a Tern 4?", ["Tern 2", "Tern 4"]),
        ("What does the KneeGuard 4 cost?", ["KneeGuard 4"]),
        ("Is there an app for the iPhone 15?", ["iPhone 15"]),
        ("How wide is the bore of the Veridian 1.5T?", ["Veridian 1.5T"]),
        ("Does a Tern 1.5kg lighter exist, and what costs 5 % on May 3?", []),
    ],
    ids=["plain", "capitals inside", "a small letter first", "a letter behind", "none"],
)
def test_names_with_numbers_are_found_whole(text, found):
    assert [one.text for one in find_designators(text)] == found


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("MRI: Veridian 1.5T", True),
        ("MRI: Veridian 1.5 T, 2019", True),
        ("MRI: Veridian 3T", False),
        ("MRI: Veridian 11.5T", False),
    ],
)
def test_a_letter_behind_the_number_may_stand_apart(text, named):
    (wanted,) = find_designators("the Veridian 1.5T")
    assert names_designator(text, wanted) is named


def test_a_passage_about_a_sibling_with_capitals_inside_is_told():
    wanted = find_designators("What does the KneeGuard 4 cost?")
    assert about_siblings_only("KneeGuard 3: €89.90", wanted)
    assert not about_siblings_only("KneeGuard 3 and 4: €89.90", wanted)


@pytest.mark.parametrize(
    ("question", "verdict"),
    [
        ("What is the price of the KneeGuard 3?", Verdict.ANSWERABLE),
        ("What is the price of the KneeGuard 4?", Verdict.UNANSWERABLE),
    ],
)
def test_what_is_said_of_a_sibling_answers_nothing(shelve, page, make_engine, question, verdict):
    body = "The KneeGuard 3 supports the knee. The price of the KneeGuard 3 is 89.90 euro."
    store = shelve([page("knee.md", "KneeGuard 3", body)])
    assert make_engine(store=store).ground(question).verdict is verdict


def prose(text: str) -> Passage:
    return replace(passage(text), title="", headings=())


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("how long is the warranty of the tern 6?", ["Tern 6"]),
        ("HOW LONG IS THE WARRANTY OF THE TERN 6?", ["Tern 6"]),
        ("How long is the warranty of the Tern 6?", ["Tern 6"]),
        ("may a tern 2 weeks after its purchase be returned?", []),
        ("do i take 3 tablets on monday 6?", []),
    ],
    ids=["small", "capitals", "as written", "a measure", "no name"],
)
def test_a_numbered_name_is_told_however_the_question_writes_it(asked, told):
    written = prose("For the Tern 2 it is 24 months. Take 2 tablets of it.")
    question = understand(asked, GateSettings(), frozenset({"en"}))
    assert [one.text for one in with_numbered_names(question, [written]).designators] == told
    bare = with_numbered_names(question, [prose("Nothing is numbered here.")])
    assert bare.designators == question.designators
