"""The gate: rulings on hand-made candidates, the judge's weights, fusion, what importing loads."""

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import query
from config.settings import GateSettings, RetrievalSettings
from indexing.points import Hit, HybridHits
from query.ambiguity.conflicts import find_conflicts
from query.asking.question import understand
from query.calibrating.calibration import Binding, Calibration
from query.decision import Reason, ReasonCode, SuggestedAction, Verdict
from query.gate.rules import combine, refuse_if_not_together, rule, suggest
from query.judging.features import FEATURE_NAMES, compute
from query.judging.judge import (
    READER_ANSWERS,
    FeatureJudge,
    Judgement,
    default_weights,
    read_weights,
)
from query.quoting.quotes import quote
from query.ruling import NOT_TOGETHER, Ruling
from query.search.fusion import order
from query.text.passages import coverage, make_passage, weigh_terms

NAMESPACE = UUID(int=7)
ENGLISH = frozenset({"en"})


def hit(name: str, text: str, score: float, flags: tuple[str, ...] = ()) -> Hit:
    payload = {"document_id": name, "key": f"{name}.md", "version": 1, "start": 10, "text": text,
               "title": "", "headings": [], "flags": list(flags), "page": None}  # fmt: skip
    return Hit(uuid5(NAMESPACE, name), score, payload)


def legs_of(*hits: Hit) -> HybridHits:
    return HybridHits(fused=hits, dense=hits, sparse=hits)


def passages_of(legs: HybridHits):
    return [make_passage(ranked) for ranked in order(legs, RetrievalSettings())]


def ask(text: str):
    return understand(text, GateSettings(), ENGLISH)


def test_both_lists_decide_the_order_by_their_scores():
    a, b, c, d = (hit(name, name, 0.0) for name in "abcd")
    legs = HybridHits(
        fused=(a, b, c, d),
        dense=tuple(Hit(h.id, s, h.payload) for h, s in ((a, 0.80), (b, 0.79), (d, 0.50))),
        sparse=(Hit(b.id, 9.0, b.payload), Hit(c.id, 1.0, c.payload)),
    )
    ranked = order(legs, RetrievalSettings())
    assert [r.hit.id for r in ranked] == [b.id, a.id, c.id, d.id]
    assert ranked[2].dense == pytest.approx(0.50)
    assert all(0.0 <= r.score <= 1.0 for r in ranked)


def test_a_single_list_keeps_its_order():
    hits = tuple(hit(name, name, score) for name, score in (("a", 3.0), ("b", 2.0), ("c", 1.0)))
    ranked = order(HybridHits(fused=hits, dense=(), sparse=hits), RetrievalSettings())
    assert [r.hit.id for r in ranked] == [h.id for h in hits]


def test_no_candidates_are_no_evidence():
    ruling = rule(ask("How long is the lease?"), [], legs_of(), FeatureJudge(), GateSettings())
    assert ruling.verdict is Verdict.UNANSWERABLE
    assert ruling.reasons[0].code is ReasonCode.NO_EVIDENCE


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(max_size=60), st.floats(-1, 1), st.sampled_from([(), ("injection",)])),
        max_size=6,
    ),
    st.text(max_size=60),
)
def test_any_candidates_give_a_probability_and_never_an_answer_from_nothing(candidates, text):
    hits = [hit(str(i), body, score, flags) for i, (body, score, flags) in enumerate(candidates)]
    hits.sort(key=lambda h: -h.score)
    legs = legs_of(*hits)
    passages = passages_of(legs)
    ruling = rule(ask(text), passages, legs, FeatureJudge(), GateSettings())
    assert 0.0 <= ruling.p_answerable <= 1.0
    if all(p.blocked for p in passages):
        assert ruling.verdict is Verdict.UNANSWERABLE


@given(st.text(alphabet="ab leave days 27. |\n", min_size=1, max_size=120))
def test_quotes_are_exact_for_any_text(text):
    question = ask("How many days of leave are there on the Tern 2?")
    legs = legs_of(hit("a", text, 1.0))
    (passage,) = passages_of(legs)
    found = quote(question, weigh_terms(question.terms, [passage]), passage)
    assert text[found.start - 10 : found.end - 10] == found.quote


def test_term_weights_favour_what_is_rare():
    texts = ["leave in porto", "leave in leeds", "leave in tallinn"]
    passages = passages_of(legs_of(*(hit(str(i), t, 1.0) for i, t in enumerate(texts))))
    weights = weigh_terms(("leav", "porto"), passages)
    assert weights["porto"] > weights["leav"] > 0
    assert coverage(weights, passages[0].stems) <= 1.0


def test_features_are_complete_and_finite():
    legs = legs_of(hit("a", "The lease ends in 2027.", 0.7), hit("b", "Rent is due.", 0.4))
    features = compute(ask("When does the lease end?"), passages_of(legs), legs)
    assert tuple(features.values) == FEATURE_NAMES
    assert all(math.isfinite(value) for value in features.values.values())


def test_the_judge_trusts_related_text_more_than_unrelated():
    question = ask("When does the lease of the Porto building end?")
    good = legs_of(
        hit("a", "The lease of the Porto building ends on 31 December 2027.", 0.8),
        hit("b", "Rent is due.", 0.3),
    )
    bad = legs_of(hit("a", "Bread needs flour.", 0.1), hit("b", "Rent is due.", 0.09))
    judge = FeatureJudge()
    assert judge.judge(question, passages_of(good), good).p_answerable > 0.5
    assert judge.judge(question, passages_of(bad), bad).p_answerable < 0.2


def test_weights_for_other_features_are_refused():
    record = json.loads(
        (Path(query.__file__).parent / "models" / "gate_weights.json").read_text(encoding="utf-8")
    )
    assert read_weights(record) == default_weights()
    with pytest.raises(ValueError, match="fit them again"):
        read_weights(record | {"features": ["something"]})


def test_the_same_value_at_two_grains_is_no_conflict():
    legs = legs_of(
        hit("a", "The lease of the office ends on 31 December 2027.", 0.8),
        hit("b", "The lease of the office ends in December 2027.", 0.8),
    )
    question = ask("When does the lease of the office end?")
    passages = passages_of(legs)
    assert find_conflicts(question, weigh_terms(question.terms, passages), passages) == ()


def test_a_sibling_is_no_evidence():
    legs = legs_of(
        hit("a", "The Tern 4 uses Modbus address 17.", 0.8),
        hit("b", "The Tern 2 is a small probe.", 0.6),
    )
    ruling = rule(
        ask("Which Modbus address does the Tern 2 use?"),
        passages_of(legs), legs, FeatureJudge(), GateSettings(),
    )  # fmt: skip
    other = rule(
        ask("Which Modbus address does the Tern 4 use?"),
        passages_of(legs), legs, FeatureJudge(), GateSettings(),
    )  # fmt: skip
    assert ruling.p_answerable < other.p_answerable


class Saying:
    """A judge that says what it is told to; the words' weights are those of the features."""

    calibration_id = "saying"

    def __init__(self, p: float, answers: float | None) -> None:
        self.said = {} if answers is None else {READER_ANSWERS: answers}
        self.p = p

    def judge(self, question, passages, legs) -> Judgement:
        found = FeatureJudge().judge(question, passages, legs)
        features = {**found.features, **self.said}
        return replace(found, p_answerable=self.p, calibration_id="saying", features=features)


@pytest.mark.parametrize(
    ("p", "answers", "verdict"),
    [
        (0.75, 1.5, Verdict.ANSWERABLE),
        (0.75, -0.5, Verdict.PARTIALLY_SUPPORTED),  # read, and nothing found
        (0.65, 1.5, Verdict.UNANSWERABLE),
        (0.95, None, Verdict.PARTIALLY_SUPPORTED),  # nobody read it
    ],
)
def test_a_short_question_in_other_words_needs_a_reader_that_is_sure(p, answers, verdict):
    legs = legs_of(hit("a", "Whoever hands a book back late pays 20 cents a day.", 0.7))
    question = ask("What is the fine for overdue loans?")
    assert coverage(dict.fromkeys(question.terms, 1.0), passages_of(legs)[0].stems) < 0.6
    ruling = rule(question, passages_of(legs), legs, Saying(p, answers), GateSettings())
    ruling = refuse_if_not_together(ruling)
    assert ruling.verdict is verdict
    if verdict is Verdict.UNANSWERABLE:
        assert [r.code for r in ruling.reasons] == [ReasonCode.LOW_SUPPORT]


def test_one_word_that_nothing_has_is_no_question_that_something_answers():
    legs = legs_of(hit("a", "Whoever hands a book back late pays 20 cents a day.", 0.7))
    asked = ask("null")
    for answers, verdict in ((0.3, Verdict.UNANSWERABLE), (None, Verdict.PARTIALLY_SUPPORTED)):
        judge = Saying(0.48, answers)
        ruling = rule(asked, passages_of(legs), legs, judge, GateSettings())
        assert refuse_if_not_together(ruling).verdict is verdict


@pytest.mark.parametrize("p", [0.44, 0.46])
def test_what_asks_one_thing_is_answered_or_refused_and_not_supported_in_part(p):
    legs = legs_of(hit("a", "The fine for overdue loans of books is 20 cents a day.", 0.7))
    question = ask("What is the fine for overdue loans?")
    ruling = rule(question, passages_of(legs), legs, Saying(p, 0.1), GateSettings())
    expected = Verdict.ANSWERABLE if p > 0.45 else Verdict.UNANSWERABLE
    assert ruling.verdict is expected


def test_settings_may_leave_room_between_answered_and_refused():
    legs = legs_of(hit("a", "The fine for overdue loans of books is 20 cents a day.", 0.7))
    question = ask("What is the fine for overdue loans?")
    cautious = GateSettings(answerable_at=0.6, partial_at=0.3)
    ruling = rule(question, passages_of(legs), legs, Saying(0.46, 0.1), cautious)
    assert ruling.verdict is Verdict.PARTIALLY_SUPPORTED
    assert [r.code for r in ruling.reasons] == [ReasonCode.WEAK_SUPPORT]


def test_parts_are_combined_by_the_weakest():
    good, bad = Ruling(Verdict.ANSWERABLE, 0.9), Ruling(Verdict.UNANSWERABLE, 0.1)
    mixed = combine(["one?", "two?"], [good, bad])
    assert (mixed.verdict, mixed.p_answerable) == (Verdict.PARTIALLY_SUPPORTED, 0.1)
    assert mixed.missing == ("two?",)
    assert combine(["one?", "two?"], [good, good]).verdict is Verdict.ANSWERABLE
    assert combine(["one?", "two?"], [bad, bad]).verdict is Verdict.UNANSWERABLE
    doubtful = Ruling(Verdict.AMBIGUOUS, 0.8)
    assert combine(["one?", "two?"], [good, doubtful]).verdict is Verdict.AMBIGUOUS


def test_actions_follow_verdicts():
    assert suggest(Verdict.ANSWERABLE, ()) is SuggestedAction.ANSWER
    assert suggest(Verdict.AMBIGUOUS, ()) is SuggestedAction.ASK_BACK
    assert suggest(Verdict.UNANSWERABLE, ()) is SuggestedAction.REFUSE


def test_what_a_policy_or_a_flag_stops_has_an_action_of_its_own():
    def after(code, verdict=Verdict.UNANSWERABLE):
        return suggest(verdict, (Reason(code, "Because."),))

    stopped = Verdict.REFUSED_BY_POLICY
    assert after(ReasonCode.POLICY_QUOTA, stopped) is SuggestedAction.RETRY_LATER
    assert after(ReasonCode.POLICY_TOPIC, stopped) is SuggestedAction.REFUSE
    assert after(ReasonCode.FLAGGED_EVIDENCE_ONLY) is SuggestedAction.ESCALATE
    for code in (ReasonCode.EMPTY_QUESTION, ReasonCode.GARBLED_INPUT, ReasonCode.QUESTION_TOO_LONG):
        assert after(code) is SuggestedAction.ASK_BACK
    assert after(ReasonCode.LOW_SUPPORT) is SuggestedAction.REFUSE


def test_a_question_for_what_no_evidence_names_is_improbable_however_sure_the_judge():
    legs = legs_of(hit("a", "The Tern 4 costs 20 euro.", 0.8))
    question = ask("What does the Tern 6 cost?")
    for p in (0.99, 0.5, 0.1):
        ruling = rule(question, passages_of(legs), legs, Saying(p, 1.5), GateSettings())
        assert ruling.verdict is Verdict.UNANSWERABLE
        assert ruling.p_answerable == pytest.approx(0.3 * p)
        assert ruling.missing == ("Tern 6",)


def test_the_words_that_are_missing_are_those_that_no_passage_has():
    legs = legs_of(hit("a", "The fine for a lost card is 20 cents.", 0.7))
    question = ask("What is the fine for overdue loans?")
    ruling = rule(question, passages_of(legs), legs, Saying(0.2, None), GateSettings())
    assert set(ruling.missing) == {"overdue", "loans"}


def test_words_that_help_nobody_are_not_named_as_missing():
    legs = legs_of(hit("a", "The library opens at nine.", 0.2))
    question = ask("How much is taken at the overdue market, and where is it held?")
    ruling = rule(question, passages_of(legs), legs, Saying(0.2, None), GateSettings())
    assert set(ruling.missing) == {"overdue", "market"}


@pytest.mark.parametrize(
    ("flagged", "code"),
    [("first", ReasonCode.FLAGGED_EVIDENCE_ONLY), ("second", ReasonCode.LOW_SUPPORT)],
)
def test_an_answer_that_only_a_flagged_chunk_seems_to_have_is_said_to_be_there(flagged, code):
    first, second = (
        hit(
            name,
            f"The fine for loans is {n} cents.",
            1.0 - n / 10,
            ("injection",) * (name == flagged),
        )
        for n, name in enumerate(("first", "second"), 1)
    )
    legs = legs_of(first, second)
    judge = Saying(0.2, None)
    ruling = rule(ask("What is the fine?"), passages_of(legs), legs, judge, GateSettings())
    assert [r.code for r in ruling.reasons] == [ReasonCode.FLAGGED_EVIDENCE, code]


def test_only_what_is_supported_in_part_for_want_of_words_is_refused_for_it():
    reasons = tuple(
        Reason(ReasonCode.WEAK_SUPPORT, detail) for detail in ("Something else.", NOT_TOGETHER)
    )
    read = {READER_ANSWERS: -1.0}
    apart = Ruling(Verdict.PARTIALLY_SUPPORTED, 0.5, reasons, features=read)
    refused = refuse_if_not_together(apart)
    assert refused.verdict is Verdict.UNANSWERABLE
    assert [r.code for r in refused.reasons] == [ReasonCode.WEAK_SUPPORT, ReasonCode.LOW_SUPPORT]
    for kept in (
        replace(apart, verdict=Verdict.AMBIGUOUS),
        replace(apart, reasons=reasons[:1]),
        replace(apart, features={}),
        replace(apart, p_answerable=0.7),
    ):
        assert refuse_if_not_together(kept) == kept


def test_rules_look_at_what_the_judge_said_whatever_a_calibration_makes_of_it():
    apart = Ruling(
        Verdict.PARTIALLY_SUPPORTED, 0.5, (Reason(ReasonCode.WEAK_SUPPORT, NOT_TOGETHER),),
        features={READER_ANSWERS: -1.0}, scored=0.75,
    )  # fmt: skip
    assert refuse_if_not_together(apart) == apart
    raised = replace(apart, p_answerable=0.75, scored=0.5)
    assert refuse_if_not_together(raised).verdict is Verdict.UNANSWERABLE


@pytest.mark.parametrize("intercept", [-2.0, 0.0, 2.0])
def test_a_calibration_translates_a_score_and_leaves_it_to_the_rules(intercept):
    legs = legs_of(hit("a", "Whoever hands a book back late pays 20 cents a day.", 0.7))
    question = ask("What is the fine for overdue loans?")
    nowhere = Binding("g", "e", "c", 8, "r", "j", "p")
    calibration = Calibration(
        calibration_id="c", made_at="", binding=nowhere, slope=1.0, intercept=intercept,
        answerable_at=0.45, partial_at=0.45, max_risk=0.05, confidence=0.95,
    )  # fmt: skip
    for judged, verdict in ((0.65, Verdict.UNANSWERABLE), (0.75, Verdict.PARTIALLY_SUPPORTED)):
        judge = Saying(judged, -0.5)
        ruling = rule(question, passages_of(legs), legs, judge, GateSettings(), calibration)
        assert ruling.p_answerable == calibration.probability(judged)
        assert ruling.score == judged
        assert refuse_if_not_together(ruling).verdict is verdict


def test_parts_name_the_judge_that_judged_one_of_them():
    parts = [Ruling(Verdict.UNANSWERABLE, 0.0), Ruling(Verdict.ANSWERABLE, 0.9)]
    assert combine(["a?", "b?"], parts).calibration_id == ""
    judged = [parts[0], replace(parts[1], calibration_id="reader")]
    assert combine(["a?", "b?"], judged).calibration_id == "reader"


def test_every_public_name_can_be_loaded():
    assert all(getattr(query, name) is not None for name in query.__all__)
    with pytest.raises(AttributeError):
        _ = query.nothing_like_that


def test_importing_query_loads_nothing_heavy():
    code = (
        "import sys, query.engine, query.checking;"
        "heavy = {'torch', 'sentence_transformers', 'prefect', 'sklearn', 'qdrant_client',"
        " 'qdrant_edge', 'pandas', 'langdetect', 'sqlalchemy'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    root = Path(query.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )
    assert done.stdout.strip() == "[]"


def test_a_number_that_is_not_there_does_not_deny_its_name():
    legs = legs_of(
        hit("a", "Scanner Lumo 1 costs 129 euro. Scanner Lumo 2 costs 189 euro.", 0.8),
        hit("b", "The price of the pump is 890 euro.", 0.6),
    )
    question = ask("What is the price of the Lumo 3?")
    ruling = rule(question, passages_of(legs), legs, FeatureJudge(), GateSettings())
    assert ruling.missing == ("Lumo 3",)
    assert [r.detail for r in ruling.reasons] == ["No evidence names 'Lumo 3'."]
