"""What holds no longer, or holds for another year, neither answers nor contradicts."""

import pytest

from query.asking.conversation import in_context
from query.decision import ReasonCode, Verdict
from query.evidence.validity import in_force
from tests.query.ambiguity.test_conflicts import ask, titled

OLD = titled("Prices 2025", "The consultation costs 79 euro.", 1)
NEW = titled("Prices 2026", "The consultation costs 85 euro.", 2)
BEFORE = titled("Overtime (no longer in force)", "On Sundays the supplement is 40 %.", 3)
NOW = titled("Overtime", "On Sundays the supplement is 50 %.", 4)
SAYS_SO = titled("Overtime", "Superseded by the rules of 2026. On Sundays it is 40 %.", 5)
SAYS_LATE = titled("Overtime", f"On Sundays it is 50 %. {'Ask at work. ' * 20}This is outdated.", 6)
IN_TITLE = titled("Supplement on Sundays", "It is 50 %.", 6)
OF_A_THING = titled("Overtime", "The supplement on Sundays was replaced by leave.", 6)


def left(question: str, *passages):
    return in_force(passages, ask(question))


@pytest.mark.parametrize(
    ("question", "kept"),
    [
        ("What does the consultation cost in 2026?", (NEW,)),
        ("What did the consultation cost in 2025?", (OLD,)),
        ("What does the consultation cost in 2031?", (OLD, NEW)),
        ("What does the consultation cost?", (OLD, NEW)),
    ],
    ids=["this year", "another", "a year that no title has", "no year"],
)
def test_of_two_years_the_one_asked_about_is_read(question, kept):
    assert left(question, OLD, NEW) == kept


def test_a_text_of_another_year_that_speaks_of_the_one_asked_about_is_kept():
    minutes = titled("Minutes 2025", "From 2026 on the consultation costs 85 euro.", 7)
    assert left("What does the consultation cost in 2026?", minutes, NEW) == (minutes, NEW)


@pytest.mark.parametrize(
    ("title", "is_kept"),
    [
        ("Leave policy (valid from 2024)", True),
        ("Leave policy, effective 1 March 2024", True),
        ("Leave policy 2024", False),
        ("Leave policy, valid from 2024 to 2025", False),
        ("Leave policy until 2024", False),
        ("Leave policy (valid from 2027)", False),
    ],
)
def test_what_is_valid_from_an_earlier_year_holds_in_the_one_asked_about(title, is_kept):
    policy = titled(title, "Employees have 27 days of holiday.", 9)
    budget = titled("Budget 2026", "The travel budget is 80,000 euro.", 10)
    found = left("How many days of holiday do employees have in 2026?", policy, budget)
    assert (policy in found) is is_kept


def test_a_list_valid_from_an_earlier_year_makes_room_for_that_of_the_one_asked_about():
    since = titled("Prices valid from 2025", "The consultation costs 79 euro.", 15)
    assert left("What does the consultation cost in 2026?", since, NEW) == (NEW,)


def test_the_name_of_what_replaced_it_does_not_make_a_text_speak_of_that_year():
    said = "Superseded by the price list 2026. The consultation costs 79 euro."
    replaced = titled("Prices 2025", said, 8)
    assert left("What does the consultation cost in 2026?", replaced, NEW) == (NEW,)


def test_the_year_of_an_earlier_turn_does_not_hide_what_was_before():
    question = ask("And in the old price list? (consultation cost 2026)")
    question = in_context(question, "And in the old price list?", ())
    assert in_force((OLD, NEW), question) == (OLD, NEW)


@pytest.mark.parametrize(
    ("question", "passages", "kept"),
    [
        ("What is the supplement on Sundays?", (BEFORE, NOW), (NOW,)),
        ("What is the supplement on Sundays?", (SAYS_SO, NOW), (NOW,)),
        ("What was the supplement on Sundays before?", (BEFORE, NOW), (BEFORE, NOW)),
        ("What is the supplement on Sundays?", (BEFORE, OLD), (BEFORE, OLD)),
        ("What is the supplement on Sundays?", (OF_A_THING, NOW), (OF_A_THING, NOW)),
        ("What is the supplement on Sundays?", (SAYS_LATE, NOW), (SAYS_LATE, NOW)),
        ("What is the supplement on Sundays?", (BEFORE, IN_TITLE), (IN_TITLE,)),
    ],
    ids=["its title says so", "its first words say so", "the past is asked about",
         "nothing else speaks of it", "a thing was replaced, not the text",
         "it says so of something far below", "what holds speaks of it in its title"],
)  # fmt: skip
def test_what_holds_no_longer_makes_room_for_what_holds(question, passages, kept):
    assert left(question, *passages) == kept


def test_it_is_neither_quoted_nor_a_contradiction(shelve, page, make_engine):
    store = shelve([
        page("old.md", "Overtime (no longer in force)", "On Sundays the supplement is 40 percent."),
        page("new.md", "Overtime", "On Sundays the overtime supplement is 50 percent."),
    ])  # fmt: skip
    decision = make_engine(store=store).answer("What is the overtime supplement on Sundays?")
    assert decision.verdict is Verdict.ANSWERABLE
    assert [piece.key for piece in decision.evidence] == ["new.md"]
    assert "50" in decision.answer
    assert decision.has(ReasonCode.OUTDATED_EVIDENCE)


MARCH = titled("Incident report 17 March 2026", "The cause was an expired certificate.", 11)
JUNE = titled("Incident report 9 June 2026", "The cause was a rebuild of the index.", 12)
SINCE_MARCH = titled("Causes, valid from March 2026", "The cause of incidents is told.", 13)
LATER = titled("Incident report 17 March 2026", "In June 2026 the cause was found.", 15)
MINUTES = titled("Minutes June 2026", "The party was planned.", 14)


@pytest.mark.parametrize(
    ("question", "passages", "kept"),
    [
        ("What was the cause of the incident in March 2026?", (JUNE, MARCH), (MARCH,)),
        ("What was the cause of the incident on 9 June 2026?", (JUNE, MARCH), (JUNE,)),
        ("What was the cause of the incident in May 2026?", (JUNE, MARCH), (JUNE, MARCH)),
        ("What was the cause of the incident in 2026?", (JUNE, MARCH), (JUNE, MARCH)),
        (
            "What is the cause of the incident in June 2026?",
            (SINCE_MARCH, JUNE),
            (SINCE_MARCH, JUNE),
        ),
        ("What was the cause of the incident in June 2026?", (MARCH, MINUTES), (MARCH, MINUTES)),
        ("What was the cause of the incident in June 2026?", (LATER, JUNE), (LATER, JUNE)),
    ],
    ids=[
        "March",
        "a day",
        "a month that no title has",
        "a year",
        "valid from",
        "says less",
        "speaks of it",
    ],
)
def test_of_two_months_the_one_asked_about_is_read(question, passages, kept):
    assert left(question, *passages) == kept
