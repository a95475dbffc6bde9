"""Each thing of a question is answered, or said to be missing; what holds as a whole stays."""

import pytest

from query.asking.coordination import Conjunct
from query.decision import Reason, ReasonCode, Verdict
from query.gate.completing import (
    MOST_ALONE,
    Alone,
    Standing,
    completed,
    only_seeming,
    open_things,
    standing,
    unsupported,
)
from query.outcome import Found
from query.ruling import Ruling
from tests.query.ambiguity.test_conflicts import ask
from tests.query.judging.test_ordering import listed

KNX = "Does the Tern 4 speak Modbus and KNX?"


def ruled(verdict: Verdict, p: float = 0.9, places=None) -> Ruling:
    return Ruling(verdict, p, places=places or {})


def found(text: str, ruling: Ruling, *texts: str) -> Found:
    return Found(ask(text), ruling, listed(*texts))


def alone(name: str, verdict: Verdict, standing: Standing) -> Alone:
    thing = Conjunct(name, (f"What is {name}?",))
    return Alone(thing, found(thing.alone[0], ruled(verdict, 0.7)), standing)


WEIGHT = alone("the weight", Verdict.ANSWERABLE, Standing.ANSWERED)
COLOUR = alone("the colour", Verdict.UNANSWERABLE, Standing.MISSING)
PRICE = alone("the price", Verdict.ANSWERABLE, Standing.MISSING)
HEIGHT = alone("the height", Verdict.AMBIGUOUS, Standing.ANSWERED)
TERN = alone("the Tern 3", Verdict.ANSWERABLE, Standing.SEEMS)


@pytest.mark.parametrize(
    ("whole", "things", "verdict", "missing"),
    [
        (ruled(Verdict.ANSWERABLE), [WEIGHT, COLOUR], Verdict.PARTIALLY_SUPPORTED, ("the colour",)),
        (ruled(Verdict.ANSWERABLE), [WEIGHT, TERN], Verdict.PARTIALLY_SUPPORTED, ("the Tern 3",)),
        (ruled(Verdict.ANSWERABLE), [TERN, TERN], Verdict.ANSWERABLE, ()),
        (ruled(Verdict.ANSWERABLE), [PRICE, COLOUR], Verdict.ANSWERABLE, ()),
        (ruled(Verdict.ANSWERABLE, 0.6), [PRICE, COLOUR], Verdict.PARTIALLY_SUPPORTED,
         ("the price", "the colour")),
        (ruled(Verdict.ANSWERABLE), [], Verdict.ANSWERABLE, ()),
        (ruled(Verdict.UNANSWERABLE), [WEIGHT, COLOUR], Verdict.PARTIALLY_SUPPORTED,
         ("the colour",)),
        (ruled(Verdict.UNANSWERABLE), [WEIGHT, WEIGHT], Verdict.ANSWERABLE, ()),
        (ruled(Verdict.UNANSWERABLE), [COLOUR, COLOUR], Verdict.UNANSWERABLE, ()),
        (ruled(Verdict.AMBIGUOUS), [WEIGHT, WEIGHT], Verdict.ANSWERABLE, ()),
        (ruled(Verdict.AMBIGUOUS), [WEIGHT, COLOUR], Verdict.AMBIGUOUS, ()),
        (ruled(Verdict.ANSWERABLE), [WEIGHT, HEIGHT], Verdict.AMBIGUOUS, ()),
        (ruled(Verdict.ANSWERABLE), [HEIGHT, COLOUR], Verdict.PARTIALLY_SUPPORTED, ("the colour",)),
    ],
    ids=["one is missing", "one only seems", "all only seem", "sure as a whole", "not sure",
         "nothing asked", "one of a refused whole", "all of a refused whole", "none", "two values",
         "two values and one missing", "one has two answers", "… and another is missing"],
)  # fmt: skip
def test_the_whole_and_its_things(whole, things, verdict, missing):
    made = completed(whole, things)
    assert (made.verdict, made.missing) == (verdict, missing)
    if missing:
        assert made.p_answerable <= whole.p_answerable
        assert made.reasons[0].code is ReasonCode.PART_NOT_COVERED


@pytest.mark.parametrize(
    ("code", "stands"),
    [
        (ReasonCode.LOW_TRUST_ONLY, Standing.MISSING),
        (ReasonCode.LOW_TRUST_EVIDENCE, Standing.ANSWERED),
    ],
    ids=["nobody else says it", "others say it"],
)
def test_what_only_low_trust_says_of_a_thing_is_missing(code, stands):
    said = Ruling(Verdict.PARTIALLY_SUPPORTED, 0.99, (Reason(code, "so"),), places={"c": (0, 3)})
    one = found("What is the weight?", said, "The weight is 3 kg.")
    assert standing(Conjunct("the weight", ("What is the weight?",)), one) is stands


@pytest.mark.parametrize(
    ("thing", "text", "stands"),
    [
        ("KNX", "The Tern 4 speaks Modbus.", Standing.MISSING),
        ("KNX", "The Tern 4 speaks KNX.", Standing.ANSWERED),
        ("the mass", "The Tern 4 weighs 3 kg.", Standing.ANSWERED),
    ],
)
def test_a_name_of_capital_letters_is_there_only_where_it_is_named(thing, text, stands):
    one = found(f"Does the Tern 4 have {thing}?", ruled(Verdict.ANSWERABLE, 0.97), text)
    assert standing(Conjunct(thing, (f"Does the Tern 4 have {thing}?",)), one) is stands


def test_that_the_judge_is_down_is_said_whatever_comes_of_the_things():
    down = Reason(ReasonCode.JUDGE_DOWN, "The reader of the gate failed.")
    whole = Ruling(Verdict.UNANSWERABLE, 0.2, (down,))
    for things in ([WEIGHT, COLOUR], [WEIGHT, WEIGHT]):
        made = completed(whole, things)
        assert made.verdict is not Verdict.UNANSWERABLE
        assert down in made.reasons
    assert down in unsupported(Ruling(Verdict.ANSWERABLE, 0.6, (down,))).reasons


def test_what_one_sentence_says_together_is_not_asked_alone():
    sure = ruled(Verdict.ANSWERABLE)
    together = listed("The Tern 4 speaks Modbus and KNX.")
    assert open_things(KNX, sure, together) == ()
    assert len(open_things(KNX, sure, listed("The Tern 4 speaks Modbus."))) == 2
    assert open_things(KNX, ruled(Verdict.REFUSED_BY_POLICY), together) == ()


@pytest.mark.parametrize(
    ("p", "places", "text", "seeming"),
    [
        (0.6, {}, "Brightwell paid for lawyers.", {1}),
        (0.9, {}, "Brightwell paid for lawyers.", set()),
        (0.6, {"c": (0, 3)}, "Brightwell paid for lawyers.", set()),
        (0.6, {}, "Its insurer Marsh reimbursed Brightwell.", set()),
    ],
    ids=["only the subject", "nearly certain", "pointed at", "its own words"],
)
def test_a_part_that_has_nothing_of_its_own_only_seems_answered(p, places, text, seeming):
    first = found("When was Brightwell founded", ruled(Verdict.ANSWERABLE, places={"c": (0, 3)}))
    second = found(
        "which insurer reimbursed the lost credits (Brightwell)?",
        ruled(Verdict.ANSWERABLE, p, places),
        text,
    )
    assert only_seeming([first, second]) == seeming
    assert only_seeming([second, second]) == frozenset()
    assert only_seeming([second, first]) == frozenset()  # the first leans on no other


@pytest.mark.parametrize(
    ("part", "seeming"),
    [("who founded Brinkwater?", {1}), ("what does it cost (Brinkwater)?", set())],
    ids=["one word beside the name", "an amount"],
)
def test_names_and_amounts_are_no_words_of_its_own(part, seeming):
    first = found("When did Brinkwater move", ruled(Verdict.ANSWERABLE, places={"c": (0, 3)}))
    second = found(part, ruled(Verdict.ANSWERABLE, 0.6), "Brinkwater has offices in Aveiro.")
    assert only_seeming([first, second]) == seeming


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        (KNX, "KNX"),
        ("How long are the probation period and the sabbatical?", "the sabbatical"),
        ("What may a hotel room cost in Lisbon and in Madrid?", "in Madrid"),
        ("How many days of annual leave are there, and who pays the fare home?", "who pays"),
    ],
)
def test_what_is_missing_is_named_and_the_rest_answered(engine, question, missing):
    decision = engine.answer(question)
    assert decision.verdict is Verdict.PARTIALLY_SUPPORTED
    assert any(missing in one for one in decision.missing), decision.missing
    assert missing in decision.answer.split("Not found")[1]


def test_what_is_all_there_is_answered_from_wherever_it_stands(engine):
    question = "How long are the probation period and the buddy programme?"
    assert engine.ground(question).verdict is Verdict.ANSWERABLE


def test_nobody_may_order_hundreds_of_searches(engine, audit):
    lists = " ".join(f"Does the Tern 4 speak A{n}, B{n}, C{n} and D{n}?" for n in range(8))
    engine.ground(lists)
    assert 8 <= len(audit.records[-1].searches) <= 8 + MOST_ALONE


def test_two_answers_to_one_thing_make_the_whole_ambiguous(shelve, page, make_engine):
    store = shelve([
        page("pump.md", "Tern 2 pump", "The Tern 2 pump weighs 2.4 kg. It costs 189 euro."),
        page("carriers.md", "Carriers", "The weight of the Tern 2 pump is 3.1 kg for carriers."),
    ])  # fmt: skip
    question = "What are the price and the weight of the Tern 2 pump?"
    decision = make_engine(store=store).ground(question)
    assert decision.verdict is Verdict.AMBIGUOUS
    assert {side.value for side in decision.conflicts[0].sides} == {"2.4", "3.1"}
