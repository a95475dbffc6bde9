"""Requests that end without a verdict: retrieving, checking a text, reading evidence again."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from config.errors import HoldfastError
from config.trust import LowTrust
from query.arguments import WrongArgumentError, text_of, texts_of
from query.asking.question import normalise
from query.audit import Asked, Purpose, Search
from query.checking import ReadEvidence, check_read, evidence_in, sentences_of
from query.claims.claim import AnswerCheck
from query.decision import Reason, ReasonCode
from query.parts import Extras, Retrieves
from query.policy.permission import Permission, nothing, parts_of, permission, quota_reached
from query.policy.policing import Policing
from query.ports import IndexView, Pinned
from query.recording import Begun, Read, Recorder, read_by
from query.search.retrieval import Retrieval, pin
from query.search.scope import Scope

if TYPE_CHECKING:
    from query.feedback import Feedback, Given
    from query.logged_evidence import CitedEvidence

LONGEST_ID = 64
"""No id of ours is longer; what somebody sends instead of one is not kept in full."""


@dataclass(frozen=True, slots=True)
class UnjudgedRequests:
    """Serves them for one engine, each held to the policy and logged."""

    view: IndexView
    retriever: Retrieves
    policing: Policing | None
    extras: Extras
    recorder: Recorder
    clock: Callable[[], datetime]
    encoder: Callable[[Pinned], Any]
    """Gives the bounded encoder of a state."""
    low_trust: LowTrust = LowTrust.APART

    def retrieve(self, asked: Asked) -> Retrieval:
        """Return the candidates of a question, best first."""
        begun = Begun(asked, self.clock())
        return self.recorder.retrieved(self._find(begun, asked.question, ()), begun)

    def check(
        self,
        asked: Asked,
        answer: str,
        evidence: Iterable[str] | None,
        request_id: str | None,
        check_id: Any,
    ) -> AnswerCheck:
        """Check a text against given texts, an earlier request's evidence, or what is found.

        Without a question the text itself is searched for: an empty one would find anything.

        Raises:
            WrongArgumentError: An argument is not of its type.
        """
        begun = Begun(asked, self.clock())
        about = sentences_of(text_of("answer", answer))
        if evidence is not None:
            given = texts_of("evidence", evidence)
            source, read = ReadEvidence(given), Read(purpose=Purpose.CHECK)
        elif request_id is not None:
            cited = self._cited(begun, text_of("request_id", request_id), about)
            source, read = evidence_again(cited, request_id, Purpose.CHECK)
        else:
            question = asked.question if asked.question.strip() else answer
            search = self._find(begun, question, about)
            source, read = (
                evidence_in(search.retrieval, self.low_trust),
                read_by(search, Purpose.CHECK),
            )
        found = check_read(answer, source, check_id, self.extras.checks)
        read = replace(read, reasons=found.reasons, checked=told(answer, found))
        return self.recorder.checked(found, read, begun)

    def evidence(self, asked: Asked, request_id: str) -> "CitedEvidence | None":
        """Read the evidence of an earlier request again; none where there is no such request."""
        begun = Begun(asked, self.clock())
        cited = self._cited(begun, text_of("request_id", request_id), ())
        _, read = evidence_again(cited, request_id, Purpose.EVIDENCE)
        fault = self.recorder.noted(read, begun)
        if cited is None or fault is None:
            return cited
        return replace(cited, reasons=(*cited.reasons, fault))

    def feedback(self, request_id: str, feedback: "Feedback") -> "Given | None":
        """Write down what somebody says; none where there is no such request.

        Raises:
            WrongArgumentError: An argument is not of its type.
        """
        from query.feedback import Feedback

        text_of("request_id", request_id)
        if not isinstance(feedback, Feedback):
            raise WrongArgumentError("feedback", "a Feedback", feedback)
        kept = self.extras.kept
        return kept.said(self.recorder.tenant, request_id, feedback) if kept else None

    def permits(
        self, texts: Sequence[str], pinned: Pinned, scope: Scope, begun: Begun | None = None
    ) -> Permission:
        """Say what of a scope the policy of today lets be read for texts that are not judged.

        Args:
            texts: All that is asked or said.
            pinned: The state to read.
            scope: What may be read but for the policy.
            begun: The request that counts for quotas; none only looks at them.
        """
        if self.policing is None:
            return Permission(scope)
        policy, tenant = self.policing.policy, self.recorder.tenant
        request_id = begun.request_id if begun else None
        now = begun.received_at if begun else self.clock()
        used_up = quota_reached(policy, tenant, self.extras.counter, now, request_id)
        if used_up:
            return nothing(used_up)
        encoder = self.encoder(pinned)
        asked = self.policing.consult(parts_of(texts), pinned.generation, encoder)
        return permission(scope, asked)

    def _find(self, begun: Begun, question: str, about: Sequence[str]) -> Search:
        """Search for a question, if the policy lets it and all that is said be read about."""
        asked = begun.asked
        text = normalise(question)
        state = pin(self.view, asked.as_of, self.retriever, asked.reads)
        pinned = state.pinned
        if pinned is None:
            reasons = (state.reason,) if state.reason else ()
            return Search(text, Retrieval(state.status, reasons=reasons), asked.reads)
        may = self.permits((question, *about), pinned, asked.reads, begun)
        if may.reads is None:
            unread = Retrieval(may.status, pinned=pinned, reasons=may.reasons)
            return Search(text, unread, asked.reads)
        found = self.retriever.retrieve(text, pinned, may.reads)
        return Search(text, may.held(found, self.clock()), may.reads)

    def _cited(
        self, begun: Begun, request_id: str, about: tuple[str, ...]
    ) -> "CitedEvidence | None":
        kept, tenant = self.extras.kept, self.recorder.tenant
        if kept is None:
            return None
        try:
            return kept.cited(_Counting(self, begun), tenant, begun.asked.reads, request_id, about)
        except HoldfastError as error:  # every ending is a value
            from query.logged_evidence import unread  # which opens states, and so this module

            return unread(request_id, error)


@dataclass(frozen=True, slots=True)
class _Counting:
    """Knows the policy of today, and counts one request by it."""

    requests: UnjudgedRequests
    begun: Begun

    def permits(self, texts: Sequence[str], pinned: Pinned, scope: Scope) -> Permission:
        """Say what of a scope may be read for texts that are not judged."""
        return self.requests.permits(texts, pinned, scope, self.begun)


def evidence_again(
    cited: "CitedEvidence | None", request_id: str, purpose: Purpose
) -> tuple[ReadEvidence, Read]:
    """Return what was read again of an earlier request, for a check and for the log."""
    about = request_id[:LONGEST_ID]
    if cited is None:
        reason = Reason(ReasonCode.NO_SUCH_REQUEST, "There is no such request to read again.")
        read = Read(purpose=purpose, reasons=(reason,), about_request=about)
        return ReadEvidence(None, (reason,)), read
    read = Read(
        purpose=purpose,
        status=cited.status,
        reasons=cited.reasons,
        pinned=cited.pinned,
        hits=cited.hits,
        about_request=about,
    )
    return cited.for_check(), read


def told(answer: str, found: AnswerCheck) -> dict[str, Any]:
    """Return what is logged of a check: the text, and what came of each claim."""
    return {
        "answer": answer,
        "support_score": found.support_score,
        "reader": found.reader,
        "claims": [claim.to_json() for claim in found.claims],
    }
