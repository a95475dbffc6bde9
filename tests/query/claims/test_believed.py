"""What the evidence asks, doubts or calls a myth supports nothing; a denial of it neither."""

import pytest

from query.claims.claim import ClaimVerdict
from query.claims.claims import check

PAGE = (
    "Refunds are possible within 30 days. The pump costs €450. It is often said that lemmings "
    "jump off cliffs. This is a myth. Q: Can I cancel my order at any time? A: On Fridays. "
    "Some analysts claim that Norvik was overpriced."
)


@pytest.mark.parametrize(
    "claim",
    [
        "Lemmings jump off cliffs.",
        "I can cancel my order at any time.",
        "Norvik was overpriced.",
        "It is false that refunds are possible within 30 days.",
        "The claim that refunds are possible within 30 days is untrue.",
        "Refunds are hardly possible within 30 days.",
        "Refunds are no longer possible within 30 days.",
        "Refunds are possible within 30 days except in Norway.",
        "Some claim that refunds are possible within 30 days.",
        "Refunds used to be possible within 30 days.",
        "Refunds are possible within 30 days \u274c",
    ],
)
def test_what_is_told_in_another_frame_is_not_supported(claim):
    assert check(claim, [PAGE]).claims[0].verdict is not ClaimVerdict.SUPPORTED


@pytest.mark.parametrize(
    "claim",
    [
        "It is a myth that lemmings jump off cliffs.",
        "Some analysts claim that Norvik was overpriced.",
        "Refunds are possible within 30 days \u2705",
        "No doubt, refunds are possible within 30 days.",
    ],
)
def test_what_is_told_in_the_same_frame_is_supported(claim):
    assert check(claim, [PAGE]).claims[0].verdict is ClaimVerdict.SUPPORTED


def test_a_text_without_a_sentence_among_the_evidence_changes_nothing():
    said = "Refunds are possible within 30 days."
    for evidence in (["", PAGE], [PAGE, " \n"], [PAGE, "?", "…"]):
        assert check(said, evidence).claims[0].verdict is ClaimVerdict.SUPPORTED


@pytest.mark.parametrize("asked", ["How much is", "Q: How much is", "And at what level is"])
def test_what_a_question_takes_for_granted_is_told_by_its_answer(asked):
    page = f"{asked} the monthly parking fee at headquarters? It is 99 euro, says the board."
    said = "The monthly parking fee at headquarters is 99 euro."
    assert check(said, [page]).claims[0].verdict is ClaimVerdict.SUPPORTED
    doubted = page.replace(asked, "Is it true that")
    assert check(said, [doubted]).claims[0].verdict is not ClaimVerdict.SUPPORTED
