"""Checking answers: what evidence there is for a check, and batches of checks."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from config.trust import LowTrust, Trust
from query.arguments import text_of, texts_of
from query.claims.claim import AnswerCheck, Claim, ClaimVerdict
from query.claims.claims import SUPPORTED_AT, check, is_claim
from query.claims.second_reading import Checks
from query.decision import Evidence, Reason, ReasonCode, Status
from query.quoting.quotes import whole
from query.search.retrieval import Retrieval
from query.search.scope import Scope
from query.text.passages import make_passage
from query.text.sentences import split_sentences

if TYPE_CHECKING:
    from query.engine import QueryEngine

MOST_PASSAGES = 8
"""Of what a question finds, so many of the best are held against an answer."""


@dataclass(frozen=True, slots=True)
class ReadEvidence:
    """The evidence that an answer is checked against."""

    texts: tuple[str, ...] | None
    """None where nothing may be checked against it."""
    reasons: tuple[Reason, ...] = ()
    """Why there is none, or less."""
    doubtful: frozenset[int] = frozenset()
    """Positions of what comes from sources of low trust, and does not count as other texts do."""
    pieces: tuple[Evidence, ...] = ()
    """What each text is, where it was found for a question: nobody else could say what is cited."""


EvidenceOf: TypeAlias = Callable[[str, str], ReadEvidence | None]
"""Gives the evidence of a logged request for checking an answer, or none where there is no such
request."""


def check_many(
    lines: Iterable[Mapping[str, Any]],
    engine: "QueryEngine | None" = None,
    evidence_of: EvidenceOf | None = None,
) -> Iterator[dict[str, Any]]:
    """Check the lines of a batch, in order.

    Args:
        lines: `{"id", "answer" or "claim", "evidence": [text, …] or "question" or "request_id"}`
            each; with none of the three, the text itself is searched for.
        engine: Checks and logs; without one only lines with evidence can be checked, the others
            come back `not_checked`.
        evidence_of: Gives the evidence of a logged request where there is no engine.

    Raises:
        WrongArgumentError: What stands in a line is not of its type.
    """
    for line in lines:
        asked, line_id = read_line(line), line.get("id")
        if engine is not None:
            found = engine.check(
                asked.text,
                question=asked.question,
                evidence=asked.evidence,
                request_id=asked.request_id,
                check_id=line_id,
            )
        elif asked.evidence is not None:
            found = check(asked.text, asked.evidence, line_id)
        else:
            named = asked.request_id
            read = evidence_of(named, asked.text) if named is not None and evidence_of else None
            found = check_read(asked.text, read, line_id)
        yield found.to_json()


@dataclass(frozen=True, slots=True)
class AskedCheck:
    """A line of a batch of checks."""

    text: str
    question: str
    evidence: tuple[str, ...] | None
    request_id: str | None


def read_line(line: Mapping[str, Any]) -> AskedCheck:
    """Read a line of a batch of checks; a single text is evidence, too.

    Raises:
        WrongArgumentError: What stands in it is not of its type: an object is no evidence, since
            the names and numbers around its quote would support a claim as well.
    """
    evidence, request_id = line.get("evidence"), line.get("request_id")
    if isinstance(evidence, str):
        evidence = (evidence,)
    return AskedCheck(
        text_of("answer", line.get("answer") or line.get("claim") or ""),
        text_of("question", line.get("question") or ""),
        None if evidence is None else texts_of("evidence", evidence),
        None if request_id is None else text_of("request_id", request_id),
    )


def check_by_question(
    answer: str,
    question: str,
    engine: "QueryEngine | None",
    check_id: Any = None,
    scope: Scope | None = None,
) -> AnswerCheck:
    """Check an answer against the best chunks for a question, as `QueryEngine.check` does."""
    if engine is None:
        return check_read(answer, None, check_id)
    return engine.check(answer, question=question, scope=scope, check_id=check_id)


def evidence_in(found: Retrieval, low: LowTrust = LowTrust.APART) -> ReadEvidence:
    """Return the evidence in a retrieval; flagged chunks support nothing.

    Where retrieval is unavailable every claim is `not_checked`: unread evidence proves nothing.
    Likewise where nothing is indexed, or the policy refuses the question, or any sentence of the
    answer.
    """
    codes = {reason.code for reason in found.reasons}
    refused = any(code.value.startswith("policy_") for code in codes)
    unread = found.status is Status.UNAVAILABLE or ReasonCode.NOTHING_INDEXED in codes
    if unread or (refused and not found.hits):
        return ReadEvidence(None, found.reasons)
    best = (make_passage(hit) for hit in found.hits[:MOST_PASSAGES])
    passages = [passage for passage in best if not passage.blocked]
    texts = tuple(p.readable for p in passages)
    apart = low is LowTrust.APART
    doubtful = frozenset(n for n, p in enumerate(passages) if apart and p.trust == Trust.LOW)
    return ReadEvidence(texts, found.reasons, doubtful, tuple(map(whole, passages)))


def check_read(
    answer: str, read: ReadEvidence | None, check_id: Any = None, checks: Checks = check
) -> AnswerCheck:
    """Check an answer, or say of every claim that it was not checked where evidence is none."""
    reasons = read.reasons if read else ()
    if read is not None and read.texts is not None:
        found = _by_trust(answer, read.texts, read.doubtful, check_id, checks)
        return replace(found, reasons=(*reasons, *found.reasons), evidence=read.pieces)
    unread = check(answer, (), check_id)
    claims = tuple(replace(c, verdict=ClaimVerdict.NOT_CHECKED, score=0.0) for c in unread.claims)
    return AnswerCheck(check_id, 0.0, claims, reasons)


def _by_trust(
    answer: str, texts: Sequence[str], doubtful: frozenset[int], check_id: Any, checks: Checks
) -> AnswerCheck:
    """Check an answer so that sources of low trust cannot make more than a part of it believed."""
    every = checks(answer, texts, check_id)
    if not doubtful:
        return every
    # Emptied, not left out: what is cited are positions.
    rest = checks(answer, ["" if n in doubtful else text for n, text in enumerate(texts)], check_id)
    claims = tuple(map(_believed, every.claims, rest.claims))
    needed = [claim.score for claim in claims if is_claim(claim.text)]
    return replace(
        every,
        claims=claims,
        support_score=sum(needed) / max(1, len(needed)),
        # A reader that failed at one of the two has not read the whole.
        reasons=tuple(dict.fromkeys((*every.reasons, *rest.reasons))),
        reader=every.reader and rest.reader,
    )


def _believed(every: Claim, rest: Claim) -> Claim:
    """Return what comes of a claim by all texts, and by those that are not of low trust."""
    if rest.verdict is not ClaimVerdict.UNSUPPORTED:
        return rest
    if every.verdict is not ClaimVerdict.SUPPORTED:
        return every
    return replace(every, verdict=ClaimVerdict.PARTIAL, score=min(every.score, SUPPORTED_AT))


def sentences_of(answer: str) -> tuple[str, ...]:
    """Return the sentences of an answer: a policy holds for each of them."""
    return tuple(answer[span.start : span.end] for span in split_sentences(answer))
