"""What a policy refuses and restricts, through the engine, with reasons and version logged."""

from datetime import timedelta

import numpy as np
import pytest

from config.policy import Policy, Quota, Topic, TopicAction
from config.trust import Trust
from indexing.errors import LedgerUnavailableError
from query.decision import Reason, ReasonCode, Status, SuggestedAction, Verdict
from query.policy.policing import (
    Conditions,
    Policing,
    SourceLabels,
    conditions,
    confirm,
    held_to,
    restriction,
)
from query.ruling import Ruling

LEAVE = "How many working days of annual leave does every employee receive?"
PARKING = "How much is the monthly parking fee at headquarters?"


class Counter:
    """Says how many requests were made."""

    def __init__(self, used: int = 0, error: Exception | None = None) -> None:
        self.used, self.error = used, error
        self.asked: list[tuple] = []

    def admit(self, tenant, quotas, at, request_id):
        if self.error:
            raise self.error
        self.asked.append((tenant, at, request_id))
        return next((quota for quota in quotas if self.used >= quota.requests), None)


def topic(action=TopicAction.REFUSE, **options):
    return Topic(name="pay", action=action, **({"patterns": ("parking",)} | options))


def test_a_refused_topic_is_refused_before_anything_is_searched(under, audit):
    policy = Policy(topics=(topic(message="Ask the front desk."),))
    decision = under(policy).answer(PARKING)
    assert (decision.status, decision.verdict) == (Status.OK, Verdict.REFUSED_BY_POLICY)
    assert [r.code for r in decision.reasons] == [ReasonCode.POLICY_TOPIC]
    assert decision.reasons[0].detail == "Ask the front desk."
    assert decision.suggested_action is SuggestedAction.REFUSE
    assert (decision.answer, decision.evidence, decision.p_answerable) == (None, (), 0.0)
    assert audit.records[-1].searches == ()


def test_every_decision_and_every_log_row_names_the_policy(under, audit):
    policy = Policy(name="house", topics=(topic(),))
    for question in (PARKING, LEAVE, ""):
        decision = under(policy).answer(question)
        assert decision.policy_version.endswith(policy.version)
        assert audit.records[-1].policy_version == decision.policy_version
        logged = audit.records[-1].to_json()["settings"]["policy"]
        assert Policy.model_validate(logged).version == policy.version


def test_other_questions_are_answered_as_ever(under, engine):
    decision = under(Policy(topics=(topic(),))).answer(LEAVE)
    assert decision.answer == engine.answer(LEAVE).answer
    assert decision.verdict is Verdict.ANSWERABLE


def test_escalating_topics_go_to_a_person(under):
    decision = under(Policy(topics=(topic(TopicAction.ESCALATE),))).answer(PARKING)
    assert decision.suggested_action is SuggestedAction.ESCALATE


def test_a_topic_is_told_by_the_meaning_of_its_examples(under):
    examples = ("What does parking at headquarters cost per month?",)
    policy = Policy(topics=(topic(patterns=(), examples=examples, resembles_at=0.5),))
    assert under(policy).ground(PARKING).verdict is Verdict.REFUSED_BY_POLICY
    assert under(policy).ground(LEAVE).verdict is Verdict.ANSWERABLE


def test_examples_that_cannot_be_compared_let_nothing_through(under):
    policy = Policy(topics=(topic(patterns=(), examples=("Where do I park?",)),))
    decision = under(policy, dense=None).answer(LEAVE)
    assert decision.status is Status.UNAVAILABLE
    assert decision.has(ReasonCode.POLICY_UNCHECKED)
    assert decision.answer is None


@pytest.mark.parametrize(
    "question",
    [
        "How much is the monthly P\u00adARKING fee at headquarters?",
        "How much is the monthly par\u200bking fee at headquarters?",
        "How much is the monthly ｐａｒｋｉｎｇ fee at headquarters?",
        f"{LEAVE} And how much is the monthly parking fee at headquarters?",
    ],
)
def test_letters_in_disguise_and_second_questions_do_not_pass(under, question):
    decision = under(Policy(topics=(topic(),))).answer(question)
    assert decision.verdict is Verdict.REFUSED_BY_POLICY


def test_a_topic_that_is_told_by_its_words_is_refused_whatever_cannot_be_compared(under):
    unclear = Topic(name="sea", action=TopicAction.REFUSE, examples=("Is the sea far away?",))
    for topics in ((topic(), unclear), (unclear, topic())):
        decision = under(Policy(topics=topics), dense=None).answer(PARKING)
        assert (decision.status, decision.verdict) == (Status.OK, Verdict.REFUSED_BY_POLICY)
        assert decision.has(ReasonCode.POLICY_TOPIC)


@pytest.mark.parametrize("example", ["Where do I park?", "Where do I ｐａ\u00adｒｋ?"])
def test_the_words_of_an_example_tell_a_topic_without_any_encoder(example):
    """What is told by words needs no comparison, so none can fail."""
    policing = Policing(Policy(topics=(topic(examples=(example,)),)))
    found = policing.consult(("where do i PARK",), "g1", None)
    assert (found.refusal.code, found.unchecked) == (ReasonCode.POLICY_TOPIC, None)
    by_pattern = policing.consult((PARKING,), "g1", None)
    assert (by_pattern.topics, by_pattern.unchecked) == (("pay",), None)


def test_a_text_without_words_is_like_no_example(encoder):
    example = topic(patterns=(), examples=("Where do I park?",), resembles_at=0.9)
    assert Policing(Policy(topics=(example,))).consult(("?!",), "g1", encoder).refusal is None


def test_every_topic_is_compared_with_its_own_examples(encoder):
    sea = Topic(name="sea", action=TopicAction.REFUSE, examples=("Is the sea far away?",))
    park = topic(patterns=(), examples=("What does a space for my car cost?",), resembles_at=0.5)
    policing = Policing(Policy(topics=(sea, park)))
    for _ in range(2):  # with the vectors that were kept, too
        found = policing.consult(("How much does a space for my car cost?",), "g1", encoder)
        assert found.topics == ("pay",)


def test_an_example_that_compares_as_nothing_lets_nothing_through():
    class Broken:
        def encode_documents(self, texts):
            return np.full((len(texts), 4), np.nan, dtype=np.float32)

    policing = Policing(Policy(topics=(topic(patterns=(), examples=("Where do I park?",)),)))
    assert policing.consult((LEAVE,), "g1", Broken()).refusal is not None


def test_what_an_encoder_without_a_limit_reads_is_left_whole(encoder):
    seen: list[str] = []

    class Unbounded:
        window = None

        def pieces(self, texts):
            return [len(text.split()) for text in texts]

        def encode_documents(self, texts):
            seen.extend(texts)
            return encoder.encode_documents(texts)

    policing = Policing(Policy(topics=(topic(patterns=(), examples=("Where do I park?",)),)))
    policing.consult((LEAVE * 9,), "g1", Unbounded())
    assert LEAVE * 9 in seen


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_refused_topics_one_that_goes_to_a_person_decides(order):
    others = [topic(), topic(TopicAction.ESCALATE)][::order]
    assert conditions(Policy(), others).action is SuggestedAction.ESCALATE


def test_a_turn_before_does_not_smuggle_a_topic_in(under):
    history = [{"speaker": "user", "text": "Tell me about the parking fee at headquarters"}]
    decision = under(Policy(topics=(topic(),))).answer("How much is it?", history=history)
    assert decision.verdict is Verdict.REFUSED_BY_POLICY


def test_less_certain_than_the_policy_asks_for_is_refused(under):
    decision = under(Policy(min_confidence=1.0)).answer(LEAVE)
    assert decision.p_answerable < 1.0
    assert decision.verdict is Verdict.REFUSED_BY_POLICY
    assert decision.has(ReasonCode.POLICY_CONFIDENCE)
    assert decision.answer is None


def test_languages_may_be_fewer_than_the_encoder_serves(under):
    decision = under(Policy(languages=("de",))).answer(LEAVE)
    assert decision.verdict is Verdict.REFUSED_BY_POLICY
    assert decision.has(ReasonCode.POLICY_LANGUAGE)


@pytest.mark.parametrize(
    ("texts", "is_refused"),
    [
        (("Tern 4?",), False),
        (("Wie viele Tage Urlaub habe ich im Jahr, und was kostet Tern 4?", "Tern 4?"), True),
        (("Tern 4?", "Wie viele Tage Urlaub habe ich im Jahr?"), False),
    ],
    ids=["too short to tell", "a part that tells nothing", "a part"],
)
def test_the_language_is_that_of_the_whole_question(texts, is_refused):
    found = Policing(Policy(languages=("en",))).consult(texts, "g1", None)
    assert (found.refusal is not None) is is_refused


def test_a_restricted_topic_is_answered_from_its_sources_only(under, shelve, page):
    store = shelve(
        [
            page("a.md", "Parking", "The monthly parking fee is 55 euro.", source="wiki"),
            page("b.md", "Parking", "The monthly parking fee is 60 euro.", source="hr"),
        ]
    )
    policy = Policy(topics=(topic(TopicAction.RESTRICT, sources=("hr",)),))
    decision = under(policy, store=store).answer("How much is the monthly parking fee?")
    assert decision.verdict is Verdict.ANSWERABLE
    assert "60 euro" in decision.answer
    assert {item.key for item in decision.evidence} == {"b.md"}
    assert decision.has(ReasonCode.POLICY_RESTRICTED)


def test_trust_below_what_is_asked_for_does_not_count(under, shelve, page):
    store = shelve([page("a.md", "Parking", "The monthly parking fee is 55 euro.", trust="low")])
    decision = under(Policy(least_trust=Trust.HIGH), store=store).answer(PARKING)
    assert decision.verdict is Verdict.UNANSWERABLE
    assert decision.has(ReasonCode.POLICY_RESTRICTED)
    assert decision.evidence == ()


@pytest.mark.parametrize(
    ("modified", "verdict"),
    [
        ("2026-11-20T00:00:00+00:00", Verdict.ANSWERABLE),
        ("2020-01-01T00:00:00+00:00", Verdict.REFUSED_BY_POLICY),
        ("2026-11-20T00:00:00", Verdict.REFUSED_BY_POLICY),
        (None, Verdict.REFUSED_BY_POLICY),
    ],
)
def test_evidence_that_is_too_old_or_of_unknown_age_does_not_count(
    under, shelve, page, modified, verdict
):
    store = shelve(
        [page("a.md", "Parking", "The monthly parking fee is 55 euro.", modified=modified)]
    )
    decision = under(Policy(max_age_days=30), store=store).answer(
        "How much is the monthly parking fee?"
    )
    assert decision.verdict is verdict
    assert decision.has(ReasonCode.POLICY_FRESHNESS) is (verdict is Verdict.REFUSED_BY_POLICY)


def test_demands_that_exclude_each_other_leave_nothing(under, audit):
    topics = (
        Topic(name="a", action=TopicAction.RESTRICT, patterns=("parking",), sources=("x",)),
        Topic(name="b", action=TopicAction.RESTRICT, patterns=("fee",), sources=("y",)),
    )
    decision = under(Policy(topics=topics)).answer(PARKING)
    assert decision.verdict is Verdict.REFUSED_BY_POLICY
    assert decision.has(ReasonCode.POLICY_EVIDENCE)
    assert audit.records[-1].searches == ()


def test_no_source_that_counts_is_not_any_source(clock_now):
    nothing = Conditions(sources=frozenset())
    assert nothing.restricts
    assert not nothing.admits(SourceLabels("wiki", "high", clock_now), clock_now)


def test_evidence_counts_up_to_the_very_age(clock_now):
    asked = Conditions(max_age=timedelta(days=30))
    ages = (timedelta(days=30), timedelta(days=30, microseconds=1))
    found = [asked.admits(SourceLabels("a", "high", clock_now - age), clock_now) for age in ages]
    assert found == [True, False]


def test_the_strictest_of_all_demands_holds():
    policy = Policy(min_confidence=0.6, max_age_days=10, least_trust=Trust.MEDIUM)
    asked = conditions(
        policy,
        [
            topic(TopicAction.RESTRICT, min_confidence=0.5, max_age_days=3),
            topic(TopicAction.RESTRICT, least_trust=Trust.HIGH, sources=("a", "b")),
        ],
    )
    assert asked.min_confidence == 0.6
    assert asked.max_age == timedelta(days=3)
    assert asked.trusts == {"high"}
    assert asked.sources == {"a", "b"}


def test_a_quota_that_is_used_up_says_retry_later(under, clock_now):
    counter = Counter(used=5)
    policy = Policy(quotas=(Quota(requests=9, seconds=60), Quota(requests=5, seconds=3600)))
    decision = under(policy, counter).answer(LEAVE)
    assert decision.verdict is Verdict.REFUSED_BY_POLICY
    assert decision.has(ReasonCode.POLICY_QUOTA)
    assert decision.suggested_action is SuggestedAction.RETRY_LATER
    assert counter.asked == [("acme", clock_now, decision.request_id)]
    counter.used = 4
    assert under(policy, counter).answer(LEAVE).verdict is Verdict.ANSWERABLE


def test_a_quota_that_cannot_be_counted_lets_nothing_through(under):
    counter = Counter(error=LedgerUnavailableError("locked"))
    decision = under(Policy(quotas=(Quota(requests=1, seconds=1),)), counter).answer(LEAVE)
    assert decision.status is Status.UNAVAILABLE
    assert decision.has(ReasonCode.LEDGER_UNAVAILABLE)
    assert decision.answer is None


def test_without_a_log_to_count_in_a_quota_refuses_nobody(under):
    policy = Policy(quotas=(Quota(requests=1, seconds=3600),))
    assert under(policy, counter=None).answer(LEAVE).verdict is Verdict.ANSWERABLE


def test_examples_are_encoded_once_per_generation(encoder):
    seen: list[list[str]] = []

    class Noting:
        def encode_documents(self, texts):
            seen.append(list(texts))
            return encoder.encode_documents(texts)

    policing = Policing(Policy(topics=(topic(patterns=(), examples=("Where do I park?",)),)))
    for generation in ("g1", "g1", "g2"):
        policing.consult((LEAVE,), generation, Noting())
    assert seen.count(["Where do I park?"]) == 2


@pytest.mark.parametrize(
    ("asked", "is_refused"), [("Where do I park?", True), ("Is it far to the sea?", False)]
)
@pytest.mark.parametrize("before", [0, 3, 40, 400])
def test_a_question_longer_than_the_encoder_reads_is_compared_in_parts(
    encoder, asked, is_refused, before
):
    class Short:
        window = 24

        def pieces(self, texts):
            return [len(text.split()) for text in texts]

        def encode_documents(self, texts):
            assert max(self.pieces(texts)) <= self.window, "the encoder fails on such a text"
            return encoder.encode_documents(texts)

    example = topic(patterns=(), examples=("Where do I park?",), resembles_at=0.3)
    policing = Policing(Policy(topics=(example,)))
    text = f"{'The weather was rather fine. ' * before}{asked}"
    found = policing.consult((text,), "g1", Short())
    assert (found.refusal is not None, found.unchecked) == (is_refused, None)


def test_only_what_would_be_answered_must_be_as_certain_as_the_policy_asks():
    asked = Conditions(min_confidence=0.8)
    refused = Ruling(Verdict.UNANSWERABLE, 0.1)
    sure = Ruling(Verdict.ANSWERABLE, 0.8)
    assert confirm(refused, asked) == refused, "it is not the policy that refuses it"
    assert confirm(sure, asked) == sure
    why = Reason(ReasonCode.EVIDENCE_FOUND, "Some of it.")
    unsure = confirm(Ruling(Verdict.PARTIALLY_SUPPORTED, 0.79, (why,)), asked)
    assert unsure.verdict is Verdict.REFUSED_BY_POLICY
    assert [r.code for r in unsure.reasons] == [ReasonCode.POLICY_CONFIDENCE, why.code]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (Conditions(max_age=timedelta(days=3)), ReasonCode.POLICY_FRESHNESS),
        (Conditions(trusts=frozenset({"high"})), ReasonCode.POLICY_EVIDENCE),
    ],
)
def test_a_refusal_says_why_the_candidates_do_not_count(asked, code):
    ruling = Ruling(Verdict.ANSWERABLE, 0.9, (Reason(ReasonCode.EVIDENCE_FOUND, "There."),))
    refused = held_to(asked, ruling, aged=2)
    assert (refused.verdict, refused.p_answerable) == (Verdict.REFUSED_BY_POLICY, 0.0)
    assert [r.code for r in refused.reasons] == [code]
    assert "2 candidates" in refused.reasons[0].detail
    kept = held_to(asked, ruling)
    assert [r.code for r in kept.reasons] == [
        ReasonCode.EVIDENCE_FOUND,
        ReasonCode.POLICY_RESTRICTED,
    ]


@pytest.mark.parametrize(("days", "said"), [(0.5, "0.5 days"), (1.5, "1.5 days"), (30, "30 days")])
def test_a_restriction_names_the_age_that_is_asked_for(days, said):
    asked = conditions(Policy(max_age_days=days), ())
    assert said in restriction(asked).detail
    assert f" {said}" in held_to(asked, None).reasons[0].detail
