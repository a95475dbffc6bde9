"""What stands under the heading of another thing of the kind is not about what is asked."""

import pytest

from query.evidence.sections import about_what_is_asked
from tests.query.ambiguity.test_conflicts import ask, titled
from tests.query.judging.test_ordering import listed

BRANCHES = """Our locations

Branch Eastfield

4 Mill Road. Three steps at the entrance.

Branch Northgate

77 Northgate Square. Opened in April 2024.

Parking costs nothing."""
OLD = titled("Prices 2025", "The consultation costs 79 euro.", 1)
NEW = titled("Prices 2026", "The consultation costs 85 euro.", 2)


def left(question: str, text: str = BRANCHES) -> str:
    (passage,) = about_what_is_asked(listed(text), ask(question))
    assert len(passage.text) == len(text)
    return passage.text


def test_the_section_of_another_branch_is_blanked():
    text = left("When was the branch in Eastfield opened?")
    assert "April 2024" not in text
    assert "Three steps" in text
    assert "Our locations" in text


@pytest.mark.parametrize(
    "question",
    [
        "When was the branch in Northgate or the one in Eastfield opened?",
        "When was the branch opened?",
        "Where is Rosalind Pike?",
        "When did the branch in Southport open?",
    ],
    ids=["both are asked about", "no name", "no heading has it", "another name"],
)
def test_all_is_kept_where_no_heading_sets_them_apart(question):
    assert left(question) == BRANCHES


def test_what_names_the_thing_asked_about_is_kept():
    text = BRANCHES.replace("Opened in", "Like Eastfield opened in")
    assert "April 2024" in left("When was the branch in Eastfield opened?", text)


@pytest.mark.parametrize(
    "line",
    [
        "Branch Northgate opens late.",
        "Branch Northgate | 77 Northgate Square",
        "Branch Northgate, where all of our vans are parked at night and at the weekend",
        "branch Northgate",
    ],
    ids=["a sentence", "a row", "too long", "begun small"],
)
def test_what_is_no_heading_sets_nothing_apart(line):
    text = BRANCHES.replace("Branch Northgate", line)
    assert left("When was the branch in Eastfield opened?", text) == text


def test_neither_another_number_nor_another_year_is_about_what_is_asked():
    said = left("What does band 4 get?", "Band 3 gets a phone. Band 4 gets a car.")
    assert ("phone" in said, "car" in said) == (False, True)
    question = ask("What does the consultation cost in 2026?")
    assert about_what_is_asked((OLD, NEW), question) == (NEW,)
