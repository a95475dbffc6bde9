"""Giving back what probably leaves open which of several things it means."""

import json
from dataclasses import replace
from importlib import resources

import pytest

from config.settings import GateSettings
from indexing.errors import ModelError
from query.ambiguity.clarifying import clarify
from query.ambiguity.conflicts import REFERENTS
from query.ambiguity.openness import P_OPEN, default_openness, leave_open_if_likely, read_openness
from query.ambiguity.openness_features import OPENNESS_NAMES
from query.asking.conversation import in_context
from query.asking.followups import Turn
from query.asking.question import understand
from query.decision import Reason, ReasonCode, Status, Verdict
from query.gate.rules import suggest
from query.judging.unspoken import UNSPOKEN
from query.parts import Extras
from query.ruling import Ruling
from query.text.passages import weigh_terms
from tests.query.ambiguity.test_conflicts import titled
from tests.query.test_engine import Broken

FOUND = Reason(ReasonCode.EVIDENCE_FOUND, "p_answerable 0.90.")
FLAGGED = Reason(ReasonCode.FLAGGED_EVIDENCE, "Flagged chunks were not used as evidence: a.md.")
GRANTS = [
    titled("Heating grant", "Send the form for the grant to the county office by March.", 1),
    titled("Carer allowance", "Send the form for the allowance to the state office.", 2),
    titled("Opening hours", "The baths are closed on Mondays.", 3),
]
ASKED = "Where do I send the form?"


class Says:
    """A model that says the same of everything, and keeps what it was asked."""

    def __init__(self, p: float) -> None:
        self.p = p
        self.asked: list = []

    def probability(self, values):
        self.asked.append(values)
        return self.p


def ruled(p: float, passages=GRANTS, question=ASKED, open_at=0.7, turns=(), **changes) -> Ruling:
    asked = in_context(understand(question, GateSettings(), frozenset({"en"})), question, turns)
    weights = weigh_terms(asked.terms, passages)
    before = Ruling(Verdict.ANSWERABLE, 0.9, (FLAGGED, FOUND), weights=weights, features={"x": 1.0})
    ruling = replace(before, **changes)
    return leave_open_if_likely(asked, passages, ruling, Says(p), open_at)


@pytest.mark.parametrize("verdict", [Verdict.ANSWERABLE, Verdict.PARTIALLY_SUPPORTED])
def test_a_likely_one_is_given_back_with_what_may_be_meant(verdict):
    ruling = ruled(0.7, verdict=verdict, missing=("form",))
    assert ruling.verdict is Verdict.AMBIGUOUS
    assert [r.code for r in ruling.reasons] == [
        ReasonCode.FLAGGED_EVIDENCE, ReasonCode.LEFT_OPEN,
    ]  # fmt: skip
    assert "p_open 0.70 reaches gate.open_at 0.7" in ruling.reasons[1].detail
    assert ruling.missing == ()
    assert ruling.p_answerable == 0.9
    (conflict,) = ruling.conflicts
    assert conflict.slot == REFERENTS
    assert [side.value for side in conflict.sides] == ["Heating grant", "Carer allowance"]
    assert "county office" in conflict.sides[0].quote
    said = clarify(suggest(ruling.verdict, ruling.reasons), ruling.reasons, ruling.conflicts)
    assert said == (
        "Which one do you mean? “Heating grant” and “Carer allowance” tell of different ones."
    )


def test_an_unlikely_one_stays_and_what_was_said_of_it_is_kept_for_the_log():
    ruling = ruled(0.69)
    assert ruling.verdict is Verdict.ANSWERABLE
    assert ruling.reasons == (FLAGGED, FOUND)
    assert ruling.features == {"x": 1.0, P_OPEN: 0.69}


def test_sections_of_one_document_are_told_apart_by_their_headings():
    one = titled("Grants", "Send the form for heating to the county.", 1)
    two = titled("Grants", "Send the form for carers to the state.", 1)
    sections = [replace(one, headings=("Heating",)), replace(two, headings=("Carers",))]
    ruling = ruled(0.9, sections)
    assert [side.value for side in ruling.conflicts[0].sides] == ["Heating", "Carers"]


def test_where_nothing_can_be_told_apart_it_is_asked_in_general():
    ruling = ruled(0.9, GRANTS[:1])
    assert ruling.verdict is Verdict.AMBIGUOUS
    assert ruling.conflicts == ()
    said = clarify(suggest(ruling.verdict, ruling.reasons), ruling.reasons, ruling.conflicts)
    assert said == "Several things may be meant. Could you say which one it is about?"


def test_flagged_chunks_are_nothing_that_may_be_meant():
    flagged = [GRANTS[0], replace(GRANTS[1], flags=("injection",)), GRANTS[2]]
    assert ruled(0.9, flagged).conflicts == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"verdict": Verdict.AMBIGUOUS},
        {"weights": None},
        {"features": None},
        {
            "verdict": Verdict.UNANSWERABLE,
            "reasons": (Reason(ReasonCode.ENTITY_NOT_FOUND, "No evidence names 'form'."),),
            "missing": ("form",),
        },
    ],
    ids=["given back already", "not judged", "refused unseen", "a name is nowhere"],
)
def test_what_is_settled_stays(changes):
    ruling = ruled(0.99, **changes)
    assert ruling.verdict is changes.get("verdict", Verdict.ANSWERABLE)
    assert P_OPEN not in (ruling.features or {})


def test_without_anything_usable_nothing_is_asked():
    assert ruled(0.99, [replace(p, flags=("hidden",)) for p in GRANTS]).reasons[1] == FOUND


def test_the_setting_decides():
    assert ruled(0.2, open_at=0.2).verdict is Verdict.AMBIGUOUS
    assert ruled(0.999, open_at=1.0).verdict is Verdict.ANSWERABLE


def test_the_shipped_model_is_one_for_these_numbers():
    model = default_openness()
    assert model.names == OPENNESS_NAMES
    assert min(model.scales) > 0
    text = (resources.files("query") / "models/openness_weights.json").read_text(encoding="utf-8")
    record = json.loads(text)
    with pytest.raises(ValueError, match="fit them again"):
        read_openness({**record, "features": [*OPENNESS_NAMES[:-1], "other"]})


LOW = Reason(ReasonCode.LOW_SUPPORT, "p_answerable 0.30 lies below gate.partial_at 0.45.")
TALK = (Turn("user", "I heard of two grants."), Turn("agent", "There are two."))


@pytest.mark.parametrize(
    ("p", "turns", "open_at", "reason", "verdict"),
    [
        (0.61, TALK, 0.8, LOW, Verdict.AMBIGUOUS),
        (0.59, TALK, 0.8, LOW, Verdict.UNANSWERABLE),
        (0.61, (), 0.8, LOW, Verdict.UNANSWERABLE),
        (0.99, TALK, 1.0, LOW, Verdict.UNANSWERABLE),
        (0.61, TALK, 0.8, replace(LOW, detail=f"{UNSPOKEN}: form."), Verdict.UNANSWERABLE),
    ],
    ids=["likely enough", "not likely", "stands alone", "never", "known what is not there"],
)
def test_a_follow_up_that_would_be_refused_is_rather_given_back(p, turns, open_at, reason, verdict):
    refused = {"verdict": Verdict.UNANSWERABLE, "p_answerable": 0.3, "reasons": (reason,)}
    ruling = ruled(p, open_at=open_at, turns=turns, **refused)
    assert ruling.verdict is verdict
    if verdict is Verdict.AMBIGUOUS:
        assert "reaches 0.6, which is enough" in ruling.reasons[-1].detail


def test_a_request_is_given_back_and_logged(make_engine, audit):
    says = Says(0.8)
    decision = make_engine(gate=GateSettings(), extras=Extras(opens=says)).answer(
        "How many days of annual leave are there?"
    )
    assert decision.verdict is Verdict.AMBIGUOUS
    assert decision.has(ReasonCode.LEFT_OPEN)
    assert decision.answer is None
    assert audit.records[-1].features[P_OPEN] == 0.8
    assert set(says.asked[0]) == set(OPENNESS_NAMES)


def test_a_later_part_of_a_question_is_not_given_back_alone(make_engine):
    says = Says(0.8)
    engine = make_engine(gate=GateSettings(open_at=0.9), extras=Extras(opens=says))
    asked = "How many days of annual leave are there, and how many may be carried over?"
    assert len(understand(asked, GateSettings(), frozenset({"en"})).parts) == 2
    engine.answer(asked)
    assert len(says.asked) == 1  # about the first: the second means what the first means


def test_without_a_dense_list_nothing_says_how_near_things_are(make_engine):
    says = Says(0.99)
    dense = Broken(ModelError("no weights"))
    engine = make_engine(dense=dense, gate=GateSettings(), extras=Extras(opens=says))
    decision = engine.answer("How many working days of annual leave does every employee receive?")
    assert decision.status is Status.DEGRADED
    assert not says.asked


def test_who_names_row_and_column_of_a_table_leaves_nothing_open():
    houses = titled(
        "Houses", "House | Opened | Rooms\nMill House | 2015 | 28\nTarn Hall | 1986 | 19", 4
    )
    others = [houses, titled("Dogs", "Dogs are welcome at Mill House.", 5)]
    cell = ruled(0.9, others, "When was Mill House opened?")
    assert cell.verdict is Verdict.ANSWERABLE
    assert ruled(0.9, others, "When was the house opened?").verdict is Verdict.AMBIGUOUS
