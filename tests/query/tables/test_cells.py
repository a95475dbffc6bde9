"""The cell that a question asks for is found by the names of its row and its column."""

import pytest

from query.tables.cells import asked_cells
from tests.query.ambiguity.test_conflicts import ask, candidates
from tests.query.tables.test_comparing import WARRANTY

COURSES = """Courses

Code | Credits | Lecturer | Prerequisites
CS 1010 | 10 | Hana Sato | none
CS 1020 | 10 | Hana Sato | CS 1010
CS 2010 | 15 | Marek Novotny | CS 1020

Courses begin in autumn."""
PROJECTS = """Projects

Code | Title | Room | Term
P 1 | Robot Arm | A3 | Autumn
P 2 | Tide Gauge | | Spring
P 3 | Sun Dial | B1 | Spring

Rooms may change."""
SPA = """Spa

Treatment | Minutes | Price
Massage | 25 | €38
Back massage | 20 | €31
Facial | 45 | €54

Open daily."""


def cell(question: str, text: str):
    found = [(one.row.label, one.text) for one in asked_cells(ask(question), candidates(text))]
    return found[0] if found else None


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("How many credits does CS 2010 have?", COURSES, ("CS 2010", "15")),
        ("What are the prerequisites of CS 1010?", COURSES, ("CS 1010", "none")),
        ("What is the price of a back massage?", SPA, ("Back massage", "€31")),
        ("What is the price of a massage?", SPA, ("Massage", "€38")),
        ("Which price has the facial?", SPA, ("Facial", "€54")),
        ("In which room is the Robot Arm built?", PROJECTS, ("P 1", "A3")),
        ("In which room is the Tide Gauge built?", PROJECTS, ("P 2", "")),
    ],
)
def test_the_cell_is_found(question, text, expected):
    assert cell(question, text) == expected


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Which course has CS 1010 among its prerequisites?", COURSES),
        ("Are CS 1010 and CS 1020 worth the same credits?", COURSES),
        ("How many credits does a course have?", COURSES),
        ("Who teaches CS 2010?", COURSES),
        ("How long is the warranty of the pump?", WARRANTY),
    ],
    ids=["asks which row", "two rows", "no row", "no column", "half a name"],
)
def test_what_names_no_single_cell_has_none(question, text):
    assert cell(question, text) is None
