"""Naming an earlier state of the index: an epoch, a moment, or an epoch of a generation."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import TypeAlias

from config.errors import ConfigError


@dataclass(frozen=True, slots=True)
class GenerationEpoch:
    """An epoch of a generation, as every answer names the state it was read from."""

    generation: str
    epoch: int


AsOf: TypeAlias = int | dt.datetime | GenerationEpoch
"""An epoch of the live generation, a moment, or an epoch of a named generation."""

_NAMED = re.compile(r"(?P<generation>[A-Za-z0-9_-]+)@(?P<epoch>\d+)")


def parse_as_of(text: str, option: str = "--as-of") -> AsOf:
    """Read `7`, `2026-11-25T10:30`, `2026-11-25T10:30+01:00` or `holdfast__g2@7`.

    A time without a zone is in UTC, as all times that Holdfast prints.

    Args:
        text: What somebody wrote.
        option: Where, for the message.

    Raises:
        ConfigError: It is none of these.
    """
    given = text.strip()
    named = _NAMED.fullmatch(given)
    try:
        if given.isdecimal():
            return int(given)
        if named:
            return GenerationEpoch(named["generation"], int(named["epoch"]))
        moment = dt.datetime.fromisoformat(given)
    except ValueError:  # also a number of thousands of digits
        raise ConfigError(
            f"{option} {text[:200]!r} is neither an epoch (7), nor an epoch of a generation "
            "(holdfast__g2@7), nor a time (2026-11-25T10:30+01:00)."
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def as_of_text(as_of: AsOf | None) -> str | None:
    """Write an earlier state the way `parse_as_of` reads it."""
    match as_of:
        case None:
            return None
        case GenerationEpoch(generation, epoch):
            return f"{generation}@{epoch}"
        case int(epoch):
            return str(epoch)
        case moment:
            return moment.isoformat()
