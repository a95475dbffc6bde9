"""Requests from end to end: verdicts, exact quotes, degraded and unavailable states, the log."""

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexing.errors import (
    LedgerUnavailableError,
    ModelError,
    StoreUnavailableError,
)
from query.decision import ReasonCode, Status, SuggestedAction, Verdict
from query.engine import QueryEngine

JSON_KEYS = [
    "request_id", "status", "verdict", "p_answerable", "reasons", "evidence", "missing",
    "conflicts", "suggested_action", "clarification", "answer", "generation", "epoch",
    "calibration_id", "policy_version", "risk_bound", "timings_ms",
]  # fmt: skip
EVIDENCE_KEYS = [
    "chunk_id", "document_id", "key", "version", "page", "start", "end", "quote", "score", "flags",
    "trust",
]  # fmt: skip


class Broken:
    """Fails at whatever it is asked."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def encode_query(self, text):
        raise self.error

    def search(self, collection, query):
        raise self.error


def test_an_answerable_question_is_answered_with_its_quote(engine, pages):
    decision = engine.answer("How many working days of annual leave does every employee receive?")
    assert decision.verdict is Verdict.ANSWERABLE
    assert decision.suggested_action is SuggestedAction.ANSWER
    assert decision.evidence[0].key == "people/leave.md"
    assert "27 working days" in decision.answer
    assert "[1]" in decision.answer


def test_quotes_are_exact_spans_of_the_cleaned_text(engine, pages):
    decision = engine.ground("What may a hotel room in Lisbon cost per night?")
    assert len(decision.evidence) >= 3
    for item in decision.evidence:
        assert pages[item.key].text[item.start : item.end] == item.quote


def test_ground_never_writes_an_answer(engine):
    assert engine.ground("How many days of annual leave does an employee receive?").answer is None


def test_a_far_question_is_refused(engine):
    decision = engine.answer("Which spices go into garam masala?")
    assert decision.verdict is Verdict.UNANSWERABLE
    assert decision.has(ReasonCode.LOW_SUPPORT)
    assert decision.answer is None
    assert decision.suggested_action is SuggestedAction.REFUSE


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("What does error code E-23 of the gateway mean?", "E-23"),
        ("How much may a hotel room in Madrid cost per night?", "Madrid"),
        ("What does the Tern 6 weigh with batteries?", "Tern 6"),
    ],
)
def test_an_unknown_entity_is_named(engine, question, missing):
    decision = engine.ground(question)
    assert decision.verdict is Verdict.UNANSWERABLE
    assert decision.has(ReasonCode.ENTITY_NOT_FOUND)
    assert missing in decision.missing


def test_an_unknown_year_is_named(engine):
    decision = engine.ground("How many days of annual leave did an employee receive in 2019?")
    assert decision.verdict is Verdict.UNANSWERABLE
    assert decision.has(ReasonCode.NUMBER_NOT_FOUND)
    assert decision.missing == ("2019",)


def test_two_documents_that_disagree_make_it_ambiguous(engine):
    decision = engine.answer("How long is customer telemetry kept after the contract ends?")
    assert decision.verdict is Verdict.AMBIGUOUS
    assert decision.suggested_action is SuggestedAction.ASK_BACK
    assert decision.answer is None
    sides = decision.conflicts[0].sides
    assert {side.value for side in sides} == {"30 days", "90 days"}
    assert {side.key for side in sides} == {"security/retention.md", "security/offboarding.md"}


def test_hiding_one_side_of_a_conflict_resolves_it(engine):
    decision = engine.answer(
        "How long is customer telemetry kept after the contract ends?",
        frozenset({"security/offboarding.md"}),
    )
    assert decision.verdict is Verdict.ANSWERABLE
    assert "30 days" in decision.answer
    assert all(item.key != "security/offboarding.md" for item in decision.evidence)


def test_half_of_a_compound_question(engine):
    decision = engine.answer(
        "How many days of annual leave does every employee receive, and which spices go into "
        "garam masala?"
    )
    assert decision.verdict is Verdict.PARTIALLY_SUPPORTED
    assert decision.has(ReasonCode.PART_NOT_COVERED)
    assert len(decision.missing) == 1
    assert "garam masala" in decision.missing[0]
    assert "27 working days" in decision.answer
    assert "garam masala" in decision.answer


def test_flagged_evidence_carries_no_answer(engine):
    decision = engine.answer("How much is the canteen voucher worth per week?")
    assert decision.verdict is Verdict.UNANSWERABLE
    assert decision.has(ReasonCode.FLAGGED_EVIDENCE_ONLY)
    assert decision.answer is None
    assert decision.suggested_action is SuggestedAction.ESCALATE
    assert "injection" in {flag for item in decision.evidence for flag in item.flags}


def test_an_earlier_epoch_shows_the_earlier_text(engine):
    question = "How much is the monthly parking fee at headquarters?"
    assert "55 euro" in engine.answer(question).answer
    before = engine.answer(question, as_of=1)
    assert "40 euro" in before.answer
    assert before.epoch == 1


def test_of_an_epoch_that_never_was_there_is_no_verdict(engine, audit):
    decision = engine.ground("How much is the parking fee?", as_of=9)
    assert (decision.status, decision.verdict) == (Status.UNAVAILABLE, None)
    assert decision.p_answerable is None
    assert [reason.code for reason in decision.reasons] == [ReasonCode.EPOCH_NOT_COMMITTED]
    assert decision.suggested_action is SuggestedAction.REFUSE  # asking again changes nothing
    assert audit.records[-1].status == "unavailable"
    assert engine.retrieve("How much is the parking fee?", as_of=9).status is Status.UNAVAILABLE


def test_another_tenant_is_never_seen(engine):
    retrieval = engine.retrieve("annual leave of the other tenant")
    assert retrieval.hits
    assert {hit.hit.payload["tenant"] for hit in retrieval.hits} == {"acme"}


def test_nothing_indexed_is_a_refusal_not_an_error(make_engine, view):
    view.pinned = None
    decision = make_engine().ground("How many days of annual leave are there?")
    assert (decision.status, decision.verdict) == (Status.OK, Verdict.UNANSWERABLE)
    assert decision.has(ReasonCode.NOTHING_INDEXED)


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("", ReasonCode.EMPTY_QUESTION),
        ("   \n", ReasonCode.EMPTY_QUESTION),
        ("??? !!", ReasonCode.GARBLED_INPUT),
        ("asdkjh qwrtzpx zxcvbnm", ReasonCode.GARBLED_INPUT),
        ("word " * 2000, ReasonCode.QUESTION_TOO_LONG),
        ("Wie viele Urlaubstage habe ich im Jahr?", ReasonCode.LANGUAGE),
        ("员工每年有多少天假期?", ReasonCode.LANGUAGE),
    ],
)
def test_what_cannot_be_worked_on_is_refused_with_its_reason(engine, audit, question, code):
    decision = engine.answer(question)
    assert decision.verdict is Verdict.UNANSWERABLE
    assert decision.has(code)
    assert audit.records[-1].request_id == decision.request_id


def test_a_question_about_nothing_is_asked_back(engine):
    decision = engine.answer("How long does it last?")
    assert decision.verdict is Verdict.AMBIGUOUS
    assert decision.has(ReasonCode.UNDERSPECIFIED)
    assert decision.suggested_action is SuggestedAction.ASK_BACK


def test_a_pronoun_for_something_in_the_same_question_leaves_nothing_open(engine):
    decision = engine.answer("Where is the parking and who approves it?")
    assert not decision.has(ReasonCode.UNDERSPECIFIED)


def test_a_demonstrative_that_points_at_nothing_is_asked_back(engine, audit):
    history = ["How many days of annual leave does every employee receive?"]
    decision = engine.answer("What is that housing made of?", history=history)
    assert decision.verdict is Verdict.AMBIGUOUS
    assert decision.suggested_action is SuggestedAction.ASK_BACK
    assert decision.clarification
    assert decision.answer is None
    assert audit.records[-1].request_id == decision.request_id


def test_what_was_said_before_tells_what_is_pointed_at(engine):
    history = ["Is there a housing on the Tern 4?"]
    decision = engine.answer("What is that housing made of?", history=history)
    assert decision.verdict is Verdict.ANSWERABLE


def test_history_resolves_a_follow_up(engine):
    history = [
        {"speaker": "user", "text": "Tell me about the buddy programme for new colleagues"},
        {"speaker": "agent", "text": "It helps people to settle in."},
    ]
    decision = engine.answer("How long does it last?", history=history)
    assert decision.verdict is Verdict.ANSWERABLE
    assert "eight weeks" in decision.answer


def test_a_change_of_subject_ends_what_was_spoken_of(engine, audit):
    history = [
        {"speaker": "user", "text": "Tell me about the buddy programme for new colleagues"},
        {"speaker": "agent", "text": "It helps people to settle in."},
    ]
    engine.answer("Thanks. Different topic: how long is it?", history=history)
    assert audit.records[-1].normalised_question.endswith("(buddy programme new colleagues)")
    engine.answer("Thanks. Different topic: how long?", history=history)
    assert audit.records[-1].normalised_question == "how long?"


def test_without_the_dense_encoder_the_answer_is_degraded(make_engine):
    engine = make_engine(dense=Broken(ModelError("no weights")))
    decision = engine.answer("How many working days of annual leave does every employee receive?")
    assert decision.status is Status.DEGRADED
    assert decision.has(ReasonCode.DENSE_ENCODER_DOWN)
    assert decision.evidence[0].key == "people/leave.md"


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"store": Broken(StoreUnavailableError("no answer"))}, ReasonCode.STORE_UNAVAILABLE),
        ({"store": Broken(RuntimeError("surprise"))}, ReasonCode.INTERNAL_ERROR),
    ],
)
def test_a_dead_store_is_unavailable_and_still_logged(make_engine, audit, parts, code):
    decision = make_engine(**parts).answer("How many days of annual leave are there?")
    assert decision.status is Status.UNAVAILABLE
    assert decision.verdict is None
    assert decision.p_answerable is None
    assert decision.answer is None
    assert decision.has(code)
    assert decision.suggested_action is SuggestedAction.RETRY_LATER
    assert audit.records[-1].status == "unavailable"


def test_a_dead_ledger_is_unavailable(make_engine, view):
    view.error = LedgerUnavailableError("locked")
    decision = make_engine().answer("How many days of annual leave are there?")
    assert decision.status is Status.UNAVAILABLE
    assert decision.has(ReasonCode.LEDGER_UNAVAILABLE)


def test_an_answer_without_a_log_row_is_withheld(make_engine, audit):
    audit.error = LedgerUnavailableError("disk full")
    decision = make_engine().answer("How many days of annual leave does every employee receive?")
    assert decision.status is Status.DEGRADED
    assert decision.verdict is not Verdict.ANSWERABLE
    assert decision.answer is None
    assert decision.suggested_action is SuggestedAction.ESCALATE
    assert decision.has(ReasonCode.AUDIT_NOT_WRITTEN)
    assert decision.evidence


def test_the_log_row_explains_the_decision(engine, audit):
    decision = engine.answer("What does E-14 mean?")
    record = json.loads(json.dumps(audit.records[-1].to_json(), allow_nan=False))
    assert record["request_id"] == decision.request_id
    assert record["question"] == "What does E-14 mean?"
    assert record["verdict"] == decision.verdict
    assert record["retrieval"][0]["point_id"]
    assert record["features"]["dense_top1"] > 0
    assert record["received_at"].endswith("+00:00")


def test_the_json_form_is_exact(engine):
    decision = engine.answer("What may a hotel room in Lisbon cost per night?")
    record = json.loads(json.dumps(decision.to_json(), allow_nan=False))
    assert list(record) == JSON_KEYS
    assert [list(item) for item in record["evidence"]] == [EVIDENCE_KEYS] * len(record["evidence"])
    assert {tuple(reason) for reason in record["reasons"]} == {("code", "detail")}


def test_the_batch_form_adds_the_ranking(engine: QueryEngine):
    lines = [
        {"id": "one", "question": "What does E-14 mean?"},
        {"id": "two", "question": "What does E-14 mean?", "exclude_keys": ["support/errors.md"]},
    ]
    one, two = engine.answer_many(lines)
    assert list(one) == ["id", *JSON_KEYS, "retrieved_document_ids", "retrieved_keys"]
    assert one["retrieved_keys"][0] == "support/errors.md"
    assert len(one["retrieved_keys"]) == len(one["retrieved_document_ids"])
    assert "support/errors.md" not in two["retrieved_keys"]
    assert two["verdict"] == "unanswerable"


def test_a_broken_clock_free_decision_is_never_answerable_without_evidence(make_engine, view):
    view.pinned = replace(view.pinned, epoch=0)
    decision = make_engine().answer("How many days of annual leave does every employee receive?")
    assert decision.evidence == ()
    assert decision.verdict is Verdict.UNANSWERABLE
    assert decision.has(ReasonCode.NO_EVIDENCE)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(max_size=120) | st.sampled_from(["\ud800 leave", "leave\0days", "a" * 9000]))
def test_any_input_ends_in_a_typed_state(engine, pages, text):
    decision = engine.answer(text)
    json.dumps(decision.to_json(), allow_nan=False)
    assert decision.status is Status.OK
    assert decision.verdict is not None
    if decision.verdict is Verdict.ANSWERABLE:
        assert decision.evidence
    for item in decision.evidence:
        assert pages[item.key].text[item.start : item.end] == item.quote
