"""Reading a person's name where one is known to begin: capitals, initials, particles, titles.

There is no list of names: what is a name is said by what stands around it (`introductions.py`).
Here it is only told where a name ends, and what is certainly none.
"""

import re
from dataclasses import dataclass
from typing import Final

from query.text.words import OPENERS, STOP_WORDS, table

MOST_WORDS: Final = 4
"""Words with a capital; a signature in one line goes on with the office."""
TITLE: Final = (
    r"(?:(?:M(?:rs?|s|x|me|lle)|MR|MRS|MS|D[Rr]|Prof|PROF|S(?:ra?|rta))\b\.?|M\.|Miss\b|MISS\b"
    r"|Herrn?\b|Frau\b|[Mm]onsieur\b|[Mm]a(?:dame|demoiselle)\b|[Ss]eñor(?:a|ita)?\b)"
)
TITLES: Final = re.compile(
    rf"(?:{TITLE}[^\S\n]{{1,2}}){{1,3}}(?:(?:and|und|et|y|&)[^\S\n](?:{TITLE}[^\S\n]{{1,2}}){{1,2}})?"
)
_PERSON_BEFORE: Final = re.compile(
    rf"(?<!\w)(?:{TITLE}|(?i:name(?:['’]s| is| ist)|heiße|heisse|appelle|llamo))[^\S\n]{{1,2}}$"
)
"""Behind a title, and where people say how they are called, only persons stand."""
_WORD: Final = re.compile(
    r"[^\W\d_]\.(?:-?[^\W\d_]\.)*(?![^\W_])|[^\W\d_]{1,40}(?:['’-][^\W\d_]{1,40}){0,4}"
)
_GAP: Final = re.compile(r"[^\S\n]{1,2}")
_PARTICLES: Final = table(
    "de la las los del della di da do dos das du des le van von der den dem ter ten te zu zum zur "
    "af av bin ibn al el y e"
)
_NONE: Final = (
    STOP_WORDS
    | frozenset().union(*OPENERS.values())
    | table("""
        sir sirs madam ladies gentlemen colleague colleagues friend friends customer customers
        client clients team teams support service services sales department office helpdesk desk
        staff all everyone everybody president minister editor editors manager
        managers director board chair committee hr it god santa diary reader readers user
        users member members folks guys damen herren kollegen kolleginnen kunde kunden kundin
        kundinnen grüße grüsse gruß freunde freund zusammen clients amis cliente clientes amigos
        equipo équipe señores monday tuesday wednesday thursday friday saturday sunday montag
        dienstag mittwoch donnerstag freitag samstag sonntag inc ltd limited llc llp plc gmbh ag
        kg se corp corporation company co university institute group holding society
        association foundation ministry sarl sas sl hello hi thanks regards sincerely
    """)
) - {"will"}
"""Capitalised behind a greeting or a sign-off, and nobody's name."""
_NO_FIRST: Final = table(
    "north south east west northern southern eastern western new native african latin saudi sri "
    "puerto costa roman greek senior junior head chief vice team united"
)
"""They begin the names of peoples, places and offices."""
_NO_LAST: Final = table("american african asian european british zealander rican lankan catholic")
"""They end the names of peoples."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a text."""

    start: int
    end: int
    words: int
    """With a capital; particles do not count."""


def read_name(text: str, start: int) -> Name | None:
    """Return the name that begins at a place, or nothing where none does.

    Args:
        text: Any text.
        start: Where the name would begin, behind any titles.
    """
    place, end, words, between = start, start, 0, 0
    while words < MOST_WORDS and (match := _WORD.match(text, place)):
        word = re.sub(r"['’]s$", "", match.group())
        if word[0].isupper() and word.lower() not in _PARTICLES:
            if word.lower() in _NONE:
                if word.lower() not in STOP_WORDS:
                    return None  # "Larkspur Support Team", "Contoso Ltd"
                break
            words, end, between = words + 1, place + len(word), 0
        elif word.lower() in _PARTICLES and between < 3:
            between += 1
        else:
            break
        gap = _GAP.match(text, match.end())
        if gap is None:
            break
        place = gap.end()
    if not words or _is_thing(text, start, end, words):
        return None
    return Name(start, end, words)


def behind_titles(text: str, start: int) -> int:
    """Return where the text goes on behind titles such as `Mrs`, `Frau Dr.` or `Mr and Mrs`."""
    match = TITLES.match(text, start)
    return match.end() if match else start


def common_form(name: str) -> str:
    """Return what two ways of writing a name have in common."""
    return " ".join(name.casefold().split())


def _is_thing(text: str, start: int, end: int, words: int) -> bool:
    """Tell a people, an office, a firm in capitals or a product with a number from a person."""
    first, *_ = named = text[start:end].split()
    if named[-1].lower() in _NO_LAST:
        return True
    if first.lower() in _NO_FIRST and not _PERSON_BEFORE.search(text[max(0, start - 16) : start]):
        return True  # but Mrs West is somebody, and Roman a first name
    if words > 1:
        return False
    numbered = re.match(r"[ -]?\d", text[end : end + 2]) is not None
    return numbered or len(first) == 1
