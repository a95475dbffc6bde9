"""How a try of a language model can end, and what is kept of it; nothing else can happen."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from query.decision import Reason


class Ending(StrEnum):
    """How one try ended."""

    RELEASED = "released"
    # nothing was sent
    OVER_BUDGET = "over_budget"
    CIRCUIT_OPEN = "circuit_open"
    DEADLINE = "deadline"
    # nothing usable came back
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    REJECTED = "rejected"
    MALFORMED = "malformed"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    OVER_LONG = "over_long"
    REFUSED = "refused"
    # what came back does not hold
    WRONG_LANGUAGE = "wrong_language"
    FABRICATED_CITATION = "fabricated_citation"
    UNSUPPORTED = "unsupported"


PASSING = frozenset(
    {
        Ending.TIMEOUT,
        Ending.UNREACHABLE,
        Ending.RATE_LIMITED,
        Ending.SERVER_ERROR,
        Ending.MALFORMED,
        Ending.EMPTY,
    }
)
"""The same try may end otherwise in a moment."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What one call of an endpoint came to: a text, or an ending."""

    ending: Ending | None
    text: str = ""
    detail: str = ""
    retry_after: float = 0.0
    """Seconds that the endpoint asks to be left alone."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One provider, as it goes into the request log."""

    provider: str
    model: str
    ending: Ending
    tries: int = 0
    """Requests that were sent."""
    detail: str = ""
    cost: float = 0.0
    """Upper bound of what the tries cost, in the currency of the prices."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "provider": self.provider,
            "model": self.model,
            "ending": self.ending.value,
            "tries": self.tries,
            "detail": self.detail,
            "cost": round(self.cost, 8),
        }


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of the sentences of a model's answer."""

    claims: tuple[Mapping[str, Any], ...] = ()
    reader: str = ""
    """As `AnswerCheck.reader`."""
    reasons: tuple[Reason, ...] = ()
    """Why less was checked than should have been."""


@dataclass(frozen=True, slots=True)
class Generated:
    """What became of an answer: the released text, or none, and everything for the log."""

    text: str | None
    """Only sentences that the evidence supports, with markers of ours."""
    attempts: tuple[Attempt, ...] = ()
    withheld: int = 0
    """Sentences that were not released."""
    prompt_sha256: str = ""
    sent: int = 0
    """Pieces of evidence that were in the prompt, the first ones."""
    output: str = ""
    """What the model wrote, of the try that was released."""
    checked: Checked = Checked()

    def to_json(self) -> dict[str, Any]:
        """Return plain values for the request log."""
        return {
            "text": self.text,
            "attempts": [attempt.to_json() for attempt in self.attempts],
            "withheld": self.withheld,
            "prompt_sha256": self.prompt_sha256,
            "sent": self.sent,
            "output": self.output,
            "claims": [dict(claim) for claim in self.checked.claims],
            "reader": self.checked.reader,
            "reasons": [reason.to_json() for reason in self.checked.reasons],
        }
