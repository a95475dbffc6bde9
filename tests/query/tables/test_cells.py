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

PANELS = """Panels

Panel | Weight | Price
Sol A | 21 kg | £145
Sol B | 22 kg | £172
Sol D | 26 kg | on request

Panels are in stock."""
TARIFFS = """Tariffs

Tariff | Standing charge | Unit rate
Basic | 52 | 24.5
Night | 58 | 31.0

The Night tariff has a night rate of 11.2."""


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
        ("What does Sol D cost?", PANELS, ("Sol D", "on request")),
        ("What is the price of the Sol A panel?", PANELS, ("Sol A", "£145")),
        ("How heavy is Sol B?", PANELS, ("Sol B", "22 kg")),
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
        ("What does Sol E cost?", PANELS),
        ("What does a sol panel cost?", PANELS),
        ("What is the night rate of the Night tariff?", TARIFFS),
        ("Who teaches CS 2010?", COURSES),
        ("How long is the warranty of the pump?", WARRANTY),
    ],
    ids=[
        "asks which row",
        "two rows",
        "no row",
        "other letter",
        "no letter",
        "other rate",
        "no column",
        "half a name",
    ],
)
def test_what_names_no_single_cell_has_none(question, text):
    assert cell(question, text) is None
