"""What the HTTP service takes and gives: the JSON of the query module, written down for OpenAPI."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from config.trust import Trust
from query.claims.claim import ClaimVerdict
from query.decision import ReasonCode, Status, SuggestedAction, Verdict
from query.feedback import LONGEST_CORRECTION, MOST_CITED, FeedbackVerdict

LONGEST_QUESTION = 20_000
"""Longer ones do not even reach the gate, which refuses from `gate.max_question_chars` on."""
LONGEST_ANSWER = 50_000
LONGEST_TEXT = 20_000

Name = Annotated[str, Field(min_length=1, max_length=2000)]


class Taken(BaseModel):
    """A request; an unknown field is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Turn(Taken):
    """An earlier turn of a conversation."""

    speaker: Literal["user", "assistant"] = "user"
    text: str = Field(max_length=LONGEST_QUESTION)


class Ask(Taken):
    """A question. Tenant and groups are those of the key and cannot be asked for."""

    question: str = Field(max_length=LONGEST_QUESTION)
    history: list[Turn] = Field(default=[], max_length=50)
    exclude_keys: list[Name] = Field(default=[], max_length=1000)
    sources: list[Name] = Field(default=[], max_length=100, description="Only these; empty: any.")
    least_trust: Trust | None = None
    as_of: str | None = Field(default=None, max_length=200, description="An earlier state.")


class Check(Taken):
    """An answer to be checked, against one of three kinds of evidence."""

    answer: str = Field(max_length=LONGEST_ANSWER)
    evidence: list[Annotated[str, Field(max_length=LONGEST_TEXT)]] | None = Field(
        default=None, max_length=200
    )
    question: str | None = Field(default=None, max_length=LONGEST_QUESTION)
    request_id: str | None = Field(default=None, max_length=64)

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        given = (self.evidence, self.question, self.request_id)
        if sum(value is not None for value in given) != 1:
            raise ValueError("give exactly one of evidence, question, request_id")
        return self


class Cite(Taken):
    """The evidence of an earlier request, to be read in full."""

    request_id: str = Field(max_length=64, description="As the decision gave it.")


class Said(Taken):
    """What somebody says about an answer, by the id of its request."""

    request_id: str = Field(min_length=1, max_length=64)
    verdict: FeedbackVerdict
    correct: str = Field(default="", max_length=LONGEST_CORRECTION, description="What is right.")
    cited: list[Name] = Field(
        default=[], max_length=MOST_CITED, description="Keys or ids of documents that hold it."
    )


class SaidOut(BaseModel):
    """That it was written down; nothing else changes by it."""

    feedback_id: str
    request_id: str
    verdict: FeedbackVerdict
    received_at: str


class ReasonOut(BaseModel):
    """Why a decision is what it is."""

    code: ReasonCode
    detail: str


class EvidenceOut(BaseModel):
    """A passage: `cleaned_text[start:end] == quote` in that version of the document."""

    chunk_id: str
    document_id: str
    key: str
    version: int
    page: int | None
    start: int
    end: int
    quote: str
    score: float
    flags: list[str]
    trust: str = Field(description="Of its source: high, medium, low; empty if not recorded.")


class RetrievalOut(BaseModel):
    """Evidence with its verdict; there is none without the other."""

    request_id: str
    status: Status
    verdict: Verdict | None
    reasons: list[ReasonOut]
    evidence: list[EvidenceOut]
    generation: str | None
    epoch: int | None


class DecisionOut(RetrievalOut):
    """A decision. Say nothing that it does not hold unless `suggested_action` is `answer`."""

    p_answerable: float | None
    missing: list[str]
    conflicts: list[dict[str, Any]]
    suggested_action: SuggestedAction
    clarification: str | None = Field(description="What to ask back, if that is suggested.")
    answer: str | None
    calibration_id: str
    policy_version: str
    risk_bound: float | None
    timings_ms: dict[str, float]


class ClaimOut(BaseModel):
    """A sentence of the answer; only `supported` may be said."""

    start: int
    end: int
    text: str
    verdict: ClaimVerdict
    score: float
    citations: list[int] = Field(
        description="Positions, from 0, in the evidence that was sent, in that of `request_id`, or "
        "in the `evidence` of this result."
    )
    anti_citations: list[int] = Field(description="Positions of what contradicts it.")


class CheckOut(BaseModel):
    """The sentences of an answer and the mean support of those that claim something."""

    support_score: float
    claims: list[ClaimOut]
    reader: str = Field(
        default="", description="Read again what the rules say; empty: the rules alone."
    )
    reasons: list[ReasonOut] = Field(default=[], description="Why something was not checked.")
    evidence: list[EvidenceOut] = Field(
        default=[], description="What was found for `question`, in whole chunks."
    )
    request_id: str = Field(default="", description="Of this check, for feedback and the log.")


class CitedPieceOut(BaseModel):
    """A piece of evidence with its chunk; `chunk_id` is null where it may not be read today."""

    marker: int
    chunk_id: str | None
    document_id: str | None = None
    key: str | None = None
    version: int | None = None
    page: int | None = None
    start: int | None = None
    end: int | None = None
    quote: str | None = None
    headings: list[str] = []
    flags: list[str] = []
    trust: str = ""
    text: str | None


class CitedOut(BaseModel):
    """The evidence of an earlier request, by today's access rules and policy."""

    request_id: str
    evidence: list[CitedPieceOut]
    reasons: list[ReasonOut]


class Health(BaseModel):
    """That the process, or the service, is there."""

    status: Literal["ok"] = "ok"


class ProblemOut(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
