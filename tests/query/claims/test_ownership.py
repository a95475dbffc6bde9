"""Claims stay supported by what is said of their subject, and by nothing that is said beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from query.claims.claim import ClaimVerdict
from query.claims.claims import check

PAIRS = yaml.safe_load((Path(__file__).parent / "owned_claims.yaml").read_text(encoding="utf-8"))


def pairs(kind: str) -> Iterator[tuple[str, list[str]]]:
    for case in (case for part in PAIRS.values() for case in part):
        evidence = case["given"]
        for claim in case[kind]:
            yield claim, evidence if isinstance(evidence, list) else [evidence]


@pytest.mark.parametrize(("claim", "evidence"), list(pairs("honest")))
def test_what_is_said_of_the_subject_is_supported(claim, evidence):
    assert {c.verdict for c in check(claim, evidence).claims} == {ClaimVerdict.SUPPORTED}


@pytest.mark.parametrize(("claim", "evidence"), list(pairs("swapped")))
def test_what_is_said_of_something_else_is_not(claim, evidence):
    assert ClaimVerdict.SUPPORTED not in {c.verdict for c in check(claim, evidence).claims}


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        (
            "The standard plan costs €30.",
            "The standard plan costs €20. The premium plan costs €30.",
        ),
        ("Anna pays €20 and Ben pays €30.", "Anna pays €30 and Ben pays €20."),
        (
            "MRI appointments can be cancelled up to 24 hours before.",
            "Appointments can be cancelled up to 24 hours before; for MRI, 48 hours.",
        ),
        ("The day ward has 18 beds.", "The day ward has 14 beds. Visiting times: 14:00 to 18:00."),
    ],
)
def test_another_value_for_the_same_thing_contradicts(claim, evidence):
    (found,) = check(claim, ["The office is in Porto.", evidence]).claims
    assert found.verdict is ClaimVerdict.CONTRADICTED
    assert found.anti_citations == (1,)


def test_two_people_may_do_the_same():
    evidence = ["Ida Kern signed the treaty. Maria Keller signed the treaty."]
    (found,) = check("Maria Keller signed the treaty.", evidence).claims
    assert found.verdict is ClaimVerdict.SUPPORTED


def test_documents_that_disagree_both_support_their_value():
    evidence = ["The deposit for the hall is €150.", "The deposit for the hall is €180."]
    for amount in (150, 180):
        (found,) = check(f"The deposit for the hall is €{amount}.", evidence).claims
        assert found.verdict is ClaimVerdict.SUPPORTED


@settings(deadline=None)
@given(st.lists(st.text(alphabet="AaBb 12|,;:.()-\n€", max_size=120), max_size=3))
def test_any_evidence_can_be_read(evidence):
    found = check("The Anna pays €20, and Ben 12.", evidence)
    assert all(0.0 <= claim.score <= 1.0 for claim in found.claims)


def test_a_sentence_without_an_end_is_read_in_reasonable_time():
    endless = [
        "The ward has 14, " * 5000,
        "Anna pays 3 and " * 5000,
        "a | " * 20000,
        "-" * 80000 + "x",
    ]
    assert check("The ward has 14 beds.", endless).claims
