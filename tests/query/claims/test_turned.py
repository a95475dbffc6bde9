"""A claim is not supported by evidence that has its words and says something else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from query.claims.claim import ClaimVerdict
from query.claims.claims import check
from query.claims.closeness import read_grounds
from query.claims.turned import Turn, denies, find_turn
from query.text.words import table

PARTS = yaml.safe_load((Path(__file__).parent / "turned_claims.yaml").read_text(encoding="utf-8"))


def pairs(kind: str) -> Iterator[tuple[str, str]]:
    for case in (case for part in PARTS.values() for case in part):
        for claim in case[kind]:
            yield claim, case["given"]


@pytest.mark.parametrize(("claim", "evidence"), list(pairs("honest")))
def test_what_the_evidence_says_in_other_words_is_supported(claim, evidence):
    assert {c.verdict for c in check(claim, [evidence]).claims} == {ClaimVerdict.SUPPORTED}


@pytest.mark.parametrize(("claim", "evidence"), list(pairs("turned")))
def test_what_turns_the_evidence_around_is_not_supported(claim, evidence):
    assert ClaimVerdict.SUPPORTED not in {c.verdict for c in check(claim, [evidence]).claims}


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("Refunds are possible after 30 days.", "Refunds are possible within 30 days."),
        ("The fee is €50 per month.", "The fee is €50 per year."),
        ("The deposit is refundable.", "The deposit is non-refundable."),
        ("The hall is open on Sundays.", "The hall is open daily except Sundays."),
        ("Revenue rose to €5 million.", "Revenue fell to €5 million."),
    ],
)
def test_the_contrary_contradicts_and_says_where(claim, evidence):
    (found,) = check(claim, ["The office is in Porto.", evidence]).claims
    assert found.verdict is ClaimVerdict.CONTRADICTED
    assert found.anti_citations == (1,)


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("Staff must work from home.", "Staff may work from home."),
        ("All staff may work from home.", "Some staff may work from home."),
        ("The CEO resigned.", "The CEO denied that he resigned."),
        ("Acme acquired Beta in 2019.", "Beta acquired Acme in 2019."),
        ("The first payment is due in June.", "The second payment is due in June."),
    ],
)
def test_what_is_said_less_surely_or_of_another_is_partial(claim, evidence):
    (found,) = check(claim, [evidence]).claims
    assert found.verdict is ClaimVerdict.PARTIAL


def test_a_statement_that_says_the_same_settles_it():
    evidence = ["Refunds are possible within 30 days. Exchanges are possible after 30 days."]
    (found,) = check("Exchanges are possible after 30 days.", evidence).claims
    assert found.verdict is ClaimVerdict.SUPPORTED


def test_two_denials_say_the_same():
    assert not denies("The hall is not open on Sundays.", "The hall is closed on Sundays.")
    assert not denies("Pay no later than 5 May.", "Pay by 5 May.")
    assert denies("The hall is not open on Sundays.", "The hall is open on Sundays.")


def test_who_is_passive_suffers_it():
    grounds = read_grounds(["Lena Ortiz defeated Mark Osei in the election."])
    assert find_turn("Mark Osei was defeated by Lena Ortiz.", grounds).turn is Turn.NONE
    assert find_turn("Lena Ortiz was defeated by Mark Osei.", grounds).turn is Turn.LESS


SENTENCES = sorted(
    {claim for claim, _ in pairs("honest")} | {claim for claim, _ in pairs("turned")}
)


@given(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=6))
def test_no_sentence_is_turned_around_by_a_text_that_holds_it(sentences):
    grounds = read_grounds([" ".join(sentences)])
    assert find_turn(sentences[0], grounds).turn is Turn.NONE


WORDS = table(
    "the no not never only all some may must will if unless except before after at least most than "
    "more within 30 days €50 a month per year May Lena Ortiz Mark Osei Acme bought by was closed "
    "opens un open non refundable , . ; : ( ) without even when first second from to"
)


@given(
    st.lists(st.sampled_from(sorted(WORDS)), min_size=1, max_size=18).map(" ".join),
    st.lists(st.sampled_from(sorted(WORDS)), min_size=1, max_size=30).map(" ".join),
)
def test_whatever_the_words_there_is_a_verdict(claim, evidence):
    found = check(claim, [evidence])
    assert all(0.0 <= one.score <= 1.0 for one in found.claims)
