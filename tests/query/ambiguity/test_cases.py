"""Questions whose answer depends on a case that they do not name."""

import pytest

from config.settings import GateSettings
from query.ambiguity.cases import find_cases
from query.ambiguity.conflicts import CASES, find_conflicts
from query.decision import ReasonCode, SuggestedAction, Verdict
from query.gate.rules import rule, suggest
from query.text.passages import weigh_terms
from tests.query.ambiguity.test_conflicts import Sure, ask, candidates, titled
from tests.query.gate.test_rules import hit, legs_of, passages_of

WARRANTY = """Warranty periods

Product | Warranty | Starts
Pump A | 24 months | delivery
Pump B | 36 months | delivery
Spare parts | 6 months | delivery"""
DEPTHS = """Housing

Property | Polymer | Titanium
Maximum depth | 10 m | 20 m
Protection | IP68 | IP68"""
DUTY = """Pay on duty

First line: 350 euro per week, plus 60 euro for each call
Second line: 180 euro per week, plus 60 euro for each call
Public holidays count double."""


def found(question: str, *texts: str):
    asked, passages = ask(question), candidates(*texts)
    cases = find_cases(asked, weigh_terms(asked.terms, passages), passages)
    return cases and (cases[0], {case.label: case.value for case in cases[1]})


def test_a_column_answers_for_every_row():
    assert found("How long is the warranty?", WARRANTY) == (
        "Product",
        {"Pump A": "24 months", "Pump B": "36 months", "Spare parts": "6 months"},
    )


def test_a_row_answers_for_every_column():
    assert found("What is the maximum depth?", DEPTHS) == (
        "",
        {"Polymer": "10 m", "Titanium": "20 m"},
    )


def test_lines_that_differ_in_figures_answer_for_what_stands_before_them():
    kind, cases = found("What is the weekly pay on duty?", DUTY)
    assert kind == ""
    assert set(cases) == {"First line", "Second line"}


def test_only_the_cases_that_the_question_may_mean_are_left_open():
    assert set(found("How long is the warranty of the pump?", WARRANTY)[1]) == {"Pump A", "Pump B"}


@pytest.mark.parametrize(
    "question",
    [
        "How long is the warranty of Pump B?",
        "How long is the warranty of a pump B in winter?",
        "How long is the warranty of spare parts?",
        "Which product has the longest warranty?",
        "How long is the warranty of each product?",
        "Is the warranty 24 months?",
        "How long is the warranty of a Zephyr?",
        "Who checks the warranty of returned goods at the border?",
        "When does the warranty start?",
    ],
)
def test_a_question_that_leaves_nothing_open_or_asks_for_something_else_is_none(question):
    assert found(question, WARRANTY) is None


def test_rows_that_say_the_same_leave_nothing_open():
    assert (
        found("How long is the warranty?", WARRANTY.replace("36", "24").replace("6 m", "24 m"))
        is None
    )
    assert found("What is the protection of the housing?", DEPTHS) is None


def test_a_sentence_that_answers_plainly_goes_before_a_table():
    plain = "The warranty is 24 months for everything that we sell."
    asked = "How long is the warranty for everything that is sold?"
    assert found(asked, plain, WARRANTY) is None


RACES = """Regattas

Race | Date | Entry closes | Fee per seat
Spring Sprint | 2 May 2026 | 20 April 2026 | £18
Autumn Head | 3 October 2026 | 1 September 2026 | £22"""


def test_a_column_that_is_called_what_is_asked_for_is_meant():
    assert found("When is the Spring Sprint?", RACES) is None
    assert found("When does entry close for the Spring Sprint?", RACES) is None


def test_columns_that_give_something_else_are_not_what_is_left_open():
    kind, cases = found("When is the Spring Sprint?", RACES.replace("| Date |", "| Heats |"))
    assert kind == ""
    assert cases == {"Heats": "2 May 2026", "Entry closes": "20 April 2026"}


STAFF = """Directory

Name | Role | Team | Extension | Started
Siim Kask | Head of Cloud | Cloud | 7130 | 2019-05-20
Clara Bessa | Laboratory Lead | Manufacturing | 7151 | 2015-02-01"""


def test_a_row_that_says_several_things_of_one_leaves_nothing_open():
    assert found("Who reports to Siim Kask of the directory?", STAFF) is None
    assert found("What is Siim Kask?", STAFF) is None


REGISTER = """Price list

Part | Product | List price EUR
LK-100 | Tern 2, polymer | 890
LK-200 | Tern 4, polymer | 2450
LK-210 | Tern 4, titanium | 2980
LK-701 | Service Tern 4 | 420"""


@pytest.mark.parametrize("asked", ["list price", "price"])
def test_variants_of_what_is_named_in_a_register_are_cases(asked):
    assert found(f"What is the {asked} of the Tern 4?", REGISTER) == (
        "Product",
        {"Tern 4, polymer": "2450", "Tern 4, titanium": "2980"},
    )


@pytest.mark.parametrize(
    "question",
    [
        "What is the price of the Tern 2?",
        "What is the price of the Tern 5?",
        "Which Tern 4 is there at a price of 2450 euro?",
    ],
)
def test_one_variant_or_none_leaves_nothing_open(question):
    assert found(question, REGISTER) is None


def test_a_name_within_a_longer_one_that_is_asked_about_is_no_case():
    table = "Product | List price EUR\nHeron | 1290\nHeron Solar | 1840"
    assert found("What is the price of the Heron Solar?", table) is None
    assert set(found("What is the price of it?", table)[1]) == {"Heron", "Heron Solar"}


def test_a_register_is_no_table_of_cases():
    rows = "\n".join(f"Street {n} | {n} kg" for n in range(40))
    assert found("How heavy is the weight?", f"Place | Weight\n{rows}") is None


def test_a_table_cut_off_after_its_head_is_no_fault():
    assert found("How long is the warranty?", "Product | Warranty") is None
    assert found("How long is the warranty?", "Product | Warranty\nPump A") is None


def test_the_gate_asks_back_instead_of_choosing_a_row():
    legs = legs_of(hit("d", WARRANTY, 0.8))
    ruling = rule(ask("How long is the warranty?"), passages_of(legs), legs, Sure(), GateSettings())
    assert ruling.verdict is Verdict.AMBIGUOUS
    assert suggest(ruling.verdict, ruling.reasons) is SuggestedAction.ASK_BACK
    [reason] = ruling.reasons
    assert reason.code is ReasonCode.SEVERAL_CASES
    assert "24 months" in reason.detail
    [conflict] = ruling.conflicts
    assert conflict.slot == CASES
    assert conflict.to_json()["kind"] == "Product"
    assert conflict.sides[1].quote == "Pump B | 36 months | delivery"


def test_a_title_may_say_what_the_rows_have_in_common():
    table = "Country | Working days per year\nPortugal | 25\nEstonia | 26"
    asked = ask("How many working days of annual leave do I have?")
    passages = [titled("Annual leave", table, 1)]
    [conflict] = find_conflicts(asked, weigh_terms(asked.terms, passages), passages)
    assert [side.case for side in conflict.sides] == ["Portugal", "Estonia"]


def test_the_columns_of_a_register_of_sentences_are_no_cases():
    register = (
        "Code | Meaning | Action\n"
        "E10 | The fan is blocked | Switch the heater off and clean the air inlet\n"
        "E11 | The sensor is broken | Call the service"
    )
    assert not found("What should I do on error code E10?", register)


def test_a_row_of_another_table_is_no_case_where_one_cell_is_asked_for():
    """The rates of a house leave nothing open about how many rooms it has."""
    rates = (
        "House | Single | Double | Family\nMill House | 62 | 84 | 99\nTarn Hall | 88 | 126 | 190"
    )
    houses = "House | Town | Rooms\nMill House | Hexham | 28\nTarn Hall | Keswick | 19"
    passages = [titled("Room rates", rates, 1), titled("Our houses", houses, 2)]
    asked = ask("How many rooms does Mill House have?")
    assert find_cases(asked, weigh_terms(asked.terms, passages), passages[:1]) is not None
    assert find_cases(asked, weigh_terms(asked.terms, passages), passages) is None


def test_no_limit_is_a_case_among_figures():
    plans = "Limits\n\nLimit | Hobby | Team | Best\nStorage | 500 MB | 50 GB | No limit\nUsers | 5"
    assert found("How much storage is there?", plans) == (
        "",
        {"Hobby": "500 MB", "Team": "50 GB", "Best": "No limit"},
    )


def test_a_first_cell_of_none_does_not_hide_that_the_others_have_amounts():
    fees = "Tariffs\n\nTariff | Exit fee\nBasic | none\nFix 12 | £50\nFix 24 | £75"
    assert found("How much is the exit fee?", fees) == (
        "Tariff",
        {"Basic": "none", "Fix 12": "£50", "Fix 24": "£75"},
    )
    nothing = fees.replace("£50", "n/a").replace("£75", "none")
    assert found("How much is the exit fee?", nothing) is None
