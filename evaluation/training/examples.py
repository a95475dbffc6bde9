"""What a reader is trained on: questions with passages, claims with evidence."""

from dataclasses import dataclass
from enum import StrEnum


class Support(StrEnum):
    """How far evidence supports a claim; the order is that of the head."""

    SUPPORTED = "supported"
    IN_PART = "partially_supported"
    NOT = "not_supported"


@dataclass(frozen=True)
class Pair:
    """A question with a passage."""

    question: str
    passage: str
    answers: bool
    start: int = -1
    """Characters of the answer in the passage; both -1 where it stands nowhere word for word."""
    end: int = -1
    article: str = ""
    """Article that the passage is from, which need not be that of the question; a made pair has
    none."""


@dataclass(frozen=True)
class Claim:
    """A claim with the text it is held against."""

    claim: str
    evidence: str
    support: Support
    group: str = ""
    """What it is drawn together with, such as the page it is about; made claims have none."""
