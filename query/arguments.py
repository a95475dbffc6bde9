"""What callers of the engine hand over, read before anything is served.

Every ending of a request is a value. An argument that is none of what it can be is no request: it
is a fault of the program that calls, and told to it at once.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from config.errors import ConfigError
from indexing.as_of import AsOf, GenerationEpoch
from query.asking.followups import Turn


class WrongArgumentError(ConfigError, TypeError):
    """An argument is not of its type."""

    def __init__(self, name: str, wanted: str, given: object) -> None:
        """Say which, and what it has to be; what was given may be anything, so only its type."""
        super().__init__(f"{name} has to be {wanted}, not {type(given).__name__}.")


def text_of(name: str, value: object) -> str:
    """Return a text.

    Raises:
        WrongArgumentError: It is none.
    """
    if not isinstance(value, str):
        raise WrongArgumentError(name, "text", value)
    return value


def texts_of(name: str, value: Iterable[object] | None) -> tuple[str, ...]:
    """Return several texts; none stands for none of them.

    A single text would be taken apart into letters, and hide nothing, and of an object only the
    names of its fields would count: both are refused.

    Raises:
        WrongArgumentError: They are no texts.
    """
    if value is None:
        return ()
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise WrongArgumentError(name, "a collection of texts", value)
    return tuple(text_of(f"each of {name}", one) for one in value)


def state_of(value: AsOf | None) -> AsOf | None:
    """Return what names an earlier state; a time without zone is in UTC, as everywhere.

    Raises:
        WrongArgumentError: It names none.
    """
    if isinstance(value, dt.datetime):
        return value if value.tzinfo else value.replace(tzinfo=dt.UTC)
    if value is None or (isinstance(value, int | GenerationEpoch) and not isinstance(value, bool)):
        return value
    raise WrongArgumentError("as_of", "an epoch, a moment or an epoch of a generation", value)


def turns_of(value: Sequence[Any] | None) -> tuple[Any, ...]:
    """Return earlier turns; a single text is one of them.

    Raises:
        WrongArgumentError: They are none.
    """
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, Sequence):
        raise WrongArgumentError("history", "a sequence of turns", value)
    for turn in value:
        if not isinstance(turn, str | Turn | Mapping):
            wanted = "text or an object with `speaker` and `text`"
            raise WrongArgumentError("each turn of history", wanted, turn)
    return tuple(value)
