"""Why an answer was disliked, told from its request; and refusals that were answered later."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from evaluation.usage.reading import LoggedRequest, Said, Usage
from query.decision import ReasonCode, Status, Verdict
from query.feedback import FeedbackVerdict


class Cause(StrEnum):
    """Where the fault most likely lies; the first that fits, from top to bottom."""

    UNAVAILABLE = "unavailable"
    """A part of Holdfast was down."""
    POLICY = "policy"
    """The policy refused it."""
    NO_QUESTION = "question_not_understood"
    """It was empty, garbled, too long, or in a language that is not served."""
    QUARANTINED = "document_quarantined"
    """The document that was named is in quarantine."""
    NOT_INDEXED = "document_not_indexed"
    """The document that was named is not in the index."""
    NOT_RETRIEVED = "document_not_retrieved"
    """The document that was named was not among the candidates."""
    TOO_STRICT = "gate_too_strict"
    """The document that was named was a candidate, and the gate refused."""
    OTHER_EVIDENCE = "other_evidence_chosen"
    """The document that was named was a candidate, and others were quoted."""
    STALE = "evidence_superseded"
    """What was quoted has a newer version by now."""
    REFUSED = "refused"
    """It was refused for lack of evidence."""
    INCOMPLETE = "part_not_covered"
    """Only a part of the question was covered."""
    PHRASING = "phrased_by_a_model"
    """A model phrased the answer."""
    UNJUDGED = "not_judged"
    """It was about a retrieval or a check, which has no verdict."""
    DISPUTED = "answer_disputed"
    """It was answered from evidence, and somebody says that it is not so."""


@dataclass(frozen=True, slots=True)
class Index:
    """What is in the index now, as far as causes need it."""

    versions: Mapping[str, int]
    """Number of the version that is served, by document id."""
    names: Mapping[str, str]
    """Document id by key, of all documents that are served."""
    quarantined: frozenset[str] = frozenset()
    """Ids and keys of documents in quarantine."""

    def id_of(self, name: str) -> str | None:
        """Return the id of a served document that was named by key or id."""
        return name if name in self.versions else self.names.get(name)


@dataclass(frozen=True, slots=True)
class ThumbsDown:
    """One complaint with its cause."""

    said: Said
    request: LoggedRequest
    cause: Cause

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "feedback_id": self.said.feedback_id,
            "request_id": self.request.request_id,
            "feedback": self.said.verdict.value,
            "cause": self.cause.value,
            "question": self.request.question,
            "verdict": self.request.verdict,
            "correct": self.said.correct,
            "cited": list(self.said.cited),
        }


def thumbs_down(usage: Usage, index: Index) -> tuple[ThumbsDown, ...]:
    """Return the complaints with their causes, newest first."""
    found = []
    for said in usage.feedback:
        request = usage.about.get(said.request_id)
        if request is not None and said.verdict is not FeedbackVerdict.HELPFUL:
            found.append(ThumbsDown(said, request, cause_of(said, request, index)))
    return tuple(reversed(found))


def cause_of(said: Said, request: LoggedRequest, index: Index) -> Cause:
    """Tell why somebody is not content."""
    if request.status == Status.UNAVAILABLE:
        return Cause.UNAVAILABLE
    if request.verdict == Verdict.REFUSED_BY_POLICY:
        return Cause.POLICY
    if not request.judged:
        return Cause.UNJUDGED
    if not (request.answered or request.unanswered):
        return Cause.NO_QUESTION
    if said.cited and (named := named_cause(said.cited, request, index)):
        return named
    if is_superseded(request, index):
        return Cause.STALE
    if not request.answered:
        return Cause.REFUSED
    if {ReasonCode.PART_NOT_COVERED.value, ReasonCode.SENTENCES_WITHHELD.value} & set(
        request.codes
    ):
        return Cause.INCOMPLETE
    return Cause.PHRASING if request.phrased else Cause.DISPUTED


def named_cause(cited: Collection[str], request: LoggedRequest, index: Index) -> Cause | None:
    """Tell it from the documents that were named; none where these were quoted."""
    if index.quarantined & set(cited):
        return Cause.QUARANTINED
    ids = {found for name in cited if (found := index.id_of(name))}
    if not ids:
        return Cause.NOT_INDEXED
    if not ids & request.retrieved and not request.redacted:
        return Cause.NOT_RETRIEVED
    if not request.answered:
        return Cause.TOO_STRICT
    quoted = {document for document, _, _ in request.evidence}
    return None if ids & quoted else Cause.OTHER_EVIDENCE


def is_superseded(request: LoggedRequest, index: Index) -> bool:
    """Whether the best evidence has a newer version by now, or is gone."""
    return any(index.versions.get(d, v + 1) > v for d, _, v in request.evidence[:1])


def count_causes(found: Sequence[ThumbsDown]) -> dict[str, int]:
    """Count complaints by cause, most frequent first."""
    return dict(Counter(one.cause.value for one in found).most_common())


@dataclass(frozen=True, slots=True)
class LaterAnswered:
    """A question that was refused and is answered since."""

    question: str
    refused: LoggedRequest
    answered: LoggedRequest
    times_refused: int

    @property
    def changed(self) -> str:
        """What was different: the index, the rules, or neither."""
        before, after = self.refused, self.answered
        if (before.generation, before.epoch) != (after.generation, after.epoch):
            return "index"
        return "rules" if before.rules != after.rules else "neither"

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "question": self.question,
            "times_refused": self.times_refused,
            "refused_at": self.refused.received_at.isoformat(timespec="seconds"),
            "answered_at": self.answered.received_at.isoformat(timespec="seconds"),
            "request_ids": [self.refused.request_id, self.answered.request_id],
            "changed": self.changed,
            "answered_from": [key for _, key, _ in self.answered.evidence[:1]],
        }


def later_answered(requests: Sequence[LoggedRequest]) -> tuple[LaterAnswered, ...]:
    """Return the questions whose last refusal was followed by an answer, most refused first.

    Questions of the same words count as one, in whatever order and form the words are. Behind
    other earlier turns the same words ask for something else.

    Args:
        requests: Oldest first.
    """
    alike: dict[tuple[frozenset[str], str], list[LoggedRequest]] = defaultdict(list)
    for request in requests:
        if request.terms and (request.answered or request.unanswered):
            behind = json.dumps(request.history, sort_keys=True)
            alike[frozenset(request.terms), behind].append(request)
    found = []
    for asked in alike.values():
        refused = [place for place, request in enumerate(asked) if not request.answered]
        after = asked[refused[-1] + 1 :] if refused else ()
        if after:
            last = asked[refused[-1]]
            found.append(LaterAnswered(last.question, last, after[0], len(refused)))
    return tuple(sorted(found, key=lambda one: (-one.times_refused, one.question)))
