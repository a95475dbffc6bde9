"""Taking documents out of what was written down about them: logged requests, reports, messages.

A document is known by its ids, by its names, and, in a conversation that was sent along, by its
words. What is not about it stays, so that a log can still be counted and other requests replayed.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

REDACTED = "a document behind it was purged"
"""Why a request cannot be replayed; whoever wants to is told so."""
NAME = "[purged]"
"""Stands where the name of a document was."""
ASKED = frozenset({"question", "normalised_question", "asked"})
"""Fields with what the user wrote."""
REMOVED = frozenset({"decision", "answer", "searches", "generated", "checked"})


def pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    """Return what finds any of these names where it stands for itself; none for no names."""
    longest_first = sorted(names, key=len, reverse=True)
    if not longest_first:
        return None
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])")


def quotes_nothing(_text: str) -> bool:
    """Know no words of a document."""
    return False


@dataclass(frozen=True)
class Traces:
    """How documents can be told in what was written down."""

    documents: frozenset[str] = frozenset()
    points: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    """Names that are nobody else's."""
    quoted: Callable[[str], bool] = field(default=quotes_nothing)
    """Tells whether a text holds words of theirs."""

    @cached_property
    def _named(self) -> re.Pattern[str] | None:
        return pattern(self.keys | self.documents)

    @cached_property
    def _talked_about(self) -> re.Pattern[str] | None:
        # A document called `ok` would be found in every conversation.
        return pattern(self.documents | {key for key in self.keys if {".", "/"} & set(key)})

    def behind(self, body: Mapping[str, Any]) -> bool:
        """Whether a request saw one of the documents, named it, or was asked after one that did."""
        ids = self.documents | self.points
        asked = body.get("asked") or {}
        if not self.keys.isdisjoint(asked.get("exclude_keys") or ()):
            return True
        if any(text in ids for name, value in body.items() if name not in ASKED
               for text in strings(value)):  # fmt: skip
            return True
        written = (asked.get("history") or (), body.get("checked") or ())
        return any(self.is_about(text) for text in strings(written))

    def names_any(self, value: Any) -> bool:
        """Whether any text in JSON values names one of the documents."""
        named = self._named
        return named is not None and any(named.search(text) for text in strings(value))

    def is_about(self, turn: str) -> bool:
        """Whether what somebody wrote holds words of one of the documents, or its name."""
        names = self._talked_about
        return self.quoted(turn) or (names is not None and names.search(turn) is not None)

    def without_names(self, value: Any) -> Any:
        """Return JSON values in which no text names one of the documents."""
        if self._named is None:
            return value
        if isinstance(value, str):
            return self._named.sub(NAME, value)
        if isinstance(value, Mapping):
            return {name: self.without_names(inner) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.without_names(inner) for inner in value]
        return value

    def without_entries(
        self, report: Mapping[str, Any], then: frozenset[str] = frozenset()
    ) -> dict[str, Any]:
        """Return the report of a run without what it says of the documents.

        The names of others stay whole: `README.md` is not meant by `people/README.md`.

        Args:
            report: As it was written.
            then: Names that they had in this run, also if others are called so as well.
        """
        keys = self.keys | then
        cleaned: dict[str, Any] = self.without_names(dict(report))
        for listed in ("refusals", "slowest"):
            if listed in report:
                cleaned[listed] = [
                    [entry[0], *self.without_names(list(entry[1:]))]
                    for entry in report[listed] or ()
                    if entry[0] not in keys
                ]
        if "withheld" in report:
            cleaned["withheld"] = [key for key in report["withheld"] or () if key not in keys]
        return cleaned


def together(each: Iterable[Traces]) -> Traces:
    """Return the traces of several documents as those of one."""
    every = tuple(each)
    return Traces(
        frozenset().union(*(one.documents for one in every)),
        frozenset().union(*(one.points for one in every)),
        frozenset().union(*(one.keys for one in every)),
        lambda text: any(one.quoted(text) for one in every),
    )


def redact(body: Mapping[str, Any], traces: Traces) -> dict[str, Any]:
    """Return a request without what it was answered from: what was asked, when, how it ended.

    Args:
        body: The record as it was logged.
        traces: The documents; candidates of others stay.
    """
    asked = dict(body.get("asked") or {})
    talked = bool(asked.get("history"))
    kept = {name: value for name, value in body.items() if name not in REMOVED}
    if asked:
        excluded = asked.get("exclude_keys") or ()
        asked |= {"history": [], "exclude_keys": [k for k in excluded if k not in traces.keys]}
        kept["asked"] = asked
    if talked:
        kept["normalised_question"] = body.get("question")  # it may borrow words of a turn
    kept["reasons"] = [{"code": r.get("code"), "detail": ""} for r in body.get("reasons") or ()]
    kept["retrieval"] = [
        entry
        for entry in body.get("retrieval") or ()
        if entry.get("document_id") not in traces.documents
        and entry.get("point_id") not in traces.points
    ]
    return kept | {"redacted": REDACTED}


def documents_behind(body: Mapping[str, Any]) -> frozenset[str]:
    """Return the ids of the documents that a request saw."""
    decision = body.get("decision") or {}
    seen = {str(entry.get("document_id")) for entry in body.get("retrieval") or ()}
    return frozenset(seen | {str(i) for i in decision.get("retrieved_document_ids") or ()})


def strings(value: Any) -> Iterator[str]:
    """Yield every text in JSON values, however deep; names of fields are none."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, Iterable):
        for inner in value:
            yield from strings(inner)
