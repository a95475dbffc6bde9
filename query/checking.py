"""Check batches of answers: against given evidence, or against what a question retrieves."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from query.claims import AnswerCheck, ClaimVerdict, check
from query.decision import Status
from query.engine import QueryEngine
from query.passages import make_passage


def check_many(
    lines: Iterable[Mapping[str, Any]], engine: QueryEngine | None = None
) -> Iterator[dict[str, Any]]:
    """Check the lines of a batch, in order.

    Args:
        lines: `{"id", "answer" or "claim", "evidence": [text, …] or "question"}` each.
        engine: Retrieves evidence for lines with a question; without one such lines come back
            `not_checked`.
    """
    for line in lines:
        text = str(line.get("answer") or line.get("claim") or "")
        evidence = line.get("evidence")
        if isinstance(evidence, str):
            evidence = [evidence]
        if evidence is not None:
            found = check(text, [str(piece) for piece in evidence], line.get("id"))
        else:
            found = check_by_question(text, str(line.get("question") or ""), engine, line.get("id"))
        yield found.to_json()


def check_by_question(
    answer: str, question: str, engine: QueryEngine | None, check_id: Any = None, limit: int = 8
) -> AnswerCheck:
    """Check an answer against the best chunks for a question; flagged chunks support nothing.

    Where retrieval is unavailable every claim is `not_checked`: unread evidence proves nothing.
    """
    retrieval = engine.retrieve(question) if engine else None
    if retrieval is None or retrieval.status is Status.UNAVAILABLE:
        unread = check(answer, (), check_id)
        claims = tuple(
            replace(c, verdict=ClaimVerdict.NOT_CHECKED, score=0.0) for c in unread.claims
        )
        return AnswerCheck(check_id, 0.0, claims)
    passages = [make_passage(hit) for hit in retrieval.hits[:limit]]
    texts = ["\n\n".join((*p.headings, p.text)) for p in passages if not p.blocked]
    return check(answer, texts, check_id)
