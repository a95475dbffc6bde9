"""Check batches of answers: against given evidence, or against what a question retrieves."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from query.claims import AnswerCheck, ClaimVerdict, check
from query.decision import Status
from query.engine import QueryEngine
from query.passages import make_passage
from query.scope import Scope

EvidenceOf: TypeAlias = Callable[[str], Sequence[str] | None]
"""Gives the evidence of a logged request, or none where there is no such request."""


def check_many(
    lines: Iterable[Mapping[str, Any]],
    engine: QueryEngine | None = None,
    evidence_of: EvidenceOf | None = None,
) -> Iterator[dict[str, Any]]:
    """Check the lines of a batch, in order.

    Args:
        lines: `{"id", "answer" or "claim", "evidence": [text, …] or "question" or "request_id"}`
            each.
        engine: Retrieves evidence for lines with a question; without one such lines come back
            `not_checked`.
        evidence_of: Gives the evidence of a logged request; without it, or where there is no
            such request, its lines come back `not_checked`.
    """
    for line in lines:
        text = str(line.get("answer") or line.get("claim") or "")
        evidence = line.get("evidence")
        if isinstance(evidence, str):
            evidence = [evidence]
        if evidence is not None:
            found = check(text, [str(piece) for piece in evidence], line.get("id"))
        elif line.get("request_id") is not None:
            texts = evidence_of(str(line["request_id"])) if evidence_of else None
            found = check_or_not(text, texts, line.get("id"))
        else:
            found = check_by_question(text, str(line.get("question") or ""), engine, line.get("id"))
        yield found.to_json()


def check_by_question(
    answer: str,
    question: str,
    engine: QueryEngine | None,
    check_id: Any = None,
    limit: int = 8,
    scope: Scope | None = None,
) -> AnswerCheck:
    """Check an answer against the best chunks for a question; flagged chunks support nothing.

    Where retrieval is unavailable every claim is `not_checked`: unread evidence proves nothing.
    """
    retrieval = engine.retrieve(question, scope=scope) if engine else None
    if retrieval is None or retrieval.status is Status.UNAVAILABLE:
        return check_or_not(answer, None, check_id)
    passages = [make_passage(hit) for hit in retrieval.hits[:limit]]
    texts = ["\n\n".join((*p.headings, p.text)) for p in passages if not p.blocked]
    return check(answer, texts, check_id)


def check_or_not(answer: str, evidence: Sequence[str] | None, check_id: Any = None) -> AnswerCheck:
    """Check an answer, or say of every claim that it was not checked where evidence is none."""
    if evidence is not None:
        return check(answer, evidence, check_id)
    unread = check(answer, (), check_id)
    claims = tuple(replace(c, verdict=ClaimVerdict.NOT_CHECKED, score=0.0) for c in unread.claims)
    return AnswerCheck(check_id, 0.0, claims)
