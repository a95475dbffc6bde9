"""Markdown for artifacts and forms, in which a document's key is text and never markup."""

import re
from collections.abc import Iterable, Mapping, Sequence

LONGEST = 200
"""Characters of one cell."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~])")


def plain(text: object) -> str:
    """Return text on one line, cut, with everything escaped that Markdown or HTML would take."""
    line = _CONTROLS.sub(" ", str(text)).strip()
    cut = line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
    return _MARKUP.sub(r"\\\1", cut).replace("&", "&amp;").replace("\\<", "&lt;")


def words(value: object) -> str:
    """Return a value of a report as people would write it, escaped; lists and parts included."""
    if value is None or value in ([], (), {}):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{words(name)}: {words(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(map(words, value))
    return plain(str(value))


def facts(report: Mapping[str, object]) -> dict[str, str]:
    """Return the machine form of a report as the cells of a table."""
    return {plain(name.replace("_", " ")): words(value) for name, value in report.items()}


def code(text: object) -> str:
    """Return text as a code span that it cannot leave."""
    line = _CONTROLS.sub(" ", str(text)).strip().replace("`", "'").replace("|", "¦")
    return f"`{line if len(line) <= LONGEST else line[: LONGEST - 1] + '…'}`"


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return the lines of a table; cells are Markdown already."""
    return [
        f"| {' | '.join(header)} |",
        f"|{'-|' * len(header)}",
        *(f"| {' | '.join(map(str, row))} |" for row in rows),
    ]


def bullets(texts: Sequence[str], shown: int) -> list[str]:
    """Return a list of code spans, cut to so many."""
    lines = [f"- {code(text)}" for text in texts[:shown]]
    return lines + ([f"- … and {len(texts) - shown} more"] if len(texts) > shown else [])


def bar(share: float | None, width: int = 20) -> str:
    """Draw a share as a bar with its value behind it; nothing where there is none."""
    if share is None:
        return ""
    full = round(share * width)
    return f"{'█' * full}{'░' * (width - full)} {share:.3f}"
