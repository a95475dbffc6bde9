"""How far a source is to be believed; kept apart from the settings because parsers import it."""

from enum import StrEnum


class Trust(StrEnum):
    """How far a source is to be believed; it is written to every point of its documents."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
