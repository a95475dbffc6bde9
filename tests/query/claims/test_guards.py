"""What the evidence denies, and numbers in forms that no rule reads, are never supported."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from query.claims.claim import ClaimVerdict
from query.claims.claims import beyond_vouching, check
from query.claims.second_reading import SecondReading
from query.resilience import Circuit

PAGE = (
    "The Heron 2 pump has a warranty of two years. The warranty does not cover seals. "
    "Deliveries to Norway take 5 days. In 10 % of cases the housing is replaced. In the trial"
    " 62 of 80 patients improved, in the control group 31 of 79. The bridge is 412 metres "
    "long. Photography is allowed in the garden but not in the workshop. Visitors must sign "
    "in at the desk."
)


class Certain:
    """A reader that finds everything said."""

    name, doubts_below, sure_from, certain_from = "claims-0", 0.2, 0.8, 0.95

    def support(self, pairs):
        return [1.0 for _ in pairs]


@pytest.mark.parametrize(
    "claim",
    [
        "The Heron 2 pump has a warranty of two years; it covers seals.",
        "The Heron 2 pump has a warranty of two years - and covers seals.",
        "Deliveries to Norway take 5 x 10 days.",
        "Deliveries to Norway take twice 5 days.",
        "Deliveries to Norway take 5 working days.",
        "Deliveries to Norway take 5 or more days.",
        "Deliveries to Norway take 5e1 days.",
        "In 10 ‰ of cases the housing is replaced.",
        "31 of 80 patients improved in the trial.",
        "The bridge is 412 feet long.",
    ],
)
def test_what_no_rule_reads_is_not_supported_whoever_vouches_for_it(claim):
    assert check(claim, [PAGE]).claims[0].verdict is not ClaimVerdict.SUPPORTED
    reading = SecondReading(Certain(), Circuit(3, 60.0), 20.0)
    assert reading(claim, [PAGE]).claims[0].verdict is not ClaimVerdict.SUPPORTED


@pytest.mark.parametrize(
    "claim",
    [
        "62 of the 80 patients improved in the trial.",
        "The bridge is 412 m long.",
        "Photography is allowed in the garden.",
        "The warranty does not cover seals.",
        "The Heron 2 pump has a warranty of 24 months.",
        "Yes, deliveries to Norway take 5 days.",
    ],
)
def test_the_same_in_another_form_is_supported(claim):
    assert check(claim, [PAGE]).claims[0].verdict is ClaimVerdict.SUPPORTED


@pytest.mark.parametrize(
    "claim",
    [
        "Visitors need not sign in at the desk.",
        "Deliveries to Norway take more than 5 days.",
        "Deliveries from Norway take 5 days.",
        "No, the warranty covers seals.",
        "The warranty does not not cover seals.",
    ],
)
def test_what_is_turned_around_is_not_supported(claim):
    assert check(claim, [PAGE]).claims[0].verdict is not ClaimVerdict.SUPPORTED


PIECES = st.sampled_from(
    [
        "", " ", "\n\n", "?", "…", "- ", "1. ", "# Heron 2\n", "So do dogs. ", "It costs €450. ",
        "~~not~~ ", "<!-- -->", "<del>", "&nbsp;", "[1]", "5e1 ", "62 of 80 ", "It is false that ",
        "The Heron 2 costs €450. ", "Refunds are possible within 30 days. ", "This is a myth. ",
        "\u0456", "\u200b", "| a | b |\n", "$x$ ", "None of this is true. ", "Yes. ",
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=6).map("".join)


@given(st.lists(TEXTS, max_size=3), TEXTS)
@settings(max_examples=150, deadline=None)
def test_every_text_is_checked_against_every_text(evidence, text):
    found = check(text, evidence)
    assert all(text[claim.start : claim.end] == claim.text for claim in found.claims)
    assert beyond_vouching(found.claims, evidence) <= set(range(len(found.claims)))
