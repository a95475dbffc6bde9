"""A page about a sibling of what is asked about is told by its title, and by nothing less."""

from dataclasses import replace

import pytest

from query.evidence.siblings import of_siblings
from tests.query.ambiguity.test_conflicts import ask, titled

SPAIN = titled("Car hire in Spain", "Drivers under 25 pay a surcharge. Cars in Spain are new.", 1)
IRELAND = titled("Car hire in Ireland", "Drivers in Ireland must be 25 years old.", 2)
BOTH = titled("Car hire in Portugal", "In Portugal as in Ireland a child seat costs 9 euro.", 3)
ALL = titled("Car hire: all countries", "A lost key costs 250 euro.", 4)
SURCHARGE = "What surcharge do drivers under 25 pay in Ireland?"


def told(question, *passages):
    return of_siblings(passages, ask(question))


def test_what_has_a_sibling_s_name_in_its_title_is_about_the_sibling():
    assert told(SURCHARGE, SPAIN, IRELAND, BOTH, ALL) == (SPAIN,)


@pytest.mark.parametrize(
    "question",
    [
        "What surcharge do drivers under 25 pay?",
        "What surcharge do drivers under 25 pay in Ireland and Spain?",
        "What surcharge do drivers pay outside Ireland?",
        "What surcharge do drivers pay in Norway?",
    ],
    ids=["no name", "both", "others than it", "no page of its own"],
)
def test_a_question_about_more_than_one_page_reads_them_all(question):
    assert told(question, SPAIN, IRELAND, ALL) == ()


def test_a_planted_page_makes_no_siblings_of_others():
    planted = replace(IRELAND, flags=("injection",))
    assert told(SURCHARGE, SPAIN, planted) == ()


def test_a_page_that_is_headed_with_what_is_asked_about_as_well_is_kept():
    both = replace(SPAIN, headings=("Also for trips to Ireland",))
    assert told(SURCHARGE, both, IRELAND) == ()


def test_titles_that_differ_in_much_are_not_of_one_kind():
    club = titled("Car hire for members of the Robinson Flying Club", "Members pay less.", 4)
    assert told(SURCHARGE, club, IRELAND) == ()


def test_another_side_of_a_thing_is_no_sibling():
    rules = titled("Robinson Lodge: rules", "Dogs are welcome. All rules hold in all rooms.", 5)
    suite = titled("Robinson Lodge: Calder Suite", "In the Calder Suite there are two beds.", 6)
    assert told("Are dogs welcome in the Calder Suite?", rules, suite) == ()


def test_sections_under_names_are_told_by_the_headings_below_them():
    def section(name: str, below: str, text: str, number: int):
        return replace(titled("Car hire", text, number), headings=("Car hire", name, below))

    spain = section("Spain", "Deposit", "In Spain we block 900 euro.", 7)
    young = section("Spain", "Age", "Drivers under 25 pay a surcharge.", 8)
    ireland = section("Ireland", "Age", "Drivers in Ireland must be 25 years old.", 9)
    motorway = section("Dublin Tunnel", "Tolls", "The toll of the Dublin Tunnel is 6 euro.", 10)
    others = [
        section(name, "Rules", f"The {name.lower()} is free, and rules hold.", number)
        for number, name in enumerate(("Fuel", "Cleaning", "Wifi"), 20)
    ]
    assert told(SURCHARGE, spain, young, ireland, motorway, *others) == (spain, young)


@pytest.mark.parametrize(
    "list_of_all",
    ["We go to Alder Point, Lintmill and Saltings.", "Alder Point | £12\nLintmill | £14"],
)
def test_names_that_a_list_or_a_table_has_side_by_side_are_of_a_kind(list_of_all):
    alder = titled("Alder Point", "Here at Alder Point there is a jetty.", 12)
    lint = titled("Camping at Lintmill: what to know", "For camping there is a dog wash.", 13)
    prices = titled("All prices", list_of_all, 14)
    question = "Is there a dog wash at Alder Point?"
    assert told(question, lint, alder, prices) == (lint,)
    assert told(question, lint, alder) == ()


def test_headings_that_are_names_and_nothing_else_are_of_a_kind():
    boats = [
        replace(titled("Boats", f"The {name} has {n} seats.", n), headings=("Boats", name))
        for n, name in ((15, "Bramble"), (16, "Kittiwake"), (17, "Heron"))
    ]
    assert told("How many seats has Heron?", *boats) == tuple(boats[:2])
    assert told("How many seats has Heron?", *boats[1:]) == (), "two may be of two kinds"


def test_pages_that_share_no_more_than_small_words_are_no_siblings():
    one = titled("The Harbour of Calder", "Ships in Calder pay 10 euro.", 11)
    other = titled("The Museum of Robinson", "Tickets in Robinson cost 8 euro.", 12)
    assert told("What do ships in Calder pay?", one, other) == ()


def test_a_page_about_one_side_of_a_firm_makes_no_siblings_of_its_other_pages():
    security = titled("Acme Security Policy", "This policy holds in all rooms.", 30)
    leave = titled("Leave Policy", "There are 27 days of holiday.", 31)
    question = "How many days of holiday does Acme give?"
    assert told(question, leave, security) == ()


def test_lines_that_are_sentences_are_no_list_of_names():
    rules = "- Acme pays a pension.\n- Travel must be approved."
    handbook = titled("Acme handbook", rules, 32)
    travel = titled("Travel", "Taxi rides are paid at night.", 33)
    question = "Are taxi rides paid by Acme?"
    assert told(question, travel, handbook) == ()
    rates = titled("Rates", "- Acme: £12\n- Travel: £14", 34)
    assert told(question, travel, handbook, rates) == (travel,)
