"""Where "Who is the …?" is asked, pages that name nobody leave nothing open."""

from query.ambiguity.naming_somebody import naming_somebody
from query.ambiguity.unnamed import Possible
from query.text.instances import subject_of
from query.text.passages import weigh_terms
from tests.query.ambiguity.test_conflicts import ask, titled

COMMITTEE = titled("Committee 2026", "Treasurer: Yusuf Demir", 1)
EXPENSES = titled("Travel Expenses", "The treasurer pays on the last Friday of the month.", 2)
OTHER = titled("Other Club", "The treasurer of it is Ana Petrovic.", 3)
OFFICES = titled("Our Offices", "The Treasurer and the Head Coach sit in room 2.", 4)


def left(question: str, *passages):
    asked = ask(question)
    possible = [Possible(subject_of(passage), 1.0) for passage in passages]
    found = naming_somebody(asked, weigh_terms(asked.terms, passages), possible)
    return [one.instance.passage.title for one in found]


def test_what_only_speaks_of_the_office_is_left_out():
    assert left("Who is the treasurer?", COMMITTEE, EXPENSES) == ["Committee 2026"]
    assert left("Who's the treasurer?", EXPENSES, OTHER) == ["Other Club"]


def test_two_that_name_somebody_stay_open():
    assert len(left("Who is the treasurer?", COMMITTEE, EXPENSES, OTHER)) == 2


def test_where_nobody_is_named_or_no_person_is_asked_for_all_stay():
    assert len(left("Who is the treasurer?", EXPENSES, EXPENSES)) == 2
    assert len(left("When does the treasurer pay?", COMMITTEE, EXPENSES)) == 2


def test_capitals_of_the_question_and_of_the_title_are_nobody():
    assert left("Who is the treasurer and head coach?", COMMITTEE, OFFICES) == ["Committee 2026"]
