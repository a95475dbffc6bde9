"""The answer without a model: the best quotes, each with a marker that points at its evidence."""

from collections.abc import Mapping, Sequence

from query.decision import Evidence
from query.quoting.meaning import in_words
from query.text.passages import CELL, cells_of, coverage
from query.text.words import stems

MOST_QUOTES = 2
_WORTH_ADDING = 0.2
_WORTH_SHARE = 0.75


def compose(
    parts: Sequence[Mapping[str, float]], evidence: Sequence[Evidence], missing: Sequence[str]
) -> str | None:
    """Write the answer.

    Args:
        parts: Term weights of every supported part of the question.
        evidence: The evidence of the decision, in its order; markers count from 1.
        missing: Parts of the question that are not covered; they are named at the end.

    Returns:
        Quotes with markers such as `… [1]`, rows of tables with the names of their columns; none
        where nothing can be quoted.
    """
    chosen: list[int] = []
    for weights in parts:
        for index in _choose(weights, evidence):
            if index not in chosen:
                chosen.append(index)
    if not chosen:
        return None
    text = " ".join(f"{_said(evidence[i])} [{i + 1}]" for i in chosen)
    if missing:
        text += f" (Not found in the documents: {'; '.join(missing)}.)"
    return text


def _choose(weights: Mapping[str, float], evidence: Sequence[Evidence]) -> list[int]:
    """Take the best quote, and another one only for what it adds."""
    known = [
        frozenset(stems(" ".join((item.head, item.quote, item.title, *item.headings))))
        for item in evidence
    ]
    covered = [coverage(weights, words) for words in known]
    worth = [
        covered[i] + item.support + item.score if covered[i] > 0 and item.support > 0 else 0.0
        for i, item in enumerate(evidence)
    ]
    order = sorted((i for i in range(len(evidence)) if worth[i] > 0), key=lambda i: (-worth[i], i))
    chosen = order[:1]
    for index in order[1:]:
        if len(chosen) >= MOST_QUOTES or worth[index] < _WORTH_SHARE * worth[chosen[0]]:
            break
        so_far = coverage(weights, *(known[i] for i in chosen))
        if coverage(weights, known[index], *(known[i] for i in chosen)) - so_far >= _WORTH_ADDING:
            chosen.append(index)
    return chosen


def _said(item: Evidence) -> str:
    """Quote it; rows of a table are said with the names of its columns, which they need."""
    if not item.head:
        return _one_line(item.quote)
    lines = [line for line in item.quote.splitlines() if line.strip() not in {"", item.head}]
    width = len(cells_of(item.head))
    if any(len(cells_of(line)) > width for line in lines):
        return _one_line(f"{item.head}: {'; '.join(lines)}")
    rows = [in_words(item.head, line) if CELL in line else line for line in lines]
    return _one_line("; ".join(rows))


def _one_line(quote: str) -> str:
    return " ".join(quote.split())
