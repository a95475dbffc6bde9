"""Retrievals and checks: each leaves one row in the log, without a verdict."""

import json
from dataclasses import dataclass, field, replace

import pytest

from config.auditing import PersonalData
from config.policy import Policy
from indexing.errors import LedgerUnavailableError
from query.audit import Purpose, is_judged
from query.claims.claim import ClaimVerdict
from query.claims.claims import check
from query.decision import Reason, ReasonCode, Status
from query.feedback import Feedback, FeedbackVerdict
from query.masking import mask_record
from query.parts import Extras

LEAVE = "How many working days of annual leave does every employee receive?"
CLAIM = "Every employee receives 27 working days of annual leave per year."
EVIDENCE = ("Every employee receives 27 working days of annual leave per year.",)


def codes(found):
    return [reason.code for reason in found.reasons]


def refusing():
    topic = {"name": "leave", "action": "refuse", "patterns": ["annual leave"]}
    return Policy.model_validate({"topics": [topic]})


@dataclass
class Kept:
    """A log that has one request, `r1`, of the tenant `acme`."""

    said_of: list = field(default_factory=list)
    error: Exception | None = None

    def cited(self, may, tenant, scope, request_id, about):
        from query.logged_evidence import CitedEvidence

        if self.error:
            raise self.error
        known = (tenant, request_id) == ("acme", "r1")
        return CitedEvidence(request_id) if known else None

    def said(self, tenant, request_id, feedback):
        self.said_of.append((tenant, request_id, feedback.verdict))


def test_a_retrieval_is_one_row_with_its_candidates_and_no_verdict(engine, audit):
    found = engine.retrieve(LEAVE)
    (row,) = audit.records
    assert (row.purpose, row.verdict, row.p_answerable) == (Purpose.RETRIEVE, None, None)
    assert row.request_id == found.request_id
    assert [entry["point_id"] for entry in row.retrieval] == [str(h.hit.id) for h in found.hits]
    assert row.searches[0]["question"] == LEAVE
    assert (row.generation, row.epoch) == ("gen-1", 3)
    assert row.calibration_id == ""  # what watches for drift looks for a calibration
    assert not is_judged(row.to_json())
    json.dumps(row.to_json(), allow_nan=False)


def test_without_a_log_nothing_names_a_row(make_engine):
    silent = make_engine(audit=None)
    assert silent.retrieve(LEAVE).request_id == ""
    assert silent.check(CLAIM, evidence=EVIDENCE).request_id == ""


def test_a_retrieval_that_cannot_be_logged_says_so_and_is_given_out(make_engine, audit, engine):
    audit.error = LedgerUnavailableError("The ledger is locked.")
    found = make_engine().retrieve(LEAVE)
    assert (found.status, found.request_id) == (Status.DEGRADED, "")
    assert codes(found) == [ReasonCode.AUDIT_NOT_WRITTEN]
    audit.error = None
    assert found.hits == engine.retrieve(LEAVE).hits


@pytest.mark.parametrize("against", [{"evidence": EVIDENCE}, {"question": LEAVE}])
def test_a_check_is_one_row_with_every_claim(engine, audit, against):
    found = engine.check(f"{CLAIM} The moon is made of cheese.", **against)
    (row,) = audit.records
    assert (row.purpose, row.verdict, row.request_id) == (Purpose.CHECK, None, found.request_id)
    assert row.checked["answer"].startswith(CLAIM)
    assert [c["verdict"] for c in row.checked["claims"]] == [c.verdict for c in found.claims]
    assert row.question == against.get("question", "")
    assert bool(row.retrieval) == ("question" in against)


@pytest.mark.parametrize("question", [{}, {"question": " "}])
def test_without_a_question_the_text_itself_is_searched_for(engine, audit, question):
    found = engine.check(CLAIM, **question)
    assert [claim.verdict for claim in found.claims] == [ClaimVerdict.SUPPORTED]
    assert [search["question"] for search in audit.records[0].searches] == [CLAIM]


def test_a_check_that_cannot_be_logged_says_so_and_checks(make_engine, audit):
    audit.error = RuntimeError("disk full")
    found = make_engine().check(CLAIM, evidence=EVIDENCE)
    assert found.claims[0].verdict is ClaimVerdict.SUPPORTED
    assert codes(found) == [ReasonCode.AUDIT_NOT_WRITTEN]
    assert found.request_id == ""


def test_what_the_policy_refuses_is_logged_as_refused(make_engine, audit):
    engine = make_engine(extras=Extras(policy=refusing()))
    engine.retrieve(LEAVE)
    engine.check(CLAIM, question=LEAVE)
    # Quotas leave such rows out: nobody is kept out for longer by asking again.
    assert [row.verdict for row in audit.records] == ["refused_by_policy"] * 2
    assert all(row.retrieval == () for row in audit.records)


def test_a_request_that_is_not_there_is_logged_and_supports_nothing(make_engine, audit):
    engine = make_engine(extras=Extras(kept=Kept()))
    found = engine.check(CLAIM, request_id="r2")
    assert [claim.verdict for claim in found.claims] == [ClaimVerdict.NOT_CHECKED]
    assert codes(found) == [ReasonCode.NO_SUCH_REQUEST]
    assert engine.evidence("r2") is None
    assert engine.evidence("r1").request_id == "r1"
    assert [(row.purpose, row.about_request) for row in audit.records] == [
        (Purpose.CHECK, "r2"), (Purpose.EVIDENCE, "r2"), (Purpose.EVIDENCE, "r1"),
    ]  # fmt: skip


def test_a_log_that_cannot_be_read_is_a_value(make_engine, audit):
    engine = make_engine(extras=Extras(kept=Kept(error=LedgerUnavailableError("It is locked."))))
    found = engine.check(CLAIM, request_id="r1")
    assert [claim.verdict for claim in found.claims] == [ClaimVerdict.NOT_CHECKED]
    assert codes(found) == codes(engine.evidence("r1")) == [ReasonCode.LEDGER_UNAVAILABLE]
    assert [row.status for row in audit.records] == [Status.UNAVAILABLE] * 2


def test_the_text_of_a_check_is_masked_before_it_is_kept(engine, audit):
    engine.check("Write to anna@example.org. She sits in Lisbon.", evidence=EVIDENCE)
    kept = mask_record(audit.records[0].to_json(), PersonalData.MASK)
    assert "anna@example.org" not in json.dumps(kept)
    assert kept["checked"]["claims"][0]["text"] == "Write to [email:1]."


def test_feedback_goes_to_the_log_under_the_tenant_of_the_engine(make_engine):
    kept = Kept()
    engine = make_engine(extras=Extras(kept=kept))
    engine.feedback("r1", Feedback(FeedbackVerdict.WRONG))
    assert kept.said_of == [("acme", "r1", FeedbackVerdict.WRONG)]
    assert make_engine().feedback("r1", Feedback(FeedbackVerdict.WRONG)) is None


def test_the_log_has_one_row_for_each_request_of_a_mix(engine, audit):
    engine.ground(LEAVE)
    engine.retrieve(LEAVE)
    engine.answer(LEAVE)
    engine.check(CLAIM, question=LEAVE)
    assert [row.purpose for row in audit.records] == ["ground", "retrieve", "answer", "check"]
    assert len({row.request_id for row in audit.records}) == 4
    assert [is_judged(row.to_json()) for row in audit.records] == [True, False, True, False]


def test_a_row_of_the_first_versions_counts_as_judged():
    assert is_judged({"verdict": "answerable"})


def test_a_check_is_made_by_what_the_home_checks_with(make_engine, audit):
    asked = []

    def checks(answer, evidence, check_id=None):
        asked.append((answer, tuple(evidence)))
        reason = Reason(ReasonCode.CHECKED_BY_RULES, "Read by nobody.")
        found = check(answer, evidence, check_id)
        return replace(found, reasons=(reason,))

    engine = make_engine(extras=Extras(checks=checks))
    found = engine.check(CLAIM, evidence=EVIDENCE)
    assert asked == [(CLAIM, EVIDENCE)]
    assert codes(found) == [ReasonCode.CHECKED_BY_RULES]
    assert found.claims[0].verdict is ClaimVerdict.SUPPORTED
    searched = engine.check(CLAIM)
    assert len(asked) == 2
    assert len(asked[1][1]) == len(searched.evidence) > 0
    assert codes(searched) == [ReasonCode.CHECKED_BY_RULES]
    told = [[reason["code"] for reason in row.reasons] for row in audit.records]
    assert told == [["checked_by_rules"]] * 2, "the log says so, too"
