"""Checks of what was found: where it is read twice, both readings count for what is told of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from config.errors import ConfigError
from query.checking import ReadEvidence, check_read
from query.claims.claim import ClaimVerdict
from query.claims.second_reading import SecondReading
from query.decision import ReasonCode
from query.resilience import Circuit

CLAIM = "Breakfast is served in the garden room."
FOUND = ReadEvidence(
    ("Breakfast is served in the garden room of the lodge.", "Breakfast is free on Mondays."),
    doubtful=frozenset({1}),
)


@dataclass
class Reader:
    """Finds everything said, but fails when it is asked for the so-manieth time."""

    fails_at: int
    name: str = "claims-0"
    doubts_below: float = 0.2
    sure_from: float = 0.8
    certain_from: float = 0.95
    asked: int = 0

    def support(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        self.asked += 1
        if self.asked == self.fails_at:
            raise ConfigError("It is damaged.")
        return [1.0 for _ in pairs]


@pytest.mark.parametrize(("fails_at", "reader"), [(1, ""), (2, ""), (3, "claims-0")])
def test_a_reader_that_fails_beside_sources_of_low_trust_has_not_read(
    fails_at: int, reader: str
) -> None:
    reading = SecondReading(Reader(fails_at), Circuit(3, 60.0), 20.0)
    found = check_read(CLAIM, FOUND, checks=reading)
    assert [claim.verdict for claim in found.claims] == [ClaimVerdict.SUPPORTED]
    assert found.reader == reader
    told = [] if reader else [ReasonCode.CHECKED_BY_RULES]
    assert [reason.code for reason in found.reasons] == told
