"""What is in force inside a pair of braces of RTF, and the control words that change it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

DEFAULT_HALF_POINTS = 24


@dataclass(frozen=True, slots=True)
class Group:
    """What is in force inside a pair of braces."""

    destination: str = ""
    """A table that is read, `-` for what is skipped, empty for the text."""
    encoding: str = "cp1252"
    skip_after_u: int = 1
    size: int = DEFAULT_HALF_POINTS
    color: int = 0
    is_hidden: bool = False
    is_dropped: bool = False
    """Deleted text of tracked changes, and the RTF form of encapsulated HTML."""
    is_shaded: bool = False
    is_raised: bool = False


def _flagged(name: str) -> Callable[[Group, int], Group]:
    return lambda group, number: replace(group, **{name: number != 0})  # type: ignore[arg-type]


PROPERTIES: dict[str, Callable[[Group, int], Group]] = {
    "v": _flagged("is_hidden"),
    "deleted": _flagged("is_dropped"),
    "htmlrtf": _flagged("is_dropped"),
    "highlight": _flagged("is_shaded"),
    "chcbpat": _flagged("is_shaded"),
    "cbpat": _flagged("is_shaded"),
    "cb": _flagged("is_shaded"),
    "clcbpat": _flagged("is_shaded"),
    "super": _flagged("is_raised"),
    "up": _flagged("is_raised"),
    "nosupersub": lambda group, _: replace(group, is_raised=False),
    "sub": lambda group, _: replace(group, is_raised=False),
    "uc": lambda group, number: replace(group, skip_after_u=max(0, number)),
    "fs": lambda group, number: replace(group, size=number),
    "cf": lambda group, number: replace(group, color=number),
}
