"""Answers that are written in one form only."""

import pytest

from config.settings import GateSettings
from query.asking.forms import missing_form
from query.decision import ReasonCode, Verdict
from query.gate.rules import rule
from tests.query.ambiguity.test_conflicts import Sure, ask
from tests.query.gate.test_rules import hit, legs_of, passages_of

PHONE = "What is the mobile phone number of the harbour master?"


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (PHONE, "The harbour master can be reached at +44 20 7946 0018."),
        ("What is the phone number in an emergency?", "In an emergency dial 112."),
        (PHONE, "Harbour master: 0511 / 123 45-67"),
        ("Which e-mail address has the harbour master?", "Write to master@harbour.example."),
        ("What is the URL of the tide tables?", "They are at tides.harbour.example."),
        ("How much is a berth in US dollars?", "A berth is $40 a night."),
        ("What does a berth cost in SEK?", "A berth is 400 kr a night."),
        ("What does a berth cost in euros?", "Berth, per night (EUR) | 36"),
        ("How much does the anchor weigh in pounds?", "The anchor weighs 40 lb."),
        ("How do I change my phone number?", "Open the settings."),
        ("What is the general structure of a URL?", "A scheme, a host and a path."),
        ("What is the telephone numbering plan?", "It has ten zones."),
        ("Who answers the phone?", "The harbour master does."),
    ],
)
def test_what_is_written_or_not_asked_for_is_not_missing(question: str, text: str) -> None:
    assert missing_form(question, [text]) == ""


@pytest.mark.parametrize(
    ("question", "text", "missing"),
    [
        (
            PHONE,
            "His mobile phone is on from 07:00-19:00.",
            "a telephone number",
        ),
        ("What's the email address of the office?", "The office is open.", "an e-mail address"),
        ("What's the email address of the office?", "See logo@2x.png.", "an e-mail address"),
        ("Under which URL are the tide tables?", "They hang in the hall.", "a web address"),
        ("What does a berth cost in US dollars?", "A berth is 36 euros.", "an amount in dollars"),
        ("How much is a berth in GBP?", "A berth is €36.", "an amount in pounds"),
        ("How much is a berth in euros?", "A berth is $40.", "an amount in euros"),
        ("How much is a berth in dollars?", "A berth is R$ 40.", "an amount in dollars"),
        ("How much is a berth in kronor?", "A berth is €40.", "an amount in crowns"),
    ],
)
def test_what_is_asked_for_and_nowhere_written_is_named(
    question: str, text: str, missing: str
) -> None:
    assert missing_form(question, [text]) == missing


def test_a_number_that_stands_nowhere_refuses_however_sure_the_judge_is() -> None:
    legs = legs_of(hit("d1", "The mobile phone of the harbour master is on until 19:00.", 0.9))
    found = rule(ask(PHONE), passages_of(legs), legs, Sure(), GateSettings())
    assert found.verdict is Verdict.UNANSWERABLE
    assert found.missing == ("a telephone number",)
    assert [r.code for r in found.reasons] == [ReasonCode.ENTITY_NOT_FOUND]
    assert found.p_answerable < GateSettings().partial_at
