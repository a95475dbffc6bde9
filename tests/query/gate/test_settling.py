"""A table settles which of its rows answers; what it cannot settle is supported in part only."""

from dataclasses import replace

import pytest

from config.settings import GateSettings
from config.trust import Trust
from indexing.errors import StoreError
from query.decision import ReasonCode, Verdict
from query.evidence.neighbours import beside
from query.gate.rules import rule
from query.gate.settling import settle_rows
from query.quoting.quotes import quote
from query.search.retrieval import pin
from query.search.scope import Scope
from query.text.passages import make_passage
from tests.query.ambiguity.test_conflicts import Sure, ask
from tests.query.gate.test_rules import hit, legs_of, passages_of
from tests.query.tables.test_cells import COURSES
from tests.query.tables.test_comparing import FLEET, WARRANTY
from tests.query.tables.test_ranges import APPROVAL, DISCOUNTS


def nothing_beside(passage):
    return "", ""


def settled(question: str, *texts: str, around=nothing_beside, flags=()):
    asked = ask(question)
    legs = legs_of(*(hit(f"d{n}", text, 0.8, flags=flags) for n, text in enumerate(texts)))
    passages = passages_of(legs)
    ruling = rule(asked, passages, legs, Sure(), GateSettings())
    return settle_rows(asked, passages, ruling, around), passages


def place(ruling, passages) -> str:
    (passage,) = (p for p in passages if p.chunk_id in ruling.places)
    start, end = ruling.places[passage.chunk_id]
    return passage.text[start:end]


def test_the_row_of_the_range_is_where_the_answer_stands():
    ruling, passages = settled("Which discount does an order of 60 probes get?", DISCOUNTS)
    assert ruling.verdict is Verdict.ANSWERABLE
    assert place(ruling, passages).startswith("Quantity B")


def test_a_number_that_a_range_holds_is_not_missing():
    ruling, passages = settled("Who approves an expense of 6,000 euro?", APPROVAL)
    assert ruling.verdict is Verdict.ANSWERABLE
    assert place(ruling, passages) == "above €5,000 | the CFO"


def test_a_figure_that_no_range_holds_is_supported_in_part():
    ruling, _ = settled("Which discount does an order of 5 probes get?", DISCOUNTS)
    assert ruling.verdict is Verdict.PARTIALLY_SUPPORTED
    (reason,) = ruling.reasons
    assert reason.code is ReasonCode.NUMBER_NOT_FOUND
    assert "'5 probes'" in reason.detail


def test_the_row_that_comparing_finds_answers():
    ruling, passages = settled("Which product has the longest warranty?", WARRANTY)
    assert ruling.verdict is Verdict.ANSWERABLE
    assert place(ruling, passages).startswith("Pump B")
    assert ruling.missing == ()
    assert all(reason.code is ReasonCode.EVIDENCE_FOUND for reason in ruling.reasons)


def test_the_cheapest_of_those_with_a_price_answers_in_part_and_the_others_are_named():
    ruling, passages = settled("Which class is the cheapest per day?", FLEET)
    assert ruling.verdict is Verdict.PARTIALLY_SUPPORTED
    assert place(ruling, passages).startswith("Mini")
    assert ruling.missing == ("Price per day of Luxury",)


def test_what_cannot_be_compared_is_supported_in_part_and_says_why():
    question = "Which product has the longest warranty?"
    cut = WARRANTY.partition("\n\nWarranty starts")[0]
    ruling, _ = settled(question, cut, around=lambda passage: None)
    assert ruling.verdict is Verdict.PARTIALLY_SUPPORTED
    assert any("goes on in another chunk" in reason.detail for reason in ruling.reasons)
    assert ruling.places == {}


def test_a_table_beside_the_topic_settles_nothing():
    shipping = "Shipping an order of 20 probes takes four days by road."
    ruling, _ = settled("How long does shipping an order of 20 probes take?", shipping, DISCOUNTS)
    assert ruling.places == {}


def test_a_refusal_and_flagged_rows_stay_as_they_are():
    question = "Which discount does an order of 60 probes get?"
    refused, _ = settled(question, DISCOUNTS, flags=("injection",))
    assert refused.verdict is Verdict.UNANSWERABLE
    assert refused.places == {}


def test_the_engine_quotes_the_row_and_says_the_names_of_its_columns(shelve, page, make_engine):
    store = shelve([page("discounts.md", "Discounts for probes", DISCOUNTS)])
    engine = make_engine(store=store, judge=Sure())
    decision = engine.answer("Which discount percent does an order of 60 probes get?")
    assert decision.verdict is Verdict.ANSWERABLE
    assert "Quantity B: Discount percent 9" in (decision.answer or "")
    assert decision.evidence[0].quote == "Quantity B | 9 | 50 to 199 probes in one order"


def test_the_chunks_beside_a_passage_are_read_or_nothing_is(shelve, page, make_engine, view):
    store = shelve([page("discounts.md", "Discounts for probes", DISCOUNTS)])
    engine = make_engine(store=store)
    passage = make_passage(engine.retrieve("discount of probes").hits[0])
    pinned = pin(view).pinned
    assert beside(store, pinned, Scope(), "acme", passage) == ("", "")
    later = replace(passage, ordinal=1)
    assert beside(store, pinned, Scope(), "acme", later) == (DISCOUNTS, "")
    assert beside(store, pinned, Scope(), "other", later) == ("", "")

    class Down:
        def scroll(self, collection, where):
            raise StoreError("down")

    assert beside(Down(), pinned, Scope(), "acme", passage) is None


def test_an_empty_cell_is_refused_and_named():
    rooms = "Room | Seats | Price per hour\nAsh | 12 | €30\nDogwood | 8\nElm | 40 | €80"
    ruling, _ = settled("What is the price per hour of Dogwood?", rooms)
    assert ruling.verdict is Verdict.UNANSWERABLE
    assert ruling.missing == ("Price per hour",)
    assert "Dogwood" in ruling.reasons[-1].detail


def test_the_row_that_is_named_answers_and_not_one_that_mentions_it():
    question = "What are the prerequisites of CS 1010?"
    ruling, passages = settled(question, COURSES)
    assert ruling.verdict is Verdict.ANSWERABLE
    assert place(ruling, passages) == "CS 1010 | 10 | Hana Sato | none"


def test_a_cell_under_another_word_for_what_is_asked_is_as_near_as_a_sentence():
    table = "Edition | Price per year\nTeam | 180\nLarge | 540"
    text = f"{table}\n\nIn Spain the Team edition costs 90 a year."
    ruling, passages = settled("How much does the Team edition cost per year?", text)
    assert place(ruling, passages) == "Team | 180"
    ruling, _ = settled("How much does the Team edition cost per year in Spain?", text)
    assert not ruling.places


def test_the_table_with_the_cell_comes_before_one_with_another_column():
    rates = "Room rates\n\nHouse | Single | Double\nMill House | 62 | 84\nTarn Hall | 88 | 126"
    houses = "Houses\n\nHouse | Town | Rooms\nMill House | Hexham | 28\nTarn Hall | Keswick | 19"
    ruling, passages = settled("How many rooms does Mill House have?", rates, houses)
    assert ruling.verdict is Verdict.ANSWERABLE
    assert ruling.first == passages[1].chunk_id
    assert place(ruling, passages) == "Mill House | Hexham | 28"


def test_a_cell_of_low_trust_is_not_put_before_others():
    rates = "Room rates\n\nHouse | Single | Double\nMill House | 62 | 84\nTarn Hall | 88 | 126"
    houses = "Houses\n\nHouse | Town | Rooms\nMill House | Hexham | 28\nTarn Hall | Keswick | 19"
    asked = ask("How many rooms does Mill House have?")
    legs = legs_of(hit("a", rates, 0.8), hit("b", houses, 0.8))
    first, second = passages_of(legs)
    passages = [first, replace(second, trust=Trust.LOW)]
    ruling = rule(asked, passages, legs, Sure(), GateSettings())
    assert settle_rows(asked, passages, ruling, nothing_beside).first == ""


class Unsure(Sure):
    """A judge that refuses."""

    def judge(self, question, passages, legs):
        return replace(super().judge(question, passages, legs), p_answerable=0.2)


STAFF = """Staff of the laboratory

Person | Section | Room
Ines Varga | Haematology | L-204
Olof Brandt | Chemistry | L-210
Petra Sund | Haematology | L-206"""


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Which person of the staff is in haematology?", "Ines Varga, Petra Sund"),
        ("Which person of the staff is in chemistry?", ""),
        ("Who of the haematology staff sits in L-206?", ""),
        ("Which section and room has Petra Sund of the haematology staff?", ""),
    ],
)
def test_several_rows_that_answer_alike_are_told_and_quoted(question, told):
    ruling, passages = settled(question, STAFF)
    details = [reason.detail for reason in ruling.reasons if "rows of the table" in reason.detail]
    assert details == ([f"2 rows of the table in d0.md answer alike: {told}."] if told else [])
    said = quote(ask(question), ruling.weights, passages[0]).quote
    assert (("Varga" in said) and ("Sund" in said)) is bool(told)


def test_rows_of_which_no_quote_has_room_are_supported_in_part():
    rows = [
        f"Person {n} of the house | {'Chemistry' if n % 5 else 'Archive'} | L-{n}"
        for n in range(40)
    ]
    ruling, _ = settled(
        "Which person of the staff is in chemistry?", "\n".join(STAFF.splitlines()[:3] + rows)
    )
    assert ruling.verdict is Verdict.PARTIALLY_SUPPORTED
    assert "32 rows" in ruling.reasons[-1].detail
    assert "24 more" in ruling.reasons[-1].detail


@pytest.mark.parametrize(
    ("question", "verdict"),
    [
        ("Cheapest room?", Verdict.PARTIALLY_SUPPORTED),
        ("Cheapest room with a balcony?", Verdict.UNANSWERABLE),
    ],
)
def test_a_refused_superlative_is_compared_where_the_table_has_all_its_words(question, verdict):
    text = "Rooms\n\nRoom | Price per night\nComfort | 480 kr\nSingle | 950 kr\nFamily | 720 kr"
    asked = ask(question)
    legs = legs_of(hit("d0", text, 0.8))
    passages = passages_of(legs)
    ruling = rule(asked, passages, legs, Unsure(), GateSettings())
    assert (ruling.verdict, "cheapest" in map(str.lower, ruling.missing)) == (
        Verdict.UNANSWERABLE,
        False,
    )
    found = settle_rows(asked, passages, ruling, nothing_beside)
    assert found.verdict is verdict
    assert bool(found.places) is (verdict is Verdict.PARTIALLY_SUPPORTED)
