"""A claim of a text, and what the evidence says about it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from query.decision import Evidence, Reason


class ClaimVerdict(StrEnum):
    """What the evidence says about a claim."""

    SUPPORTED = "supported"
    PARTIAL = "partial"
    UNSUPPORTED = "unsupported"
    CONTRADICTED = "contradicted"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of an answer: `answer[start:end] == text`."""

    start: int
    end: int
    text: str
    verdict: ClaimVerdict
    score: float
    """Support in [0, 1]."""
    citations: tuple[int, ...] = ()
    """Positions in the evidence, from 0, that support the claim."""
    anti_citations: tuple[int, ...] = ()
    """Positions in the evidence that contradict it."""

    def to_json(self) -> dict[str, Any]:
        """Return the stable JSON form."""
        return {
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "verdict": self.verdict.value,
            "score": round(self.score, 6),
            "citations": list(self.citations),
            "anti_citations": list(self.anti_citations),
        }


@dataclass(frozen=True, slots=True)
class AnswerCheck:
    """The claims of an answer and the share of them that the evidence supports."""

    id: Any
    support_score: float
    """Mean support of the claims that had to be checked; 0 where none could be."""
    claims: tuple[Claim, ...]
    reasons: tuple[Reason, ...] = ()
    """Why claims were not checked, or only against some of the evidence."""
    reader: str = ""
    """Names what read again what the rules say; empty where the rules alone have checked."""
    request_id: str = ""
    """Names its row in the log; empty where it has none."""
    evidence: tuple[Evidence, ...] = ()
    """What was found for a question, in the order that citations count; none where the evidence
    was given or is that of an earlier request, because whoever asks has it."""

    def to_json(self) -> dict[str, Any]:
        """Return the stable JSON form of one line of `holdfast check`.

        `reader`, `reasons`, `evidence` and `request_id` are there where there are any.
        """
        found = {
            "id": self.id,
            "support_score": round(self.support_score, 6),
            "claims": [claim.to_json() for claim in self.claims],
        }
        reasons = [reason.to_json() for reason in self.reasons]
        pieces = [piece.to_json() for piece in self.evidence]
        optional = {
            "reader": self.reader,
            "reasons": reasons,
            "evidence": pieces,
            "request_id": self.request_id,
        }
        return found | {name: value for name, value in optional.items() if value}
