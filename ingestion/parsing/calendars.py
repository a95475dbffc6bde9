"""Calendars (iCalendar, RFC 5545): appointments, tasks and journal entries.

Invitations of mails are calendars as well. Alarms, time zones and the ids of programs are not read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ingestion.document import Element, ElementKind, ParsedDocument
from ingestion.parsing.decoding import decode, lines_of
from ingestion.parsing.embedded import NOT_READ
from ingestion.parsing.formats import Format
from ingestion.parsing.markup import plain_elements

_BEGINS = re.compile(r"\s*BEGIN:VCALENDAR\b", re.IGNORECASE)
_FOLD = re.compile(r"\r?\n[ \t]")
_LINE = re.compile(r"(?P<name>[A-Za-z0-9-]+)(?P<options>(?:;[^:;\"]*(?:\"[^\"]*\"[^:;\"]*)*)*):")
_ZONE = re.compile(r";TZID=\"?([^\";:]+)", re.IGNORECASE)
_NAME = re.compile(r";CN=(?:\"([^\"]*)\"|([^;:\"]*))", re.IGNORECASE)
_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})\d{2}(Z?))?\Z")
_ESCAPE = re.compile(r"\\([\\;,nN])")
_READ = frozenset({"VEVENT", "VTODO", "VJOURNAL"})
_PEOPLE = {"ORGANIZER": "Organizer", "ATTENDEE": "Attendee"}
_SAID = {
    "LOCATION": "Where", "DURATION": "Duration", "RRULE": "Repeats", "STATUS": "Status",
    "CATEGORIES": "Categories", "CONTACT": "Contact", "RESOURCES": "Resources", "URL": "URL",
}  # fmt: skip
_TIMES = {"DTSTART": "Begins", "DTEND": "Ends", "DUE": "Due", "RECURRENCE-ID": "Instead of"}
_TEXTS = ("DESCRIPTION", "COMMENT")
_INLINE = re.compile(r";ENCODING=BASE64", re.IGNORECASE)


class NotACalendarError(ValueError):
    """The file does not begin as calendars do."""


@dataclass(slots=True)
class _Entry:
    """What one appointment says, in its order."""

    title: str = ""
    lines: list[str] = field(default_factory=list)
    said: set[str] = field(default_factory=set)
    """Those of its lines that need no saying twice."""
    texts: list[str] = field(default_factory=list)

    def elements(self) -> Iterator[Element]:
        if self.title:
            yield Element(ElementKind.HEADING, self.title, level=1)
        yield from (Element(ElementKind.TEXT, line) for line in self.lines)
        for text in self.texts:
            yield from plain_elements(text)


def parse_calendar(data: bytes) -> ParsedDocument:
    """Read a calendar: the title of each entry is a heading, with a line for each thing said of it.

    Raises:
        NotACalendarError: It is none.
    """
    text = decode(data)
    if not _BEGINS.match(text):
        raise NotACalendarError("it does not begin with BEGIN:VCALENDAR")
    entries: list[_Entry] = []
    inside: list[str] = []
    flags: set[str] = set()
    cancelled = False
    for line in lines_of(_FOLD.sub("", text)):
        found = _LINE.match(line)
        if found is None:
            continue
        name, options, value = found["name"].upper(), found["options"], line[found.end() :].strip()
        if name == "BEGIN":
            inside.append(value.upper())
            if inside[-1] in _READ:
                entries.append(_Entry())
                if cancelled:
                    _note(entries[-1], "STATUS", "", "CANCELLED")
        elif name == "END":
            del inside[-1:]
        elif name == "METHOD":
            cancelled = value.upper() == "CANCEL"
        elif inside and inside[-1] in _READ and entries:
            if name == "ATTACH" and _INLINE.search(options):
                flags.add(NOT_READ)
            _note(entries[-1], name, options, value)
    elements = [element for entry in entries for element in entry.elements()]
    title = entries[0].title if len(entries) == 1 and entries[0].title else None
    return ParsedDocument(Format.CALENDAR, tuple(elements), title, tuple(sorted(flags)))


def _note(entry: _Entry, name: str, options: str, value: str) -> None:
    """Take what one line says."""
    told = " ".join(_plain(value).split())
    if not told:
        return
    if name == "SUMMARY":
        entry.title = told
    elif name in _TEXTS:
        entry.texts.append(_plain(value))
    elif name in _TIMES:
        entry.lines.append(f"{_TIMES[name]}: {_moment(told, options, name)}")
    elif name in _PEOPLE:
        entry.lines.append(f"{_PEOPLE[name]}: {_person(told, options)}")
    elif name in _SAID:
        line = f"{_SAID[name]}: {told}"
        if line not in entry.said:
            entry.said.add(line)
            entry.lines.append(line)


def _plain(value: str) -> str:
    return _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def _moment(value: str, options: str, name: str) -> str:
    """Write a time as people do, with its zone; a day stays a day."""
    found = _DATE.match(value)
    if found is None:
        return value
    year, month, day, hour, minute, utc = found.groups()
    if hour is None:
        # An appointment of whole days ends before the day that is written.
        return f"{year}-{month}-{day}" + (" (not included)" if name == "DTEND" else "")
    zone = _ZONE.search(options)
    where = " UTC" if utc else f" ({zone[1]})" if zone else ""
    return f"{year}-{month}-{day} {hour}:{minute}{where}"


def _person(value: str, options: str) -> str:
    named = _NAME.search(options)
    name = (named[1] or named[2] or "").strip() if named else ""
    address = re.sub(r"\Amailto:", "", value, flags=re.IGNORECASE)
    return f"{name} <{address}>" if name and name != address else address
