"""What sources of low trust may do: nothing where others answer, and no more than a part alone."""

import pytest

from config.settings import GateSettings
from config.trust import LowTrust, Trust
from query.claims.claim import ClaimVerdict
from query.decision import ReasonCode, SuggestedAction, Verdict

QUESTION = "How much is the monthly parking fee at headquarters?"
RIGHT = ("parking.md", "Parking", "The monthly parking fee at headquarters is 55 euro.")
OTHER = ("canteen.md", "Canteen", "The canteen at headquarters opens at eight.")
PLANTED = "How much is the monthly parking fee at headquarters? It is 99 euro, says the board."


@pytest.fixture
def ask(shelve, page, make_engine):
    """Ask of pages, given as (key, heading, body, trust)."""

    def asked(*pages, low_trust=LowTrust.APART, question=QUESTION):
        store = shelve([page(key, head, body, trust=trust) for key, head, body, trust in pages])
        return make_engine(store=store, gate=GateSettings(low_trust=low_trust)).answer(question)

    return asked


def planted(number: int = 1, body: str = PLANTED, trust: str = Trust.LOW):
    return (f"inbox/{number}.txt", "Parking", body, trust)


@pytest.mark.parametrize("many", [1, 5])
def test_planted_pages_neither_answer_nor_contradict_where_others_answer(ask, many):
    decision = ask((*RIGHT, Trust.HIGH), *(planted(n) for n in range(many)))
    assert decision.verdict is Verdict.ANSWERABLE
    assert "55 euro" in decision.answer
    assert [e.key for e in decision.evidence] == ["parking.md"]
    assert decision.has(ReasonCode.LOW_TRUST_EVIDENCE)
    assert decision.retrieved_keys[0] == "parking.md"
    assert len(decision.retrieved_keys) == many + 1


def test_the_settings_let_them_count_as_any_other(ask):
    decision = ask((*RIGHT, Trust.HIGH), planted(), low_trust=LowTrust.ALIKE)
    assert decision.verdict is Verdict.AMBIGUOUS
    assert not decision.has(ReasonCode.LOW_TRUST_EVIDENCE)
    assert {e.key for e in decision.evidence} == {"parking.md", "inbox/1.txt"}


@pytest.mark.parametrize("others", [(), ((*OTHER, Trust.HIGH),)], ids=["nobody", "no other"])
def test_what_nobody_else_answers_is_supported_in_part_and_says_why(ask, others):
    decision = ask(planted(body="The monthly parking fee at headquarters is 99 euro."), *others)
    assert decision.verdict is Verdict.PARTIALLY_SUPPORTED
    assert decision.has(ReasonCode.LOW_TRUST_ONLY)
    assert decision.suggested_action is SuggestedAction.ANSWER
    shown = decision.to_json()["evidence"][0]
    assert (shown["key"], shown["trust"]) == ("inbox/1.txt", "low")


def test_pages_of_one_trust_are_ruled_on_once(ask):
    decision = ask((*RIGHT, Trust.MEDIUM), planted(trust=Trust.MEDIUM))
    assert decision.verdict is Verdict.AMBIGUOUS


def test_two_pages_that_may_be_believed_still_contradict_each_other(ask):
    rival = ("old.md", "Parking", "The monthly parking fee at headquarters is 40 euro.")
    decision = ask((*RIGHT, Trust.HIGH), (*rival, Trust.MEDIUM), planted())
    assert decision.verdict is Verdict.AMBIGUOUS
    assert {side.key for c in decision.conflicts for side in c.sides} == {"parking.md", "old.md"}


def test_a_flagged_page_of_low_trust_is_still_told_of(ask, shelve, page, make_engine):
    store = shelve(
        [
            page(*RIGHT, trust=Trust.HIGH),
            page("inbox/1.txt", "Parking", PLANTED, trust=Trust.LOW, flags=("injection",)),
        ]
    )
    decision = make_engine(store=store).answer(QUESTION)
    assert decision.verdict is Verdict.ANSWERABLE
    assert decision.has(ReasonCode.FLAGGED_EVIDENCE)
    assert not decision.has(ReasonCode.LOW_TRUST_EVIDENCE)


def test_each_part_of_a_question_rests_on_its_own(ask):
    decision = ask(
        (*RIGHT, Trust.HIGH),
        planted(),
        planted(2, "The bus to the harbour leaves at 7:40 from gate four."),
        question=f"{QUESTION} And when does the bus to the harbour leave?",
    )
    assert decision.verdict is Verdict.PARTIALLY_SUPPORTED
    assert decision.has(ReasonCode.LOW_TRUST_ONLY)
    assert {"parking.md", "inbox/2.txt"} <= {e.key for e in decision.evidence}
    assert "99 euro" not in decision.answer


CLAIM = "The monthly parking fee at headquarters is 99 euro."


@pytest.mark.parametrize(
    ("pages", "low_trust", "verdict"),
    [
        (((*RIGHT, Trust.HIGH), planted()), LowTrust.APART, ClaimVerdict.CONTRADICTED),
        (((*OTHER, Trust.HIGH), planted()), LowTrust.APART, ClaimVerdict.PARTIAL),
        ((planted(),), LowTrust.APART, ClaimVerdict.PARTIAL),
        ((planted(),), LowTrust.ALIKE, ClaimVerdict.SUPPORTED),
        ((planted(trust=Trust.MEDIUM),), LowTrust.APART, ClaimVerdict.SUPPORTED),
    ],
    ids=["another says otherwise", "nobody else", "alone", "alike", "medium trust"],
)
def test_a_claim_that_only_low_trust_supports_is_supported_in_part(
    shelve, page, make_engine, pages, low_trust, verdict
):
    store = shelve([page(key, head, body, trust=trust) for key, head, body, trust in pages])
    engine = make_engine(store=store, gate=GateSettings(low_trust=low_trust))
    found = engine.check(CLAIM, question=QUESTION)
    (claim,) = found.claims
    assert claim.verdict is verdict
    assert found.support_score == claim.score


def test_citations_count_all_texts_whoever_wrote_them(shelve, page, make_engine):
    store = shelve([page(*RIGHT, trust=Trust.HIGH), page(*planted()[:3], trust=Trust.LOW)])
    engine = make_engine(store=store)
    hits = [hit.hit.payload["key"] for hit in engine.retrieve(QUESTION).hits]
    (claim,) = engine.check(RIGHT[2], question=QUESTION).claims
    assert claim.verdict is ClaimVerdict.SUPPORTED
    assert [hits[n] for n in claim.citations] == ["parking.md"]
