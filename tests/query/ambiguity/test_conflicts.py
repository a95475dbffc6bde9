"""Questions with more than one answer: namesakes, changed statements, slots filled twice."""

import pytest

from config.settings import GateSettings
from query.ambiguity.conflicts import find_conflicts, find_rivals, find_variants
from query.ambiguity.namesakes import find_namesakes
from query.asking.question import understand
from query.decision import Verdict
from query.gate.rules import rule
from query.judging.judge import Judgement
from query.text.passages import Passage, weigh_terms
from tests.query.gate.test_rules import hit, legs_of, passages_of

SCHOOLS = (
    "Van Horn High School (Missouri) Van Horn High School is a school in Independence.",
    "Van Horn High School (Texas) Van Horn High School is a public school of 170 pupils.",
)


def ask(text: str):
    return understand(text, GateSettings(), frozenset({"en"}))


def candidates(*texts: str) -> list[Passage]:
    return passages_of(legs_of(*(hit(f"d{n}", text, 0.8) for n, text in enumerate(texts))))


def titled(title: str, text: str, number: int) -> Passage:
    found = hit(f"t{number}", text, 0.8)
    payload = {**found.payload, "title": title}
    return passages_of(legs_of(type(found)(found.id, found.score, payload)))[0]


class Sure:
    """A judge that is sure."""

    calibration_id = "sure"

    def judge(self, question, passages, legs):
        return Judgement(0.9, "sure", {}, weigh_terms(question.terms, passages))


def test_two_schools_of_one_name_are_told_apart():
    found = find_namesakes(ask("In which state is Van Horn High School located?"),
                           candidates(*SCHOOLS))  # fmt: skip
    assert found is not None
    assert {s.text for s in found} == {
        "Van Horn High School (Missouri)", "Van Horn High School (Texas)",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        ("Where is the Van Horn High School of Texas?", SCHOOLS),
        ("In which state is Lee High School located?", SCHOOLS),
        ("how many pupils are there", SCHOOLS),
        ("Where is Van Horn High School?", (SCHOOLS[0], SCHOOLS[0] + " It has a pool.")),
    ],
    ids=["named by the question", "another name", "no name", "the same thing twice"],
)
def test_there_are_no_namesakes(question, texts):
    assert find_namesakes(ask(question), candidates(*texts)) is None


def test_two_pages_about_one_thing_are_no_namesakes():
    pages = [
        titled("Harbour gauge manual", "The Harbour gauge is read daily.", 1),
        titled("Harbour gauge warranty", "The Harbour gauge is covered for two years.", 2),
    ]
    assert find_namesakes(ask("How often is the Harbour gauge read?"), pages) is None


def test_two_pages_with_titles_for_two_sides_of_one_thing_do_not_contradict():
    pages = [
        titled("Halvern Opera: Your Visit", "Halvern Opera: Your Visit\n\nDoors open at six.", 1),
        titled("Halvern Opera: History", "Halvern Opera: History\n\nKai Orr designed it.", 2),
    ]
    question = ask("Who designed the Halvern Opera?")
    assert find_namesakes(question, pages) is None
    assert find_variants(question, weigh_terms(question.terms, pages), pages) == ()


def test_a_statement_with_another_name_in_it_is_a_conflict():
    question = ask("Who designed the bridge of Ostrow?")
    passages = candidates(
        "The stone bridge of Ostrow was designed by Ida Kern in the old style.",
        "The stone bridge of Ostrow was designed by Paul Zeman in the old style.",
    )
    (conflict,) = find_variants(question, weigh_terms(question.terms, passages), passages)
    assert [side.value for side in conflict.sides] == ["Ida Kern", "Paul Zeman"]


def test_the_same_sentence_about_something_else_is_no_conflict():
    question = ask("Who designed the bridge of Ostrow?")
    passages = candidates(
        "The stone bridge of Ostrow was designed by Ida Kern in the old style.",
        "The stone bridge of Brnik was designed by Paul Zeman in the old style.",
    )
    assert find_variants(question, weigh_terms(question.terms, passages), passages) == ()


def test_namesakes_make_a_question_ambiguous_and_both_are_shown():
    legs = legs_of(*(hit(f"d{n}", text, 0.8) for n, text in enumerate(SCHOOLS)))
    ruling = rule(ask("In which state is Van Horn High School located?"),
                  passages_of(legs), legs, Sure(), GateSettings())  # fmt: skip
    assert ruling.verdict is Verdict.AMBIGUOUS
    (conflict,) = ruling.conflicts
    assert {side.value for side in conflict.sides} == {
        "Van Horn High School (Missouri)", "Van Horn High School (Texas)",
    }  # fmt: skip


def test_values_of_one_document_do_not_contradict_each_other():
    question = ask("How many people live in Ostrow in summer?")
    passages = candidates("In 1990 400 people lived in Ostrow. In 2000 500 people lived there.")
    assert find_rivals(question, weigh_terms(question.terms, passages), passages) == ()


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("The gym is on the ground floor.", Verdict.PARTIALLY_SUPPORTED),
        ("The password of the gym is on the door.", Verdict.ANSWERABLE),
    ],
)
def test_a_short_question_must_be_covered_by_one_passage(text, verdict):
    hits = [hit("a", text, 0.8), hit("b", "Passwords have 14 characters.", 0.6)]
    hits += [hit(f"c{n}", "Bread needs flour and time.", 0.3) for n in range(4)]
    legs = legs_of(*hits)
    ruling = rule(ask("What is the gym password?"), passages_of(legs), legs, Sure(), GateSettings())
    assert ruling.verdict is verdict


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("The canal ferry is crossed on foot at the lock.", Verdict.PARTIALLY_SUPPORTED),
        ("Ferry | Canal ticket | 14\nFerry | Lake ticket | 19", Verdict.ANSWERABLE),
    ],
)
def test_a_price_needs_a_number_near_it(text, verdict):
    hits = [hit("a", text, 0.8), hit("b", "A hotel may cost 140 euro.", 0.5)]
    hits += [hit(f"c{n}", "Bread needs flour and time.", 0.3) for n in range(4)]
    legs = legs_of(*hits)
    question = ask("How much does a ticket of the canal ferry across the lock cost on foot?")
    ruling = rule(question, passages_of(legs), legs, Sure(), GateSettings())
    assert ruling.verdict is verdict


MINUTES = "Within how many minutes are severity one incidents answered?"
PEOPLE = "How many people does the laboratory in Tartu employ?"
DEPTH = "Down to which depth may the gauge be used?"


@pytest.mark.parametrize(
    ("question", "texts", "values"),
    [
        (
            MINUTES,
            ("Severity one incidents are answered within 30 minutes.", f"{MINUTES} 43 minutes."),
            ["30 minutes", "43 minutes"],
        ),
        (
            PEOPLE,
            (
                "The laboratory in Tartu employs 14 people.",
                f"The answer to the question {PEOPLE!r} is 68.",
            ),
            ["14", "68"],
        ),
        (
            DEPTH,
            (
                "The gauge may be used down to a depth of 30 metres.",
                f"Frequently asked: {DEPTH} The answer is 54 metres.",
            ),
            ["30", "54"],
        ),
        (
            MINUTES,
            (
                "Severity one incidents are answered within 30 minutes.",
                f"{MINUTES} It is 98 minutes, and no longer 30 minutes.",
            ),
            ["30 minutes", "98 minutes"],
        ),
    ],
    ids=["answered after the question", "without its unit", "a measure", "the other denied"],
)
def test_who_repeats_the_question_and_says_otherwise_contradicts(question, texts, values):
    asked, passages = ask(question), candidates(*texts)
    (conflict,) = find_rivals(asked, weigh_terms(asked.terms, passages), passages)
    assert sorted(side.value for side in conflict.sides) == values


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        (
            MINUTES,
            ("Severity one incidents are answered within 30 minutes.", f"{MINUTES} 30 minutes."),
        ),
        (
            MINUTES,
            (
                "Severity one incidents are answered within 30 minutes.",
                f"{MINUTES} It takes no longer than 30 minutes.",
            ),
        ),
        (
            MINUTES,
            (
                "Severity one incidents are answered within 30 minutes.",
                f"{MINUTES} Nobody knows. The bus leaves in 43 minutes.",
            ),
        ),
        (
            PEOPLE,
            (
                "The laboratory in Tartu employs 14 people.",
                "The laboratory in Tartu employs people; it has 3 rooms.",
            ),
        ),
    ],
    ids=["the same value", "a bound", "another sentence", "another unit"],
)
def test_who_repeats_the_question_and_says_nothing_else_does_not(question, texts):
    asked, passages = ask(question), candidates(*texts)
    assert find_rivals(asked, weigh_terms(asked.terms, passages), passages) == ()


def rivals(question: str, *texts: str):
    asked, passages = ask(question), candidates(*texts)
    found = find_rivals(asked, weigh_terms(asked.terms, passages), passages)
    return {side.value for conflict in found for side in conflict.sides}


def test_a_date_of_the_year_that_is_asked_about_has_no_rival_of_another_year():
    dates = "Graduation is on 9 July 2027.", "Graduation was on 10 July 2026."
    assert rivals("When is graduation?", *dates) == {"9 July 2027", "10 July 2026"}
    assert not rivals("When was graduation in 2026?", *dates)
    assert rivals("When was graduation in 2026?", "Graduation was on 3 July 2026.", dates[1])


def test_rows_give_no_rivals_in_columns_that_are_called_otherwise():
    parking = "House | Spaces\nStation Lodge | 0\nMill House | 35\nTarn Hall | 40"
    houses = "House | Rooms\nStation Lodge | 77\nMill House | 28\nTarn Hall | 19"
    other = "House | Spaces\nStation Lodge | 5\nMill House | 35\nTarn Hall | 40"
    question = "How many are there at Station Lodge?"
    assert not rivals(question, parking, houses)
    assert rivals(question, parking, other) == {"0", "5"}


OVERTIME = "Overtime must be claimed within {}."


@pytest.mark.parametrize(
    "question", ["How long do I have to claim overtime?", "When must overtime be claimed?"]
)
@pytest.mark.parametrize(
    ("one", "other", "sides"),
    [
        ("six weeks", "one month", 2),
        ("45 days", "six weeks", 2),
        ("2 days", "72 hours", 2),
        ("48 hours", "two days", 0),
        ("30 days", "one month", 0),
        ("12 weeks", "three months", 0),
        ("five working days", "one week", 0),
    ],
)
def test_durations_in_two_units_are_compared(question, one, other, sides):
    asked = ask(question)
    passages = candidates(OVERTIME.format(one), OVERTIME.format(other))
    found = find_rivals(asked, weigh_terms(asked.terms, passages), passages)
    assert [len(conflict.sides) for conflict in found] == [sides] * (sides > 0)


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ("£500", "€500", True),
        ("$500", "500 dollars", False),
        ("US$500", "$500", False),
        ("GBP 500", "£500", False),
        ("500 francs", "€500", True),
    ],
)
def test_the_same_amount_in_two_currencies_is_two_answers(one, other, differ):
    asked = ask("How much is the deposit?")
    passages = candidates(f"The deposit is {one}.", f"The deposit is {other}.")
    assert bool(find_rivals(asked, weigh_terms(asked.terms, passages), passages)) is differ


@pytest.mark.parametrize(
    ("question", "conflict"),
    [
        ("How many paracetamol tablets may I take in 24 hours?", False),
        ("How many tablets of ibuprofen may I take in 24 hours?", False),
        ("How many tablets in 24 hours?", True),
    ],
)
def test_what_only_one_page_is_about_is_meant_where_the_question_names_it(question, conflict):
    said = "Do not take more than {} tablets in 24 hours."
    passages = [
        titled(f"{name}: patient leaflet", said.format(number), number)
        for name, number in (("Paracetamol", 8), ("Ibuprofen", 6))
    ]
    asked = ask(question)
    weights = weigh_terms(asked.terms, passages)
    assert bool(find_conflicts(asked, weights, passages)) is conflict
