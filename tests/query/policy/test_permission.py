"""A retrieval and a check are held to the policy as a question is."""

from datetime import timedelta

import pytest

from config.policy import Policy, Quota, Topic, TopicAction
from config.trust import Trust
from indexing.errors import LedgerUnavailableError
from query.checking import check_by_question
from query.claims.claim import ClaimVerdict
from query.decision import Reason, ReasonCode, Status
from query.policy.permission import permission
from query.policy.policing import Conditions, SourceLabels
from query.search.scope import Scope

LEAVE = "How many working days of annual leave does every employee receive?"
PARKING = "How much is the monthly parking fee at headquarters?"
FEE = "The monthly parking fee at headquarters is 55 euro."
DAYS = "Every employee receives 27 working days of annual leave per year."


class Used:
    """Says how many requests were made, or that nobody knows."""

    def __init__(self, number):
        self.number = number

    def admit(self, tenant, quotas, at, request_id):
        if self.number is None:
            raise LedgerUnavailableError("The ledger is away.")
        return next((quota for quota in quotas if self.number >= quota.requests), None)


class NoSearch:
    """A search that must not be made."""

    def retrieve(self, text, pinned, scope):
        pytest.fail("something was searched")


def refusing(**options):
    return Policy(topics=(Topic(name="parking", **({"patterns": ("parking",)} | options)),))


def codes(found):
    return [reason.code for reason in found.reasons]


def test_a_refused_topic_is_not_even_searched(under):
    found = under(refusing(), retriever=NoSearch()).retrieve(PARKING)
    assert (found.status, found.hits, found.legs.fused) == (Status.OK, (), ())
    assert codes(found) == [ReasonCode.POLICY_TOPIC]


@pytest.mark.parametrize(
    "question",
    [f"{LEAVE} {PARKING}", f"{'leave ' * 3000}parking", "par\u200bking", "ｐａｒｋｉｎｇ"],
)
def test_nothing_hides_a_topic(under, question):
    assert codes(under(refusing(), retriever=NoSearch()).retrieve(question)) == [
        ReasonCode.POLICY_TOPIC
    ]


def test_other_questions_are_searched_as_ever(under, engine):
    found, plain = under(refusing()).retrieve(LEAVE), engine.retrieve(LEAVE)
    assert found.hits
    assert [h.hit.id for h in found.hits] == [h.hit.id for h in plain.hits]
    assert found.reasons == plain.reasons


def test_a_policy_that_cannot_be_checked_makes_it_unavailable(under):
    policy = refusing(patterns=(), examples=("Where do I park?",))
    found = under(policy, dense=None, retriever=NoSearch()).retrieve(LEAVE)
    assert (found.status, codes(found)) == (Status.UNAVAILABLE, [ReasonCode.POLICY_UNCHECKED])


def test_quotas_hold(under):
    policy = Policy(quotas=(Quota(requests=2, seconds=60),))
    assert under(policy, Used(1)).retrieve(LEAVE).hits
    assert codes(under(policy, Used(2), retriever=NoSearch()).retrieve(LEAVE)) == [
        ReasonCode.POLICY_QUOTA
    ]
    unknown = under(policy, Used(None), retriever=NoSearch()).retrieve(LEAVE)
    assert (unknown.status, codes(unknown)) == (
        Status.UNAVAILABLE,
        [ReasonCode.LEDGER_UNAVAILABLE],
    )


def test_only_evidence_that_counts_comes_back(under, shelve, page, clock_now):
    old, young = (
        page(key, "Parking", FEE, modified=(clock_now - timedelta(days=days)).isoformat())
        for key, days in (("old.md", 400), ("young.md", 4))
    )
    low = page("low.md", "Parking", FEE, trust="low", modified=clock_now.isoformat())
    store = shelve([old, young, low])
    for policy in (
        Policy(max_age_days=30, least_trust=Trust.MEDIUM),
        Policy(
            topics=(
                Topic(
                    name="parking",
                    patterns=("parking",),
                    action=TopicAction.RESTRICT,
                    max_age_days=30,
                    least_trust=Trust.MEDIUM,
                ),
            )
        ),
    ):
        found = under(policy, store=store).retrieve(PARKING)
        assert {h.hit.payload["key"] for h in found.hits} == {"young.md"}
        for leg in (found.legs.fused, found.legs.dense, found.legs.sparse):
            assert {hit.payload["key"] for hit in leg} <= {"young.md"}
        assert codes(found) == [ReasonCode.POLICY_RESTRICTED]


def test_sources_that_do_not_count_are_not_searched(under):
    policy = refusing(action=TopicAction.RESTRICT, sources=("lawyers",))
    assert under(policy).retrieve(PARKING).hits == ()


def test_a_source_that_counts_is_searched_although_the_request_names_none(under, shelve, page):
    store = shelve([page("a.md", "Parking", FEE, source="lawyers"), page("b.md", "Parking", FEE)])
    policy = refusing(action=TopicAction.RESTRICT, sources=("lawyers",))
    found = under(policy, store=store).retrieve(PARKING)
    assert {h.hit.payload["key"] for h in found.hits} == {"a.md"}


def test_a_request_for_what_does_not_count_is_told_so():
    asked = Conditions(sources=frozenset({"lawyers"}))
    allowed = permission(Scope(sources=frozenset({"wiki"})), asked)
    assert (allowed.reads, allowed.status) == (None, Status.OK)
    assert codes(allowed) == [ReasonCode.POLICY_EVIDENCE]


def test_a_logged_passage_is_read_only_as_far_as_the_policy_goes(clock_now):
    """Where nothing may be read nothing is admitted, whatever else is asked."""
    mine, theirs = (SourceLabels(source, "high", clock_now) for source in ("lawyers", "elsewhere"))
    restricted = permission(Scope(), Conditions(sources=frozenset({"lawyers"})))
    assert [restricted.admits(p, clock_now) for p in (mine, theirs)] == [True, False]
    assert [permission(Scope(), Conditions()).admits(p, clock_now) for p in (mine, theirs)] == [
        True,
        True,
    ]
    refused = permission(Scope(), Conditions(refusal=Reason(ReasonCode.POLICY_TOPIC, "No.")))
    assert [refused.admits(p, clock_now) for p in (mine, theirs)] == [False, False]


@pytest.mark.parametrize(
    ("answer", "question"),
    [(FEE, PARKING), (f"{DAYS} {FEE}", LEAVE), (DAYS, PARKING)],
)
def test_a_check_of_a_refused_topic_says_nothing_of_it(under, answer, question):
    found = check_by_question(answer, question, under(refusing()))
    assert {claim.verdict for claim in found.claims} == {ClaimVerdict.NOT_CHECKED}
    assert all((c.score, c.citations, c.anti_citations) == (0.0, (), ()) for c in found.claims)
    assert found.support_score == 0.0
    assert codes(found) == [ReasonCode.POLICY_TOPIC]


def test_other_answers_are_checked_as_ever(under):
    found = check_by_question(DAYS, LEAVE, under(refusing()))
    assert [claim.verdict for claim in found.claims] == [ClaimVerdict.SUPPORTED]
    assert found.reasons == ()
