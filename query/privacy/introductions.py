"""Finding names of persons where the text itself says that it is the asker's or a third person's.

Precision comes first: a log in which products, firms and the people that questions are about have
vanished tells nobody what to write. So a name is never taken for itself, nor for its title ("Who
was Mr. Darcy?"), only for an introduction: people give their own name, greet, sign, ring up, speak
of somebody of theirs, or have a name stand beside contact data.
"""

import functools
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from query.privacy.lead_ins import (
    AM_HINTS,
    ASKED,
    BEGIN,
    CLOSE,
    CLOSE_DE,
    CLOSE_ROMANCE,
    DEALS,
    DEALT,
    DEARLY,
    END,
    GREETED,
    NO_SMALL_ENDING,
    NO_SMALL_NAME,
    NOT_STAGED,
    OWN,
    OWN_HINTS,
    SIGNED,
    SIGNED_HINTS,
    THANKED,
)
from query.privacy.names import TITLES, Name, behind_titles, common_form, read_name

NEAR: Final = 120
"""Characters between a name with its title and contact data that is taken for that person's."""


class Titled(StrEnum):
    """Whether a title must stand before the name."""

    MUST = "must"
    MAY = "may"


class Part(StrEnum):
    """What of a message an introduction is."""

    FRAME = "frame"
    """Who writes, and to whom: salutation, own name."""
    SIGNATURE = "signature"
    """Who writes, at the end; office and firm may follow."""
    MATTER = "matter"
    """Whom it is about."""


@dataclass(frozen=True, slots=True)
class Introduction:
    """What stands before a name of a person, and what behind it."""

    before: re.Pattern[str]
    after: re.Pattern[str] | None
    titled: Titled
    least: int
    """Words of a name that has no title: a single one may be a product's, or a people's."""
    hints: tuple[str, ...]
    """Small letters of which some must be in a text: they spare most texts the patterns."""
    part: Part

    def clauses(self, text: str) -> Iterator[tuple[int, Name]]:
        """Yield where an introduction begins, and the name it introduces."""
        small = text.lower()
        if self.hints and not any(hint in small for hint in self.hints):
            return
        for match in self.before.finditer(text):
            start = behind_titles(text, match.end())
            titled = start > match.end()
            if text.startswith("M. ", match.end()):
                start = match.end()  # a French title, or an initial
            if self.titled is Titled.MUST and not titled:
                continue
            name = read_name(text, start)
            if name is None or (not titled and name.words < self.least):
                continue
            if not titled and text[start].islower():
                continue  # "Soy de Buenos Aires": only behind a title does a name begin so
            if self.after is None or self.after.match(text, name.end):
                yield match.start(), name


def _rule(
    before: str,
    after: str = "",
    titled: Titled = Titled.MAY,
    least: int = 1,
    flags: int = 0,
    hints: str = "",
    part: Part = Part.MATTER,
) -> Introduction:
    behind = re.compile(after, re.MULTILINE) if after else None
    words = tuple(hints.split(","))
    return Introduction(
        re.compile(before, re.MULTILINE | flags),
        behind,
        titled,
        least,
        words if hints else (),
        part,
    )


_OPENS: Final = r"(?:^|[.!?\n][^\S\n]*)"
"""Where a sentence or a line begins. A blank line begins at its own end, so that a text of many of
them is not read again from each."""
_frame: Final = functools.partial(_rule, part=Part.FRAME)
_signature: Final = functools.partial(_rule, part=Part.SIGNATURE)
FRAMES: Final = (
    _frame(rf"(?i:{BEGIN}){OWN}[^\S\n]+", NOT_STAGED, hints=OWN_HINTS),
    _frame(
        rf"(?i:{BEGIN})I(?: am|['’]m)[^\S\n]+", r"[,.]| (?:and|from)\b", Titled.MUST, hints=AM_HINTS
    ),
    _frame(
        rf"(?i:{BEGIN})(?:[Tt]his is|I am|I['’]m)[^\S\n]+",
        r"[^\S\n]+(?:speaking|calling|writing|again)\b",
        hints="speaking,calling,writing,again",
    ),
    _frame(
        rf"(?i:{BEGIN})[Tt]his is[^\S\n]+",
        r"[^\S\n]+(?:here\b|from (?:the |our |your |my )?[a-z])",
        least=2,
        hints="this is",
    ),
    _frame(
        rf"(?i:{BEGIN})I(?: am|['’]m)[^\S\n]+",
        r",| and (?:I|my|we)\b| from\b",
        least=2,
        hints=AM_HINTS,
    ),
    _frame(
        rf"(?i:{BEGIN})(?:[Hh]ier (?:ist|spricht|schreibt)|[Ii]ch bin)[^\S\n]+",
        r"[^\S\n]*[,.!]| (?:am Apparat|aus|von|vom|und ich)\b",
        Titled.MUST,
        hints="hier ,ich bin",
    ),
    _frame(rf"(?i:{BEGIN})[Hh]ier (?:spricht|schreibt)[^\S\n]+", least=2, hints="hier "),
    _frame(
        rf"(?i:{BEGIN})(?:[Jj]e suis|[Ii]ci|[Ss]oy (?:el |la )?|[Hh]abla)[^\S\n]*",
        r"[^\S\n]*[,.!]| (?:à l['’]appareil|et je|y)\b",
        Titled.MUST,
        hints="je suis,ici,soy,habla",
    ),
    _frame(rf"(?i:{BEGIN})[Ii]ci[^\S\n]+", r" à l['’]appareil", hints="appareil"),
    _frame(
        rf"(?i:{BEGIN})(?:(?:[Ll]e |[Ll]es )?[Hh]abla|[Ss]oy)[^\S\n]+",
        r"[,.]| y ",
        least=2,
        hints="habla,soy",
    ),
    _frame(rf"{_OPENS}{GREETED},?[^\S\n]+", titled=Titled.MUST),
    _frame(rf"{_OPENS}{DEARLY}[^\S\n]+", r"[^\S\n]*(?:[,:!–—\n]|$)", least=2),
    _signature(
        rf"\b(?:{SIGNED})(?:[,.!][^\S\n]*\n?\s*|[^\S\n]*\n\s*)",
        flags=re.IGNORECASE,
        hints=SIGNED_HINTS,
    ),
    _signature(rf"\b(?:{SIGNED})[^\S\n]+", END, least=2, flags=re.IGNORECASE, hints=SIGNED_HINTS),
    _signature(
        rf"{_OPENS}(?:{THANKED})(?:[,.!][^\S\n]*\n?\s*|[^\S\n]*\n\s*)",
        r"[.!]?\s*\Z",
        least=2,
        flags=re.IGNORECASE,
    ),
)
INTRODUCTIONS: Final = (
    *FRAMES,
    _rule(rf"\b(?:[Mm]y|[Oo]ur) (?:late |old |new |former |ex-)?(?:{CLOSE}),?[^\S\n]+"),
    _rule(rf"\b(?:[Mm]ein|[Uu]nser)(?:e[nmr]?)? (?:{CLOSE_DE}),?[^\S\n]+"),
    _rule(rf"\b(?:[Mm](?:on|a|i)|[Nn]otre|[Nn]uestr[oa]) (?:{CLOSE_ROMANCE}),?[^\S\n]+"),
    _rule(rf"\b(?:{DEALT}),?[^\S\n]+", titled=Titled.MUST),
    _rule(rf"\b(?:[Mm]y|[Oo]ur|[Tt]he) (?:{CLOSE}|{DEALT})['’]s name is[^\S\n]+"),
    _rule(
        r"(?:[Oo]n behalf of|[Ii]n the name of|im (?:Namen|Auftrag) von|au nom de"
        r"|en nombre de(?: la)?)[^\S\n]+",
        titled=Titled.MUST,
    ),
    _rule(
        r"\b(?:I|[Ww]e) (?:(?:have|had|just|already|also|once) ){0,3}(?:spoken?|talked|met|called|"
        r"phoned|e-?mailed|written|wrote|sent|sold|invited|informed|visited)(?: to| with)? "
        r"(?:a |an |the )?",
        titled=Titled.MUST,
    ),
)
_TITLED: Final = re.compile(rf"(?<![\w.]){TITLES.pattern}")
_SMALL: Final = re.compile(
    rf"(?i:{BEGIN}){OWN}[^\S\n]+(?P<name>[^\W\d_A-Z]{{2,20}}(?:[ '’-][^\W\d_A-Z]{{2,20}}){{1,2}})"
    r"(?=[^\S\n]*(?:[,.!?;]|$)|[^\S\n]+(?:and|und|et|y)[^\S\n])",
    re.MULTILINE,
)
_DEALING: Final = re.compile(DEALS)
_LABELLED: Final = re.compile(
    r"(?:^|[\n;,.|][^\S\n]*)(?:(?:full |first |last )?name|contact(?: person)?|customer|caller"
    r"|recipient|kunde|kundin|ansprechpartner(?:in)?|nom|nombre|cliente?)[^\S\n]*[:=][^\S\n]*",
    re.IGNORECASE,
)
_BEFORE_MAIL: Final = re.compile(r"(?P<words>(?:[^\W\d_][\w.'’-]{0,40}[^\S\n]{1,2}){1,6})<$")


def introduced(
    text: str,
    contacts: Sequence[tuple[int, int]] = (),
    mails: Sequence[tuple[int, int]] = (),
    known: Collection[str] = (),
) -> Iterator[tuple[int, int, str]]:
    """Yield where each name begins and ends, and its common form; names may come twice.

    Args:
        text: Any text.
        contacts: Where contact data of persons stands: mail addresses, telephones, accounts.
        mails: The mail addresses among them.
        known: Common forms of names that were introduced in a text that belongs to this one.
    """
    first = [(name.start, name.end) for name in _first_met(text, contacts, mails)]
    again = {common_form(text[start:end]) for start, end in first}
    # What is known comes first: of "Jane Roe Head of Sales" it says where the name ends.
    for start, end in (*_met_again(text, known), *first, *_met_again(text, again)):
        yield start, end, common_form(text[start:end])


def _first_met(
    text: str, contacts: Sequence[tuple[int, int]], mails: Sequence[tuple[int, int]]
) -> Iterator[Name]:
    for rule in INTRODUCTIONS:
        for _, name in rule.clauses(text):
            if not _is_quoted(text, name.start):
                yield name
    yield from (name for _, name in _in_small_letters(text) if not _is_quoted(text, name.start))
    for match in _TITLED.finditer(text):
        named = read_name(text, match.end())
        if named is None:
            continue
        near = any(abs(start - named.end) <= NEAR for start, _ in contacts)
        if near or (_DEALING.match(text, named.end) and not _is_asked(text, match.start())):
            yield named
    if contacts:
        labelled = (read_name(text, match.end()) for match in _LABELLED.finditer(text))
        yield from (name for name in labelled if name is not None and name.words > 1)
    for start, end in mails:
        yield from _before_mail(text, start, end)


def framed(text: str) -> Iterator[tuple[int, int, Part]]:
    """Yield where the parts of a message's frame begin, and where their names end."""
    for rule in FRAMES:
        for start, name in rule.clauses(text):
            if not _is_quoted(text, name.start):
                yield start, name.end, rule.part
    for start, name in _in_small_letters(text):
        if not _is_quoted(text, name.start):
            yield start, name.end, Part.FRAME


def _in_small_letters(text: str) -> Iterator[tuple[int, Name]]:
    """Yield first and last name in small letters, where people tell their own name.

    One word alone, and words of the kind of "misspelled", "really long" or "not", are no name.
    """
    small = text.lower()
    hinted = any(hint in small for hint in OWN_HINTS.split(","))
    for match in _SMALL.finditer(text) if hinted else ():
        words = match["name"].split()
        if NO_SMALL_NAME.isdisjoint(words) and not any(w.endswith(NO_SMALL_ENDING) for w in words):
            yield match.start(), Name(match.start("name"), match.end("name"), len(words))


def _before_mail(text: str, start: int, end: int) -> Iterator[Name]:
    """Yield the name in `Jane Roe <jane.roe@example.org>`; that of a firm makes no such address."""
    before = _BEFORE_MAIL.search(text, max(0, start - 80), start)
    words = re.finditer(r"\b[^\W\d_]", before["words"]) if before else ()
    for word in words:
        name = read_name(text, before.start() + word.start()) if before else None
        if before and name and text[name.end : before.end("words")].strip() == "":
            last = common_form(text[name.start : name.end]).split()[-1]
            local, _, _ = text[start:end].casefold().partition("@")
            if name.words > 1 and len(last) > 2 and last in local:
                yield name
                return


def _met_again(text: str, known: Collection[str]) -> Iterator[tuple[int, int]]:
    """Yield known names where they come again: in full, or a part of them behind a title."""
    whole = sorted((name for name in known if " " in name), key=len, reverse=True)
    if whole:
        forms = "|".join(r"\s+".join(map(re.escape, name.split())) for name in whole)
        for match in re.finditer(rf"(?<!\w)(?:{forms})(?!\w)", text, re.IGNORECASE):
            yield match.span()
    parts = {part for name in known for part in (name, name.split()[-1])}
    for match in _TITLED.finditer(text) if parts else ():
        name = read_name(text, match.end())
        if name is not None and common_form(text[name.start : name.end]) in parts:
            yield name.start, name.end


def _is_asked(text: str, place: int) -> bool:
    """Tell whether the sentence around a place begins like a question about the world."""
    begin = max(text.rfind(mark, 0, place) for mark in ("! ", "? ", "\n", ". "))
    return ASKED.match(text, begin + 1 if begin >= 0 else 0) is not None


def _is_quoted(text: str, place: int) -> bool:
    """Tell whether quotation marks stand open at a place: what is quoted introduces nobody."""
    begin = text.rfind("\n", 0, place) + 1
    return sum(text.count(mark, begin, place) for mark in '"“”„«»') % 2 == 1
