"""Holding a question against the policy: refused, held to certain evidence, or let through.

A topic is told by patterns, by the words of its examples, and by their meaning. Where the meaning
cannot be compared the question is not let through: an unchecked policy is none.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from config.policy import Policy, Quota, Topic, TopicAction, at_least
from query.decision import Reason, ReasonCode, SuggestedAction, Verdict
from query.ruling import POLICY_VERSION, Ruling
from query.text.language import detect_language
from query.text.passages import Passage
from query.text.words import stems

SAME_WORDS = 0.8
"""Share of common words (F1) from which a question is taken for an example."""
AROUND = 8
"""Tokens that an encoder may put around a text."""
UNMARKED = "en"
"""What a question is taken for whose language is not certain."""


class RequestCounter(Protocol):
    """Counts what is asked, and lets in no more than a quota says; the ledger does."""

    def admit(
        self, tenant: str, quotas: Sequence[Quota], at: datetime, request_id: str | None
    ) -> Quota | None:
        """Take a place for a request in one step with the count, or name the quota used up.

        Args:
            tenant: Whose request.
            quotas: Of the policy.
            at: When it came.
            request_id: Names it; none only looks.

        Raises:
            LedgerError: It cannot be told.
        """
        ...


@dataclass(frozen=True, slots=True)
class SourceLabels:
    """What a policy looks at in evidence, where there is no passage."""

    source: str
    trust: str
    modified: datetime | None


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the policy says about one question."""

    topics: tuple[str, ...] = ()
    refusal: Reason | None = None
    action: SuggestedAction = SuggestedAction.REFUSE
    """What goes with the refusal."""
    unchecked: Reason | None = None
    """Why it could not be told what the policy says."""
    sources: frozenset[str] | None = None
    """Sources that count; None means any."""
    trusts: frozenset[str] = frozenset()
    """Trusts that count; empty means any."""
    min_confidence: float = 0.0
    max_age: timedelta | None = None

    @property
    def restricts(self) -> bool:
        """Whether some evidence may not count."""
        return self.sources is not None or bool(self.trusts) or self.max_age is not None

    def admits(self, passage: "Passage | SourceLabels", now: datetime) -> bool:
        """Tell whether a passage may count as evidence; what is not known does not."""
        if self.sources is not None and passage.source not in self.sources:
            return False
        if self.trusts and passage.trust not in self.trusts:
            return False
        if self.max_age is None:
            return True
        return passage.modified is not None and now - passage.modified <= self.max_age


@dataclass(frozen=True)
class Policing:
    """Applies one policy; keeps the vectors of its examples."""

    policy: Policy
    _vectors: dict[str, npt.NDArray[np.float32]] = field(default_factory=dict, repr=False)

    @property
    def version(self) -> str:
        """The version of the policy."""
        return self.policy.version

    def consult(self, texts: Sequence[str], generation: str, encoder: Any) -> Conditions:
        """Say what the policy asks of a question.

        Args:
            texts: The question and, of a compound one, its parts.
            generation: Names the encoder, for keeping vectors.
            encoder: Has `encode_documents`, or is none.
        """
        plain = tuple(dict.fromkeys(_plain(text) for text in texts))
        refusal = self._language(plain[0])
        if refusal is not None:
            return Conditions(refusal=refusal)
        topics = self.policy.topics
        found = [topic for topic in topics if _by_words(topic, plain)]
        left = [topic for topic in topics if topic not in found and topic.examples]
        unchecked = None
        if left:
            try:
                found += self._by_meaning(left, plain, generation, encoder)
            except Exception as error:  # noqa: BLE001 - whatever the encoder raises, fail closed
                detail = f"The policy's examples cannot be compared ({type(error).__name__})."
                unchecked = Reason(ReasonCode.POLICY_UNCHECKED, detail)
        return replace(conditions(self.policy, found), unchecked=unchecked)

    def _language(self, text: str) -> Reason | None:
        served = self.policy.languages
        language = detect_language(text) or UNMARKED
        if not served or language in served:
            return None
        detail = f"The policy answers {', '.join(served)}; the question seems to be in {language}."
        return Reason(ReasonCode.POLICY_LANGUAGE, detail)

    def _by_meaning(
        self, topics: Sequence[Topic], texts: Sequence[str], generation: str, encoder: Any
    ) -> list[Topic]:
        asked = encoder.encode_documents(_fitting(texts, encoder))
        found = []
        for topic in topics:
            key = f"{generation}\0{topic.name}"
            if key not in self._vectors:
                self._vectors[key] = encoder.encode_documents(list(topic.examples))
            nearest = float(np.max(self._vectors[key] @ asked.T))
            if not nearest < topic.resembles_at:  # NaN counts as near
                found.append(topic)
        return found


def rules_version(policy: Policy | None) -> str:
    """Name the rules of the gate and, where there is one, the policy above them."""
    return f"{POLICY_VERSION}/{policy.version}" if policy else POLICY_VERSION


def over_quota(
    policy: Policy,
    tenant: str,
    counter: RequestCounter | None,
    now: datetime,
    request_id: str | None,
) -> Reason | None:
    """Count a request, or say which quota of its tenant is used up.

    Raises:
        LedgerError: The log cannot be read.
    """
    if counter is None or not policy.quotas:
        return None
    quota = counter.admit(tenant, policy.quotas, now, request_id)
    if quota is None:
        return None
    detail = f"{quota.requests} requests in {quota.seconds:g} seconds are used up."
    return Reason(ReasonCode.POLICY_QUOTA, detail)


def conditions(policy: Policy, topics: Sequence[Topic]) -> Conditions:
    """Put together what the policy asks of all questions and of those topics: the strictest."""
    refusing = [t for t in topics if t.action is not TopicAction.RESTRICT]
    names = tuple(topic.name for topic in topics)
    if refusing:
        first = refusing[0]
        detail = first.message or f"Questions about {first.name} are not answered here."
        escalates = any(t.action is TopicAction.ESCALATE for t in refusing)
        return Conditions(
            names,
            Reason(ReasonCode.POLICY_TOPIC, detail),
            SuggestedAction.ESCALATE if escalates else SuggestedAction.REFUSE,
        )
    demands = (policy, *topics)
    ages = [d.max_age_days for d in demands if d.max_age_days is not None]
    return Conditions(
        names,
        sources=_common(frozenset(t.sources) for t in topics if t.sources),
        trusts=_common(at_least(d.least_trust) for d in demands if d.least_trust) or frozenset(),
        min_confidence=max(d.min_confidence for d in demands),
        max_age=timedelta(days=min(ages)) if ages else None,
    )


def confirm(ruling: Ruling, asked: Conditions) -> Ruling:
    """Refuse what is less certain than the policy asks for."""
    if ruling.verdict is Verdict.UNANSWERABLE or ruling.p_answerable >= asked.min_confidence:
        return ruling
    detail = f"p_answerable {ruling.p_answerable:.2f} lies below {asked.min_confidence}" + (
        f", which {', '.join(asked.topics)} asks for." if asked.topics else " of the policy."
    )
    reasons = (Reason(ReasonCode.POLICY_CONFIDENCE, detail), *ruling.reasons)
    return replace(ruling, verdict=Verdict.REFUSED_BY_POLICY, reasons=reasons)


def held_to(asked: Conditions, ruling: Ruling | None, aged: int = 0) -> Ruling:
    """Say with a ruling that only some evidence counted.

    Args:
        asked: What the policy asks for.
        ruling: On the evidence that counts; none where none can.
        aged: Candidates that did not count although there were no others.
    """
    if ruling is None:
        reason = Reason(ReasonCode.POLICY_EVIDENCE, restriction(asked).detail)
        return Ruling(Verdict.REFUSED_BY_POLICY, 0.0, (reason,))
    if aged:
        code = ReasonCode.POLICY_FRESHNESS if asked.max_age else ReasonCode.POLICY_EVIDENCE
        reason = Reason(code, f"{aged} candidates do not count. {restriction(asked).detail}")
        return Ruling(Verdict.REFUSED_BY_POLICY, 0.0, (reason,))
    return replace(ruling, reasons=(*ruling.reasons, restriction(asked)))


def restriction(asked: Conditions) -> Reason:
    """Say that only some evidence counted."""
    kinds = []
    if asked.sources is not None:
        kinds.append(f"of {', '.join(sorted(asked.sources)) or 'no source'}")
    if asked.trusts:
        kinds.append(f"of trust {' or '.join(sorted(asked.trusts))}")
    if asked.max_age is not None:
        kinds.append(f"changed within {asked.max_age / timedelta(days=1):g} days")
    about = f" about {', '.join(asked.topics)}" if asked.topics else ""
    detail = f"For questions{about} only evidence {', '.join(kinds)} counts."
    return Reason(ReasonCode.POLICY_RESTRICTED, detail)


def _by_words(topic: Topic, texts: Sequence[str]) -> bool:
    if any(re.search(p, text, re.IGNORECASE) for p in topic.patterns for text in texts):
        return True
    return any(_alike(example, text) for example in topic.examples for text in texts)


def _alike(one: str, other: str) -> bool:
    mine, theirs = frozenset(stems(_plain(one))), frozenset(stems(other))
    return bool(mine and theirs) and 2 * len(mine & theirs) >= SAME_WORDS * (
        len(mine) + len(theirs)
    )


def _fitting(texts: Sequence[str], encoder: Any) -> list[str]:
    """Take apart what is longer than the encoder reads; nothing of it goes unchecked."""
    count = getattr(encoder, "pieces", None)
    if count is None:
        return list(texts)
    fitting, left = [], list(texts)
    while left:
        lengths = count(left)
        most = (encoder.window or max(lengths) + AROUND) - AROUND
        long = [
            text
            for text, tokens in zip(left, lengths, strict=True)
            if tokens > most and len(text) > AROUND
        ]
        fitting += [text for text in left if text not in long]
        left = [half for text in long for half in _halves(text)]
    return fitting


def _halves(text: str) -> tuple[str, str]:
    """Cut a text in two that have the words in the middle in common."""
    length = len(text) // 2 + len(text) // 20
    return text[:length], text[-length:]


def _plain(text: str) -> str:
    """Undo what only looks like a letter: compatibility forms, characters without width."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(c for c in folded if unicodedata.category(c) != "Cf")


def _common(sets: Iterable[frozenset[str]]) -> frozenset[str] | None:
    every = list(sets)
    return frozenset.intersection(*every) if every else None
