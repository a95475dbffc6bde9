"""Check batches of answers: against given evidence, or against what a question retrieves."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from query.claims import AnswerCheck, ClaimVerdict, check
from query.decision import Reason, Status
from query.engine import QueryEngine
from query.passages import make_passage
from query.scope import Scope
from query.sentences import split_sentences


@dataclass(frozen=True, slots=True)
class ReadEvidence:
    """The evidence of a logged request as it was read again."""

    texts: tuple[str, ...] | None
    """None where nothing may be checked against it."""
    reasons: tuple[Reason, ...] = ()
    """Why there is none, or less."""


EvidenceOf: TypeAlias = Callable[[str, str], ReadEvidence | None]
"""Gives the evidence of a logged request for checking an answer, or none where there is no such
request."""


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
            read = evidence_of(str(line["request_id"]), text) if evidence_of else None
            found = check_read(text, read, line.get("id"))
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
    Likewise where the policy refuses the question, or any sentence of the answer.
    """
    if engine is None:
        return check_read(answer, None, check_id)
    retrieval = engine.retrieve(question, scope=scope, about=sentences_of(answer))
    refused = any(reason.code.value.startswith("policy_") for reason in retrieval.reasons)
    if retrieval.status is Status.UNAVAILABLE or (refused and not retrieval.hits):
        return check_read(answer, ReadEvidence(None, retrieval.reasons), check_id)
    passages = [make_passage(hit) for hit in retrieval.hits[:limit]]
    texts = ["\n\n".join((*p.headings, p.text)) for p in passages if not p.blocked]
    return replace(check(answer, texts, check_id), reasons=retrieval.reasons)


def check_read(answer: str, read: ReadEvidence | None, check_id: Any = None) -> AnswerCheck:
    """Check an answer, or say of every claim that it was not checked where evidence is none."""
    reasons = read.reasons if read else ()
    if read is not None and read.texts is not None:
        return replace(check(answer, read.texts, check_id), reasons=reasons)
    unread = check(answer, (), check_id)
    claims = tuple(replace(c, verdict=ClaimVerdict.NOT_CHECKED, score=0.0) for c in unread.claims)
    return AnswerCheck(check_id, 0.0, claims, reasons)


def sentences_of(answer: str) -> tuple[str, ...]:
    """Return the sentences of an answer: a policy holds for each of them."""
    return tuple(answer[span.start : span.end] for span in split_sentences(answer))
