"""How far a source is to be believed; kept apart from the settings because parsers import it."""

from enum import StrEnum


class Trust(StrEnum):
    """How far a source is to be believed; it is written to every point of its documents."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class LowTrust(StrEnum):
    """What evidence of low trust may do."""

    APART = "apart"
    """It counts only where no other evidence answers, and never suffices for `answerable`."""
    ALIKE = "alike"
    """It counts as any other does."""
