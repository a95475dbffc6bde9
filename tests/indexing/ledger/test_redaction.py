"""What a log tells of a document is taken out, and nothing else is."""

from typing import Any
from uuid import UUID

import pytest

from indexing.ledger.database import now
from indexing.ledger.purges import Tombstone
from indexing.ledger.redaction import Traces, redact, together
from indexing.upkeep.quotes import Quotes
from indexing.upkeep.receipt import Receipt, Step, receipt_of

MINE, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
POINT = "33333333-3333-4333-8333-333333333333"
TRACES = Traces(frozenset({MINE}), frozenset({POINT}), frozenset({"pay/bands.xlsx", "ok"}))


def body(**changes: Any) -> dict[str, Any]:
    return {
        "request_id": "r",
        "question": "What does pay/bands.xlsx say?",
        "normalised_question": "what does it say (bands)",
        "status": "ok",
        "verdict": "answerable",
        "asked": {"exclude_keys": [], "as_of": None, "history": []},
        "retrieval": [{"point_id": "p", "document_id": OTHER, "key": "other.md"}],
        "reasons": [{"code": "evidence_found", "detail": "other.md says so"}],
        "searches": [{"question": "q", "fused": [["p", 0.5]], "dense": [], "sparse": []}],
        "answer": "So it is.",
        "generated": {"output": "So it is, as bands has it."},
        "decision": {"missing": ["bands"], "retrieved_document_ids": [OTHER]},
    } | changes


TELLING = {
    "a candidate": {"retrieval": [{"point_id": "p", "document_id": MINE, "key": "x"}]},
    "a point of a search": {"searches": [{"question": "q", "fused": [], "sparse": [[POINT, 1]]}]},
    "a side of a conflict": {"decision": {"conflicts": [{"sides": [{"document_id": MINE}]}]}},
    "a key that was left out": {"asked": {"exclude_keys": ["pay/bands.xlsx"], "history": []}},
    "a turn that names it": {"asked": {"history": ["as pay/bands.xlsx has it"]}},
    "a turn that has its id": {"asked": {"history": [{"text": f"see {MINE}."}]}},
}


@pytest.mark.parametrize("where", TELLING)
def test_a_request_that_tells_of_a_document_is_redacted_wherever_it_does(where: str) -> None:
    told = body(**TELLING[where])
    assert TRACES.behind(told)
    kept = redact(told, TRACES)
    assert not TRACES.behind(kept)
    assert kept["redacted"]
    assert kept["question"] == told["question"]
    assert not {"answer", "decision", "searches", "generated"} & set(kept)
    assert kept["reasons"] == [{"code": "evidence_found", "detail": ""}]
    assert all(entry["document_id"] == OTHER for entry in kept["retrieval"])


def test_a_request_about_something_else_is_left_alone() -> None:
    assert not TRACES.behind(body()), "what the user wrote is the user's"
    assert not TRACES.behind(body(asked={"history": ["That is ok."]})), "a word, not a document"


def test_words_in_a_row_are_a_quote_and_single_ones_are_not() -> None:
    quotes = Quotes(lambda: ["The pay of grade seven is 61,200 a year.", "Short text"])
    assert quotes("It says: the PAY of grade seven, is 61,200!")
    assert not quotes("the pay of grade six is 61,200")
    assert not quotes("Short text")
    told = body(asked={"history": [{"speaker": "assistant", "text": "of grade seven is 61,200"}]})
    assert together([TRACES, Traces(quoted=quotes)]).behind(told)


def test_names_leave_reports_and_messages_but_not_the_names_of_others() -> None:
    report = {
        "refusals": [
            ["pay/bands.xlsx", "corrupt", "torn"],
            ["x.md", "empty_file", "no byte"],
            ["old/pay/bands.xlsx", "corrupt", "as pay/bands.xlsx"],
        ],
        "slowest": [["pay/bands.xlsx", "xlsx", 2.5], ["pay/bands.xlsx.bak", "xlsx", 1.5]],
        "withheld": ["pay/bands.xlsx", "y.md", "old/pay/bands.xlsx"],
        "problems": ["data/pay/bands.xlsx cannot be read", "pay/bands.xlsx-old is gone"],
        "counts": {"indexed": 3},
    }
    assert TRACES.without_entries(report) == {
        "refusals": [
            ["x.md", "empty_file", "no byte"],
            ["old/pay/bands.xlsx", "corrupt", "as [purged]"],
        ],
        "slowest": [["pay/bands.xlsx.bak", "xlsx", 1.5]],
        "withheld": ["y.md", "old/pay/bands.xlsx"],
        "problems": ["data/[purged] cannot be read", "pay/bands.xlsx-old is gone"],
        "counts": {"indexed": 3},
    }
    assert Traces().without_names("pay/bands.xlsx") == "pay/bands.xlsx"


def test_numbers_of_a_receipt_are_exact_whatever_interrupted_the_purge() -> None:
    receipt = Receipt(UUID(MINE), now())
    receipt.expect(Step.POINTS, {"points_deleted": {"g1": 5, "g2": 1}})
    again = receipt_of(Tombstone(UUID(MINE), receipt.purged_at, receipt=receipt.to_row()))
    again.expect(Step.POINTS, {"points_deleted": {"g1": 2}})
    assert again.removed.points_deleted == {"g1": 5, "g2": 1}, "three of them went before it died"
    again.done.add(Step.POINTS)
    later = receipt_of(Tombstone(UUID(MINE), receipt.purged_at, receipt=again.to_row()))
    later.expect(Step.POINTS, {"points_deleted": {"g1": 2}})
    assert later.removed.points_deleted == {"g1": 7, "g2": 1}, "two came after it was finished"
