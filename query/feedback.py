"""Feedback on an answer by the id of its request: kept beside the log, for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from config.auditing import PersonalData
from config.errors import ConfigError
from indexing.corpus import Corpus
from indexing.ledger.feedback import FeedbackRow, add_feedback
from query.arguments import WrongArgumentError, text_of, texts_of
from query.audit import plain_values
from query.masking import Masker

LONGEST_CORRECTION = 10_000
MOST_CITED = 20
LONGEST_NAME = 2000


class FeedbackVerdict(StrEnum):
    """What somebody says about an answer."""

    HELPFUL = "helpful"
    WRONG = "wrong"
    """What was said is not right, or it should not have been said."""
    MISSING = "missing"
    """It was refused, or left something out, although the documents should tell."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What somebody says about an answer."""

    verdict: FeedbackVerdict
    correct: str = ""
    """What would have been right."""
    cited: tuple[str, ...] = ()
    """Keys or ids of the documents that hold it, such as the citation that was opened."""
    by: str = ""
    """Name of the key that it came with; no person."""

    def __post_init__(self) -> None:
        """Hold it to its types, here and not where it is written down.

        Raises:
            WrongArgumentError: Something is not of its type.
        """
        if not isinstance(self.verdict, FeedbackVerdict):
            raise WrongArgumentError("verdict", "a FeedbackVerdict", self.verdict)
        text_of("correct", self.correct)
        object.__setattr__(self, "cited", texts_of("cited", self.cited))

    def to_body(self, personal: PersonalData) -> dict[str, Any]:
        """Return what is kept, masked as the settings say.

        Raises:
            ConfigError: It is longer than anybody would read.
        """
        if len(self.correct) > LONGEST_CORRECTION or len(self.cited) > MOST_CITED:
            raise ConfigError(
                f"At most {LONGEST_CORRECTION} characters of correction and {MOST_CITED} citations "
                "are taken."
            )
        if any(len(name) > LONGEST_NAME for name in self.cited):
            raise ConfigError(f"A citation has at most {LONGEST_NAME} characters.")
        masker = Masker()
        correct = self.correct.strip()
        if personal is PersonalData.MASK:
            correct = masker.mask(correct)
        body = {"correct": correct, "cited": list(dict.fromkeys(self.cited)), "by": self.by}
        kept: dict[str, Any] = plain_values(body)
        return kept | ({"masked": masker.counts} if masker.counts else {})


@dataclass(frozen=True, slots=True)
class Given:
    """What was written down."""

    feedback_id: str
    request_id: str
    verdict: FeedbackVerdict
    received_at: str
    body: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return plain values, what was kept among them."""
        return {
            "feedback_id": self.feedback_id,
            "request_id": self.request_id,
            "verdict": self.verdict.value,
            "received_at": self.received_at,
            **self.body,
        }


def give_feedback(corpus: Corpus, tenant: str, request_id: str, feedback: Feedback) -> Given | None:
    """Write down what somebody says about an answer; the index stays as it is.

    Args:
        corpus: The home.
        tenant: Whose request; that of another tenant does not exist.
        request_id: As the decision and the request log give it.
        feedback: What is said.

    Returns:
        What was kept; none where there is no such request, whoever else may have one.

    Raises:
        ConfigError: It is longer than anybody would read.
        TooMuchFeedbackError: So much was said about the request that no more is taken.
        LedgerError: It could not be written.
    """
    row = add_feedback(
        corpus.ledger,
        request_id=request_id,
        tenant=tenant,
        verdict=feedback.verdict.value,
        body=feedback.to_body(corpus.settings.audit.personal_data),
    )
    return given_from(row) if row is not None else None


def given_from(row: FeedbackRow) -> Given:
    """Return a row of the ledger as what somebody said."""
    return Given(
        row.feedback_id,
        row.request_id,
        FeedbackVerdict(row.verdict),
        row.received_at.isoformat(timespec="seconds"),
        row.body,
    )
