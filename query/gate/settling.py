"""Letting a table settle which of its rows answers: by name, by a range, or by comparing them.

The judge says whether the evidence answers; it neither counts nor compares. A row found here is
where the answer is quoted from. Where rows would have to be compared and cannot be, the verdict is
`partially_supported` at most, and the reasons say why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from config.trust import Trust
from query.asking.question import Question
from query.asking.superlatives import superlatives
from query.decision import Reason, ReasonCode, Verdict
from query.evidence.sections import about_what_is_asked
from query.ruling import NOT_TOGETHER, Ruling
from query.tables.blanks import EACH, find_blank
from query.tables.cells import asked_cells
from query.tables.comparing import Compared, compare_rows
from query.tables.ranges import READ, find_scale
from query.tables.several import fits, rows_alike, told
from query.tables.tables import Around, Row, Table
from query.text.measures import with_kindred
from query.text.passages import SHAPE_STEMS, Passage, coverage
from query.text.words import stems

LEAST_WORTH = 0.9
"""Share of what the best sentence covers that a table must cover to be what is asked about."""
_OPEN = frozenset({Verdict.ANSWERABLE, Verdict.PARTIALLY_SUPPORTED})


def settle_rows(
    question: Question, passages: Sequence[Passage], ruling: Ruling, around: Around
) -> Ruling:
    """Return the ruling with the row of a table that answers, if one does.

    Args:
        question: A simple question.
        passages: Its candidates, best first.
        ruling: The ruling on it.
        around: Brings the chunks beside one.
    """
    weights = ruling.weights
    doubted = any(reason.code is ReasonCode.LOW_SUPPORT for reason in ruling.reasons)
    if not weights or (ruling.verdict not in _OPEN and not doubted):
        return ruling
    usable = [passage for passage in passages if not passage.blocked]
    usable = list(about_what_is_asked(usable, question)) or usable
    if ruling.verdict not in _OPEN:
        return _despite_doubt(question, weights, usable, ruling, around)
    blank = find_blank(question, usable)
    if blank is not None:
        detail = f"The table in {blank.key} gives no {blank.column!r} of {blank.label!r}."
        refused = _lowered(ruling, Reason(ReasonCode.LOW_SUPPORT, detail))
        return replace(refused, verdict=Verdict.UNANSWERABLE, missing=(blank.column,))
    scale = find_scale(question, weights, usable)
    figure = frozenset(stems(scale.asked)) if scale is not None else frozenset()
    others = {term: weight for term, weight in weights.items() if term not in figure}
    if scale is not None and _is_about(scale.table, others, usable):
        if scale.row is not None:
            return _at(ruling, scale.table, scale.row)
        if scale.table.passage is usable[0]:
            detail = f"No single row of the table in {usable[0].key} holds {scale.asked!r}."
            return _lowered(ruling, Reason(ReasonCode.NUMBER_NOT_FOUND, detail))
        return ruling
    return _by_comparing(question, weights, usable, ruling, around)


def _by_comparing(
    question: Question,
    weights: Mapping[str, float],
    usable: Sequence[Passage],
    ruling: Ruling,
    around: Around,
) -> Ruling:
    compared = compare_rows(question, weights, usable, around)
    if compared is None:
        settled = _in_its_cell(question, weights, usable, ruling)
        return settled if settled is not ruling else _with_all_rows(question, usable, ruling)
    if compared.row is None:
        return _lowered(ruling, Reason(ReasonCode.WEAK_SUPPORT, compared.detail))
    if compared.unknown:
        return _among_known(ruling, compared)
    found = Reason(ReasonCode.EVIDENCE_FOUND, compared.detail)
    kept = tuple(reason for reason in ruling.reasons if reason.detail != NOT_TOGETHER)
    mended = len(kept) < len(ruling.reasons)
    settled = _at(ruling, compared.table, compared.row)
    if ruling.verdict is Verdict.ANSWERABLE or mended:
        return replace(settled, verdict=Verdict.ANSWERABLE, reasons=(*kept, found), missing=())
    return settled


def _despite_doubt(
    question: Question,
    weights: Mapping[str, float],
    usable: Sequence[Passage],
    ruling: Ruling,
    around: Around,
) -> Ruling:
    """Give the row with the most or the least where the judge, which does not compare, refuses.

    Only a table that has every word of the question but the superlative speaks against it, and only
    so far that the question counts as supported in part.
    """
    compared = compare_rows(question, weights, usable, around)
    if compared is None or compared.row is None:
        return ruling
    table = compared.table
    words = frozenset().union(table.stems, *(row.sentence.stems for row in table.rows))
    asked = frozenset(s for one in superlatives(question.text) for s in stems(one.word))
    if frozenset(question.terms) - SHAPE_STEMS - asked - words:
        return ruling
    kept = tuple(r for r in ruling.reasons if r.code is not ReasonCode.LOW_SUPPORT)
    told = Reason(
        ReasonCode.WEAK_SUPPORT,
        f"p_answerable {ruling.p_answerable:.2f}, but the table tells: {compared.detail}",
    )
    return replace(
        _at(ruling, table, compared.row), verdict=Verdict.PARTIALLY_SUPPORTED,
        reasons=(*kept, told), missing=compared.unknown, first=table.passage.chunk_id,
    )  # fmt: skip


def _among_known(ruling: Ruling, compared: Compared) -> Ruling:
    """Answer among the rows with a figure, and say of which the table gives none: on request."""
    settled = _at(ruling, compared.table, compared.row) if compared.row else ruling
    kept = tuple(reason for reason in ruling.reasons if reason.detail != NOT_TOGETHER)
    lowered = _lowered(
        replace(settled, reasons=kept), Reason(ReasonCode.WEAK_SUPPORT, compared.detail)
    )
    return replace(lowered, missing=compared.unknown)


def _in_its_cell(
    question: Question,
    weights: Mapping[str, float],
    usable: Sequence[Passage],
    ruling: Ruling,
) -> Ruling:
    """Point at the only cell that a question asks for, and put its passage first.

    "CS 1020 | 10 | CS 1010" has as many words of "What are the prerequisites of CS 1010?", and a
    list of the room rates of a house as many of how many rooms it has.
    """
    cells = asked_cells(question, usable)
    if ruling.verdict is not Verdict.ANSWERABLE or len(cells) != 1 or cells[0].is_blank:
        return ruling
    (cell,) = cells
    mine, first = cell.table.passage, usable[0]
    said = frozenset(stems(" ".join((*cell.table.names, *cell.row.cells))))
    if mine is first:  # of two pages, the other wording is asked for by itself (`prices.py`)
        said = with_kindred(said)
    # "€25 a year" is as near as "Price per year".
    weights = {t: w for t, w in weights.items() if t not in EACH | SHAPE_STEMS}
    others = (coverage(weights, s.stems, first.context) for s in first.sentences)
    behind = mine.trust == Trust.LOW and first.trust != Trust.LOW
    if behind or coverage(weights, said, mine.context) < max(others, default=0.0):
        return ruling
    return replace(_at(ruling, cell.table, cell.row), first=mine.chunk_id)


def _with_all_rows(question: Question, usable: Sequence[Passage], ruling: Ruling) -> Ruling:
    """Tell of several rows that answer alike, and of those that no quote has room for."""
    first = next((p for p in usable if p.chunk_id in ruling.places), usable[0])
    if ruling.verdict is not Verdict.ANSWERABLE:
        return ruling
    for table, rows in rows_alike(question, first):
        detail = f"{len(rows)} rows of the table in {first.key} answer alike: {told(rows)}."
        if not fits(rows):
            return _lowered(
                ruling, Reason(ReasonCode.WEAK_SUPPORT, f"{detail} Not all are quoted.")
            )
        found = Reason(ReasonCode.EVIDENCE_FOUND, detail)
        return replace(_at(ruling, table, rows[0]), reasons=(*ruling.reasons, found))
    return ruling


def _is_about(table: Table, weights: Mapping[str, float], passages: Sequence[Passage]) -> bool:
    """Tell whether a table is as near to the question as any sentence that is no row of it."""
    own = table.passage.chunk_id
    others = [
        coverage(weights, sentence.stems, passage.context)
        for passage in passages[:READ]
        for sentence in passage.sentences
        if passage.chunk_id != own
    ]
    words = frozenset().union(*(row.sentence.stems for row in table.rows))
    return coverage(weights, table.stems, words) >= LEAST_WORTH * max(others, default=0.0)


def _at(ruling: Ruling, table: Table, row: Row) -> Ruling:
    place = {table.passage.chunk_id: (row.sentence.start, row.sentence.end)}
    return replace(ruling, places={**ruling.places, **place})


def _lowered(ruling: Ruling, reason: Reason) -> Ruling:
    """Step down from answerable: the evidence is right, but which row answers is not known."""
    found = {ReasonCode.EVIDENCE_FOUND}
    reasons = tuple(one for one in ruling.reasons if one.code not in found)
    return replace(ruling, verdict=Verdict.PARTIALLY_SUPPORTED, reasons=(*reasons, reason))
