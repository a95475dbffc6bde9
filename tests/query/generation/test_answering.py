"""Behind the gate: a model phrases, the evidence decides, quotes are the last link."""

import json
from dataclasses import dataclass, replace

import pytest

from query.answering import RecordedGenerator, write_answer
from query.claims.claim import ClaimVerdict
from query.claims.claims import check
from query.decision import ReasonCode, Status, Verdict
from query.generation.endings import Ending, Generated
from query.outcome import Outcome
from query.parts import Extras
from query.quoting.quotes import whole
from query.ruling import Ruling
from tests.query.quoting.test_meaning import passage
from tests.support.model_endpoint import hangs, raw, says, status

LEAVE = "How many working days of annual leave does every employee receive?"
SAID = "Every employee receives 27 working days of annual leave per year."


@pytest.fixture
def served(make_engine, make_chain):
    def make(**options):
        return make_engine(extras=Extras(generator=make_chain(**options)))

    return make


def test_a_model_phrases_what_the_evidence_holds(endpoint, served, audit):
    endpoint.script(says(f"{SAID} [1]"))
    decision = served().answer(LEAVE)
    assert decision.answer == f"{SAID} [1]"
    assert decision.has(ReasonCode.GENERATED)
    assert decision.status is Status.OK
    logged = json.loads(json.dumps(audit.records[-1].to_json()))["generated"]
    assert logged["attempts"][0]["ending"] == "released"
    assert logged["output"] == f"{SAID} [1]"
    assert len(logged["prompt_sha256"]) == 64


@pytest.mark.parametrize(
    "question",
    [
        "Which spices go into garam masala?",
        "How long is customer telemetry kept after the contract ends?",
        "How much is the canteen voucher worth per week?",
        "",
    ],
)
def test_no_model_is_asked_without_a_verdict_that_allows_it(endpoint, served, question):
    endpoint.script(says("Anything at all."))
    decision = served().answer(question)
    assert decision.answer is None
    assert endpoint.requests == []


def test_grounding_alone_never_asks_a_model(endpoint, served):
    endpoint.script(says(SAID))
    assert served().ground(LEAVE).answer is None
    assert endpoint.requests == []


@pytest.mark.parametrize(
    "behaviour",
    [status(500), status(429), raw(b"{"), says(""), says("I cannot answer that."),
     says("It is 99 days. [1]"), says(f"{SAID} [44]")],
)  # fmt: skip
def test_whatever_goes_wrong_the_quotes_are_given(endpoint, served, engine, behaviour):
    endpoint.script(behaviour)
    decision = served().answer(LEAVE)
    assert decision.answer == engine.answer(LEAVE).answer
    assert decision.status is Status.DEGRADED
    assert decision.has(ReasonCode.GENERATOR_FELL_BACK)
    assert decision.verdict is Verdict.ANSWERABLE


def test_a_model_that_hangs_costs_its_deadline_and_no_more(endpoint, served, engine):
    endpoint.script(hangs)
    decision = served(deadline_seconds=0.2).answer(LEAVE)
    assert decision.answer == engine.answer(LEAVE).answer
    assert decision.has(ReasonCode.GENERATOR_FELL_BACK)


def test_a_generator_that_raises_is_no_end(make_engine, engine):
    class Broken:
        def answer(self, request):
            raise RuntimeError("surprise")

    decision = make_engine(extras=Extras(generator=Broken())).answer(LEAVE)
    assert decision.answer == engine.answer(LEAVE).answer


def test_flagged_evidence_is_never_sent(endpoint, served):
    endpoint.script(says(SAID))
    served().answer(LEAVE)
    sent = json.dumps(endpoint.requests[0]["body"])
    assert "27 working days" in sent
    assert "canteen voucher" not in sent


def test_sentences_that_do_not_hold_are_withheld_and_counted(endpoint, served):
    endpoint.script(says(f"{SAID} Unused days are paid out in gold coins. [1]"))
    decision = served().answer(LEAVE)
    assert decision.answer == f"{SAID} [1]"
    assert decision.has(ReasonCode.SENTENCES_WITHHELD)


def test_a_replay_checks_the_recorded_words_again(make_chain, endpoint, request_):
    endpoint.script(says("The monthly parking fee at headquarters is 55 euro. [1]"))
    record = json.loads(json.dumps(make_chain().answer(request_).to_json()))
    again = RecordedGenerator(record, 4000).answer(request_)
    assert again.text == record["text"]
    record["output"] = "The monthly parking fee at headquarters is 45 euro. [1]"
    assert RecordedGenerator(record, 4000).answer(request_).text is None


def test_a_recorded_fall_back_falls_back_again(request_):
    record = Generated(None).to_json() | {
        "attempts": [
            {
                "provider": "p",
                "model": "m",
                "ending": "timeout",
                "tries": 2,
                "detail": "",
                "cost": 0,
            }
        ]
    }
    again = RecordedGenerator(record, 4000).answer(request_)
    assert (again.text, again.attempts[0].ending) == (None, Ending.TIMEOUT)


ROWS = "Leila Haddad | Doctor | 21 | 515\nSamuel Brandt | Nurse | 22 | 340"


@dataclass
class Says:
    """Phrases every answer alike, and keeps what it was asked."""

    text: str
    asked: object = None

    def answer(self, request):
        self.asked = request
        return RecordedGenerator(
            {"attempts": [{"provider": "p", "model": "m", "ending": "released", "tries": 1,
                           "detail": ""}],
             "text": self.text, "output": self.text, "sent": len(request.pieces),
             "prompt_sha256": ""},
            4000,
        ).answer(request)  # fmt: skip


@pytest.mark.parametrize("around", ["", "Anna Lund | Nurse | 19 | 318\n\n" + ROWS])
def test_rows_of_a_table_that_began_before_are_read_with_its_head(around):
    going_on = replace(passage(ROWS), table_head="Name | Role | Room | Extension", headings=())
    outcome = Outcome(
        Status.OK, None, passages=(going_on,), evidence=(replace(whole(going_on), support=1.0),),
        supported=({"haddad": 1.0},),
    )  # fmt: skip
    longer = {going_on.chunk_id: around} if around else {}

    def written(text):
        ruling = Ruling(Verdict.ANSWERABLE, 0.9)
        return write_answer("Which extension?", outcome, ruling, Says(text), longer)

    assert written("The extension of Leila Haddad is 515.").text.endswith("is 515. [1]")
    assert written("The room of Leila Haddad is 515.").fell_back


def test_a_check_reads_rows_of_a_table_that_began_before_with_its_head():
    going_on = replace(passage(ROWS), table_head="Name | Role | Room | Extension")
    (claim,) = check("The room of Leila Haddad is 515.", [going_on.readable]).claims
    assert claim.verdict is ClaimVerdict.CONTRADICTED
