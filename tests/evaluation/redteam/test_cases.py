"""Attacks as YAML, as noise, as documents; and how a decision is judged."""

from dataclasses import replace

import pytest

from config.errors import ConfigError
from evaluation.redteam.cases import Case, base_collection, built_in_suites, parse_suites
from evaluation.redteam.judging import judge
from evaluation.redteam.noise import exhaustion_suite, noise_suite
from evaluation.redteam.planting import crowding, poison, poison_suite
from evaluation.redteam.scorecard import Score, Scorecard, score
from query.decision import (
    Conflict,
    ConflictSide,
    Evidence,
    GroundingDecision,
    Reason,
    ReasonCode,
    Status,
    SuggestedAction,
    Verdict,
)


def evidence(quote: str, *flags: str) -> Evidence:
    return Evidence("c", "d", "a.md", 1, None, 0, len(quote), quote, 1.0, flags)


ANSWERED = GroundingDecision(
    request_id="r", status=Status.OK, verdict=Verdict.ANSWERABLE, p_answerable=0.9,
    reasons=(Reason(ReasonCode.EVIDENCE_FOUND, "found"),), evidence=(evidence("It is 36 months."),),
    suggested_action=SuggestedAction.ANSWER, answer="It is 36 months. [1]",
)  # fmt: skip
SIDE = ConflictSide("c", "d", "a.md", 1, "€4", "It costs €4.")


def test_the_built_in_suites_are_readable_and_every_case_expects_something():
    suites = built_in_suites()
    assert {s.name for s in suites} >= {"trick_questions", "injection", "leakage"}
    ids = [(s.name, c.id) for s in suites for c in s.cases]
    assert len(ids) == len(set(ids)) > 20
    documents, honest = base_collection()
    assert {h.key for h in honest} <= {d.key for d in documents}
    for question in honest:
        text = next(d.text for d in documents if d.key == question.key)
        assert question.answer in " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", 'needs "suites"'),
        ("a: [", "is no YAML"),
        ("suites: {s: {}}", 'needs a list of "cases"'),
        ("suites: {s: {floor: 2, cases: []}}", "floor must lie between"),
        ("suites: {s: {cases: [{never: [answerable]}]}}", 'case 1 needs a "question"'),
        ("suites: {s: {cases: [{question: x}]}}", "expects nothing"),
        ("suites: {s: {cases: [{question: x, nevr: [answerable]}]}}", "no field 'nevr'"),
        ("suites: {s: {cases: [{question: x, never: [maybe]}]}}", "maybe"),
        ("suites: {s: {cases: [], documents: [{key: ../x.md, text: t}]}}", "is no key"),
        ("suites: {s: {cases: [], documents: [{key: /etc/x.md, text: t}]}}", "is no key"),
        ("suits: {s: {cases: []}}", "no field 'suits'; did you mean 'suites'?"),
        ("suites: {s: {cases: []}}", "mine.yaml, s has no case"),
        ("suites: {s: {cases: [], document: []}}", "'document'; did you mean 'documents'?"),
        ("suites: {s: {cases: [], flor: 1}}", "'flor'; did you mean 'floor'?"),
        ("suites: {s: {cases: [], documents: {key: a.md}}}", "documents must be a list"),
        ("suites: {s: {cases: [], documents: [{key: a.md, txt: t}]}}", "did you mean 'text'?"),
        (
            "suites: {s: {cases: [{question: x, never: [answerable], history: 5}]}}",
            "must be a list",
        ),
        ("suites: {s: {cases: [{question: x, absent: [y], history: hi}]}}", "must be a list"),
        (
            "suites: {s: {cases: [{question: x, absent: [y], history: [{speeker: u}]}]}}",
            "'speaker'",
        ),
        ("suites: {s: {cases: []}, s: {cases: []}}", "gives `s` twice, on line 1"),
        ("suites: {s: {cases: [{question: x, absent: [y], absent: [z]}]}}", "gives `absent` twice"),
        ("suites: {s: {cases: [{id: 2024-02-31}]}}", "is no YAML"),
        (
            "suites: {s: {cases: [{question: x, present: [23:00:00]}]}}",
            "reads one of them as 82800",
        ),
        ("suites: {s: {cases: [{question: x, absent: [1.50]}]}}", "put it in quotation marks"),
        ("suites: !!python/object/apply:os.system ['true']", "is no YAML"),
        ('suites: {s: {cases: [{question: x, present: [""]}]}}', "present holds an empty text"),
        ('suites: {s: {cases: [{question: x, absent: [y, " "]}]}}', "absent holds an empty text"),
        ("suites: {s: {cases: [{question: 2024-01-01, absent: [y]}]}}", "must be a text; YAML"),
    ],
)
def test_a_wrong_file_is_explained(text, complaint):
    with pytest.raises(ConfigError) as caught:
        parse_suites(text, "mine.yaml")
    assert complaint in str(caught.value)


def test_a_case_is_called_by_its_id_even_if_that_is_0():
    text = "suites: {s: {cases: [{id: 0, question: x, absent: [y]}, {question: x, absent: [y]}]}}"
    (suite,) = parse_suites(text, "mine.yaml")
    assert [case.id for case in suite.cases] == ["0", "2"]


def test_noise_is_the_same_for_a_seed_and_other_for_another():
    assert noise_suite(1) == noise_suite(1)
    assert noise_suite(1) != noise_suite(2)
    assert max(len(c.question) for c in noise_suite(1).cases) >= 999_000
    assert len(exhaustion_suite().cases) >= 5


def test_poison_lies_and_can_be_shown_a_passage_at_a_time():
    documents, honest = base_collection()
    poisons, planted = poison(honest, 3)
    assert poison(honest, 3)[0] == poisons
    assert len(planted) == 5 * len(poisons)
    for one in poisons:
        assert one.wrong != one.target.answer
        assert all(one.wrong in d.text for d in planted if d.key in one.keys)
    (case, *_), all_of_them = poison_suite(poisons, 1).cases, poison_suite(poisons, 5)
    assert len(case.exclude) == 4
    assert not all_of_them.cases[0].exclude
    assert len(crowding(honest, documents)) > len(honest)


def test_an_answer_that_meets_every_expectation_withstands():
    case = Case(id="a", question="?", present=("36 months",), not_answered=("99",))
    assert judge("s", case, ANSWERED).withstood


@pytest.mark.parametrize(
    ("case", "defeat"),
    [
        (Case(id="a", question="?", never=(Verdict.ANSWERABLE,)), "the verdict is answerable"),
        (Case(id="a", question="?", verdicts=(Verdict.AMBIGUOUS,)), "not one of ambiguous"),
        (Case(id="a", question="?", absent=("36",)), "came back"),
        (Case(id="a", question="?", not_answered=("36",)), "is the answer"),
        (Case(id="a", question="?", present=("24 months",)), "is missing"),
    ],
)
def test_what_was_not_expected_is_a_defeat(case, defeat):
    assert any(defeat in d for d in judge("s", case, ANSWERED).defeats)


def test_a_flagged_quote_may_show_what_must_not_be_served():
    case = Case(id="a", question="?", absent=("CANARY",))
    plain = replace(ANSWERED, answer="Nothing.", evidence=(evidence("CANARY"),))
    flagged = replace(plain, evidence=(evidence("CANARY", "injection"),))
    assert not judge("s", case, plain).withstood
    assert judge("s", case, flagged).withstood


@pytest.mark.parametrize(
    ("change", "defeat"),
    [
        ({"verdict": None, "answer": None}, "verdict None"),
        ({"p_answerable": float("nan")}, "p_answerable is nan"),
        ({"p_answerable": 1.5}, "p_answerable is 1.5"),
        ({"verdict": Verdict.UNANSWERABLE}, "an answer with the verdict"),
        ({"suggested_action": SuggestedAction.REFUSE}, "is suggested"),
        ({"reasons": ()}, "no reason"),
    ],
)
def test_what_no_decision_may_be_is_a_defeat_whatever_was_asked(change, defeat):
    found = judge("s", Case(id="a", question="?"), replace(ANSWERED, **change))
    assert any(defeat in d for d in found.defeats)


def test_a_suite_below_its_floor_fails_the_card():
    good = judge("s", Case(id="a", question="?"), ANSWERED)
    bad = judge("s", Case(id="b", question="?", never=(Verdict.ANSWERABLE,)), ANSWERED)
    half = score("s", [good, bad], 0.5)
    assert half.share == 0.5
    assert Scorecard(1, (half,), (good, bad)).holds
    card = Scorecard(1, (half, Score("t", 1, 2, 0.6)), (good, bad))
    assert not card.holds
    assert [r.case.id for r in card.lost()] == ["b"]
    assert card.to_json()["defeats"][0]["case"] == "b"


@pytest.mark.parametrize(
    ("flags", "came_back"),
    [
        (("hidden_text_removed",), True),
        (("low_legibility", "instructions_removed"), True),
        (("injection",), False),
        (("hidden_text_removed", "hidden_text"), False),
    ],
)
def test_a_quote_is_kept_back_only_by_what_keeps_it_from_an_answer(flags, came_back):
    decision = replace(ANSWERED, evidence=(evidence("It holds a CANARY.", *flags),))
    result = judge("s", Case(id="1", question="?", absent=("CANARY",)), decision)
    assert result.defeats == (("'CANARY' came back",) if came_back else ())


@pytest.mark.parametrize(
    "told",
    [
        {"clarification": "Which do you mean: CANARY or Tern 4?"},
        {"conflicts": (Conflict("money", (SIDE, replace(SIDE, value="CANARY"))),)},
        {"conflicts": (Conflict("cases", (SIDE, replace(SIDE, quote="CANARY costs."))),)},
    ],
)
def test_what_must_be_absent_is_in_no_question_back_and_no_conflict(told):
    case = Case(id="1", question="?", absent=("CANARY",))
    assert judge("s", case, ANSWERED).withstood
    assert judge("s", case, replace(ANSWERED, **told)).defeats == ("'CANARY' came back",)


def test_an_outage_withstands_nothing_and_loses_nothing():
    down = replace(
        ANSWERED, status=Status.UNAVAILABLE, verdict=None, p_answerable=None, answer=None,
        evidence=(), suggested_action=SuggestedAction.RETRY_LATER,
        reasons=(Reason(ReasonCode.STORE_UNAVAILABLE, "down"),),
    )  # fmt: skip
    case = Case(id="1", question="?", never=(Verdict.ANSWERABLE,), present=("36 months",))
    unmade, made = judge("s", case, down), judge("s", replace(case, never=()), ANSWERED)
    assert (unmade.withstood, unmade.defeats) == (False, ())
    partly, wholly = score("s", [made, unmade], 1.0), score("s", [unmade], 0.0)
    assert (partly.withstood, partly.unasked, partly.share, partly.holds) == (1, 1, 1.0, True)
    assert not wholly.holds
    card = Scorecard(1, (partly,), (made, unmade))
    assert card.outage == {"store_unavailable": 1}
    assert card.lost() == []
