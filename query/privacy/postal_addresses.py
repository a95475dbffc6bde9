"""Finding postal addresses by rule: a house number, a street, and a postcode behind it.

A street alone is no address of anybody ("the 5th Avenue", "Section 12 of the Road Act"), so all
three are asked for. What is written in another form is not found.
"""

import re
from collections.abc import Iterator
from typing import Final

_GAP: Final = r"(?:[^\S\n]|[,.;]|\n(?!\n)){1,4}"
"""Between the parts: spaces and commas, or the next line."""
_WITHIN: Final = (
    rf"(?:{_GAP}[^\W\d_](?:[\w'’-]|\.(?!\d{{5}}|[A-Z]{{1,2}}\d)){{0,30}}+){{0,6}}?{_GAP}"
)
"""Words between street and postcode: a flat, a district, a town. A full stop belongs to its word
unless a postcode follows: were both tried, "a.a.a.a" could be read in a million ways."""
_ENGLISH_STREETS: Final = (
    r"Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Way|Square|Sq|Place|Pl|"
    r"Parkway|Pkwy|Terrace|Crescent|Close|Gardens|Highway|Hwy"
)
_FRENCH_STREETS: Final = r"rue|avenue|boulevard|place|chemin|allée|quai|impasse|cours|via|calle"
_ENGLISH: Final = re.compile(
    rf"(?<![\w.,/-])\d{{1,5}}[A-Za-z]?,?[^\S\n](?:[A-Z0-9][\w.'’-]{{0,25}}[^\S\n]){{1,4}}"
    rf"(?:{_ENGLISH_STREETS})\b{_WITHIN}"
    r"(?:\d{5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]?[^\S\n]?\d[A-Z]{2})(?![\w-])"
)
_GERMAN: Final = re.compile(
    r"(?<![\w-])[A-ZÄÖÜ][\w.’-]{0,40}(?i:straße|strasse|str\.|weg|platz|allee|gasse|ring|ufer|damm)"
    rf"[^\S\n]\d{{1,4}}[^\S\n]?[a-z]?\b{_GAP}(?:D-|A-|CH-)?\d{{4,5}}[^\S\n][A-ZÄÖÜ][\w’-]{{1,40}}"
)
_FRENCH: Final = re.compile(
    rf"(?<![\w.,/-])\d{{1,4}}(?:[^\S\n]?(?:bis|ter))?,?[^\S\n](?:{_FRENCH_STREETS})"
    rf"{_WITHIN}\d{{5}}[^\S\n][A-ZÀ-Ý][\w’'-]{{1,40}}",
    re.IGNORECASE,
)


def postal_addresses(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where each address begins and ends, and what two ways of writing it have in common."""
    for rule in (_ENGLISH, _GERMAN, _FRENCH):
        for match in rule.finditer(text):
            yield *match.span(), " ".join(re.findall(r"\w+", match.group().casefold()))
