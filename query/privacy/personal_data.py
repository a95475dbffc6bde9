"""Finding personal data and secrets in short texts by rules: no model, every rule precise.

A rule that a checksum, a table or its surroundings can confirm asks for that confirmation, because
questions are full of order numbers, versions and dates that look alike. What only a person could
tell apart (a bare number that may be a telephone's) is taken only where a word says so.
"""

import ipaddress
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from query.privacy.card_numbers import card_numbers
from query.privacy.introductions import introduced
from query.privacy.plain_form import plain_form
from query.privacy.postal_addresses import postal_addresses
from query.text.words import table


class Kind(StrEnum):
    """Kinds of data, as they are named in the labels that replace them."""

    SECRET = "secret"
    EMAIL = "email"
    IBAN = "iban"
    CARD = "card"
    IP = "ip"
    PHONE = "phone"
    ADDRESS = "address"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Finding:
    """One piece of personal data in a text."""

    start: int
    end: int
    kind: Kind
    value: str
    """In a common form, so that two ways of writing it count as the same."""


IBAN_LENGTHS: Final = {
    entry[:2]: int(entry[2:])
    for entry in table(
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 "
        "DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 "
        "HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 "
        "MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 "
        "RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 "
        "VG24 XK20 YE30"
    )
}
CALLING_CODES: Final = re.compile(
    r"1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    r"|2(?:1[1-8]|[2-6]\d|9[01789])|3(?:5\d|7[0-8]|8[0-35-79])|42[013]"
    r"|5(?:0[0-9]|9[0-9])|6(?:7[02-9]|8[0-35-9]|9[0-2])|8(?:[05]0|5[2356]|8[06])"
    r"|9(?:6[0-8]|7[0-7]|9[2-68])"
)
"""Prefixes of countries, as the ITU has given them out."""

_EMAIL = re.compile(
    # Pictures for fine screens are named logo@2x.png.
    r"(?<![\w.+%-])[\w.+%'-]{1,64}[@＠]"
    r"(?!(?i:\dx\.(?:png|jpe?g|gif|webp|svg|avif|heic|bmp)(?!\.?[\w-])))"
    r"(?:[\w-]{1,63}\.){1,8}"
    r"(?:xn--[a-z\d-]{1,59}|[^\W\d_]{2,24})(?![^\W_])"
)
_IBAN = re.compile(
    # Nothing is used up: behind a postcode ("NW10 DE89 …") begins another one.
    r"(?<![A-Za-z0-9])(?=(?P<value>[A-Za-z]{2}\d{2}(?:[ \u00a0\n-]{0,2}[A-Za-z0-9]{1,4}){3,8}))"
)
_IPV4 = re.compile(r"(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?=[0-9A-Fa-f:]*\d)[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}"
                   r"(?:\.\d{1,3}){0,3}(?![\w:])")  # fmt: skip

_WORDS_OF_PHONES = (
    r"phones?|telephone|tel|call(?:ing|ed)?|mobile|fax|sms|whatsapp|dial|"
    r"reach(?=[ ](?:me|us|him|her|them|at|on|under)\b)|"
    r"telefon|handy|mobil|anruf(?:en)?|tél|téléphone|teléfono|móvil"
)
_PHONE_INTERNATIONAL = re.compile(
    r"(?<![\w+])(?<!\d[ .-])(?:\+|＋|00(?=[1-9]\d{0,2}[ /(]))[ ]?"
    r"\d(?:[ \u00a0./()-]{0,3}\d){7,14}(?:(?!\w)|(?=(?i:x|ext)\d))"  # an extension may follow
)
_PHONE_WITH_AREA = re.compile(
    r"(?<!\w)\((?:0\d{1,5}|[2-9]\d{2})\)[ ]?\d{2,5}(?:[ -]\d{2,5}){0,3}(?![\w-]|[.,/]\d)"
    r"|(?<![\w.,/-])(?<!\d )0[1-9]\d{0,3}[ /-]\d{2,8}(?:[ -]\d{2,5}){0,3}(?![\w-]|[.,/]\d)"
    r"|(?<![\w.,/-])(?<!\d )(?:1[-. ])?[2-9]\d{2}([-. ])[2-9]\d{2}\1\d{4}(?![\w-]|[.,/]\d)"
)
_PHONE_NAMED = re.compile(
    rf"\b(?:{_WORDS_OF_PHONES})\b[^\w\n+(]{{0,4}}"
    r"(?:(?:me|us|him|her|them|at|on|under|unter|number|no|is|nr|ist|my|the)[^\w\n+(]{1,4}){0,4}"
    r"(?P<value>\+?\(?\d(?:[ \u00a0./()-]{0,2}\d){6,14})(?!\w)",
    re.IGNORECASE,
)
_PHONE_OWN = re.compile(
    r"\b(?:my|our|his|her|their)[ ]"
    r"(?:(?:new|own|contact|home|work|office|direct|private|personal)[ ])?(?:number|no\.?|nr\.?)"
    r"[ ]?(?:is\b:?|was\b:?|:)[ ]?(?P<value>\d{7,15})(?!\w|[.,/-]\d)",
    re.IGNORECASE,
)
"""Bare digits that somebody calls his number, without a word that says of what."""
_TELLING = (
    r"order|invoice|ticket|case|serial|part|article|item|ref(?:erence)?|"
    r"version|ver|v|release|firmware|build|isbn|issn|ean|gtin|sku|po|rma|section|sec|chapter|ch|"
    r"clause|paragraph|page|model|type|patch|order[- ]?id|tracking|customer|contract|account|"
    r"bestellnummer|rechnung|bestellung|auftrag|artikel|abschnitt|kapitel"
)
_BEHIND_WORD = r"\b[\W_]{0,3}|[#§])(?:(?:number|no|nr|id|is|code)\b[\W_]{0,3}){0,2}$"
_TOLD = re.compile(rf"(?:\b(?:{_TELLING}){_BEHIND_WORD}", re.IGNORECASE)
"""Words right before a number that say what else it is."""
_NUMBERED = re.compile(rf"(?:\b(?:{_TELLING}|number|no|nr|id){_BEHIND_WORD}", re.IGNORECASE)
"""The same, or that it is some number."""
_OUTLINED = re.compile(
    rf"(?:\b(?:{_TELLING}|rule|requirement|control|step|fig(?:ure)?|table|annex|appendix|oid)s?"
    rf"{_BEHIND_WORD}",
    re.IGNORECASE,
)
"""Words before numbers of versions and parts of documents, which look like IP addresses."""
_LISTED = re.compile(r"(?:\d[\d.]*(?:,\s?|\s?[/–-]\s?|,?\s(?:and|or|to|und|oder|bis)\s))+$")
"""Numbers before another one of the same kind: "versions 4.2.0.17 and 4.2.0.18"."""
_OWN_NUMBER = re.compile(
    r"\b(?:my|our|your|his|her|their|contact|home|work|office|direct|private|personal|(?:credit|debit)"
    r"[ -]?cards?|cards?|visa|master[ ]?card|maestro|amex|american express|pan)[ ](?:\w{1,12}[ ])?"
    r"(?:numbers?|no|nr)\b[^\w\n]{0,3}(?:(?:is|was)\b[^\w\n]{0,3})?$",
    re.IGNORECASE,
)
"""Somebody's own number, which may be that of a telephone or a card."""
_DATE = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d[-./ ](?:0?[1-9]|1[0-2])[-./ ](?:[0-2]?\d|3[01])"
    r"|(?:[0-2]?\d|3[01])[-./ ](?:[0-2]?\d|3[01])[-./ ](?:19|20)\d\d)(?!\d)"
)

_SECRETS = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----(?:(?!-----BEGIN )[\s\S]){0,20000}?"
    r"(?:-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----|(?=-----BEGIN )|\Z)"
    r"|\beyJ[\w-]{8,2000}\.[\w-]{8,20000}\.[\w-]{4,}"  # JSON web token
    r"|\b(?:sk|pk|rk)[-_](?:live[-_]|test[-_]|proj-|ant-|or-)?[A-Za-z0-9_-]{16,}"
    r"|\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{20,}|glpat-[\w-]{16,})"
    r"|\bxox[abeoprs]-[A-Za-z0-9-]{10,}"
    r"|\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b"
    r"|\bAIza[\w-]{35,}"
    r"|\bhf_[A-Za-z0-9_-]{24,}"
    r"|\b(?:npm|pypi|dop_v1|shpat|SG|ya29)[_.-][\w.-]{24,}"
    r"|(?<=://)[^\s/@:]{0,100}:[^\s/]{1,2000}(?=@)"  # password in a URL, and the user if any
)
"""Up to their end: what is left of a long one may still open something."""
_SECRET_NAMED = re.compile(
    # In the names of variables, too: DB_PASSWORD, clientSecret.
    r"(?:(?<![^\W_])|(?-i:(?<=[a-z\d])(?=[A-Z])))"
    r"(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_ -]?key|access[_ -]?key|private[_ -]?key|"
    r"authorization|kennwort|passwort|mot de passe|contraseña|bearer)\b[\"']?\s{0,3}"
    r"(?P<sign>[:=]|\b(?:is|ist|est|es)\b|(?<=bearer\s))\s{0,3}(?:(?:bearer|basic)\s{1,3})?[\"']?"
    r"(?P<value>[^\s\"'<>]{6,})",
    re.IGNORECASE,
)


def find_personal(text: str, known: Collection[str] = ()) -> list[Finding]:
    """Return the personal data and secrets of a text, in order, none inside another.

    Args:
        text: Any text.
        known: Names of persons, in their common form, that belong to the text: they are found
            without an introduction.
    """
    plain = plain_form(text)
    found: list[Finding] = []
    taken = bytearray(len(plain.shown))

    def take(findings: Iterator[Finding]) -> None:
        for finding in findings:
            if not any(taken[finding.start : finding.end]):
                taken[finding.start : finding.end] = b"\1" * (finding.end - finding.start)
                found.append(finding)

    for rule in _RULES:
        take(rule(plain.signs))
    take(persons(plain.shown, found.copy(), known))
    found.sort(key=lambda finding: finding.start)
    return [Finding(*plain.span(one.start, one.end), one.kind, one.value) for one in found]


def secrets(text: str) -> Iterator[Finding]:
    """Yield keys and tokens with a known form, and what stands behind a word such as password."""
    for match in _SECRETS.finditer(text):
        yield Finding(*match.span(), Kind.SECRET, match.group())
    for match in _SECRET_NAMED.finditer(text):
        value = match["value"].rstrip(".,;:?)")
        if len(value) >= 6 and _looks_random(value, 3 if match["sign"].isalpha() else 2):
            start = match.start("value")
            yield Finding(start, start + len(value), Kind.SECRET, value)


def emails(text: str) -> Iterator[Finding]:
    """Yield e-mail addresses."""
    for match in _EMAIL.finditer(text):
        yield Finding(*match.span(), Kind.EMAIL, match.group().replace("＠", "@").lower())


def ibans(text: str) -> Iterator[Finding]:
    """Yield account numbers whose length is that of the country and whose checksum is right."""
    for match in _IBAN.finditer(text):
        length = IBAN_LENGTHS.get(match["value"][:2].upper())
        end = _after(text, match.start(), length) if length else None
        if end is None or end > match.end("value") or (end < len(text) and text[end].isalnum()):
            continue
        value = re.sub(r"[ \u00a0\n-]", "", text[match.start() : end]).upper()
        moved = value[4:] + value[:4]
        if int("".join(str(int(char, 36)) for char in moved)) % 97 == 1:
            yield Finding(match.start(), end, Kind.IBAN, value)


def cards(text: str) -> Iterator[Finding]:
    """Yield numbers of payment cards: prefix and length of a brand, and the right check digit."""
    for start, end in card_numbers(text):
        if not _is_other_number(text, start):
            yield Finding(start, end, Kind.CARD, _digits(text[start:end]))


def addresses(text: str) -> Iterator[Finding]:
    """Yield IP addresses that may be somebody's; versions and section numbers are none."""
    for pattern in (_IPV4, _IPV6):
        for match in pattern.finditer(text):
            try:
                address = ipaddress.ip_address(match.group())
            except ValueError:
                continue
            nobody = address.is_loopback or address.is_unspecified
            short = address.version == 6 and len(match.group()) < 7
            first = match.start()
            if listed := _LISTED.search(text, max(0, first - 80), first):
                first = listed.start()
            numbered = _is_numbered(text, first) or _is_numbered(text, first, _OUTLINED)
            if not (nobody or short or numbered):
                yield Finding(*match.span(), Kind.IP, address.compressed)


def phones(text: str) -> Iterator[Finding]:
    """Yield telephone numbers: of a country, with an area code, or behind a word that says so."""
    for pattern in (_PHONE_NAMED, _PHONE_OWN):
        for match in pattern.finditer(text):
            digits = _digits(match["value"])
            if len(digits) <= 15 and not _DATE.search(match["value"]):
                yield Finding(*match.span("value"), Kind.PHONE, digits)
    for match in _PHONE_INTERNATIONAL.finditer(text):
        digits = _digits(match.group()).removeprefix("00")
        known = CALLING_CODES.match(digits) is not None
        told = _TOLD if match.group()[0] in "+＋" else None
        if known and 9 <= len(digits) <= 15 and not _is_other_number(text, match.start(), told):
            yield Finding(*match.span(), Kind.PHONE, digits)
    for match in _PHONE_WITH_AREA.finditer(text):
        digits = _digits(match.group())
        is_date = _DATE.search(match.group()) is not None
        if 9 <= len(digits) <= 13 and not is_date and not _is_other_number(text, match.start()):
            yield Finding(*match.span(), Kind.PHONE, digits)


def postal(text: str) -> Iterator[Finding]:
    """Yield postal addresses with house number and postcode."""
    for start, end, value in postal_addresses(text):
        yield Finding(start, end, Kind.ADDRESS, value)


def persons(
    text: str, found: Collection[Finding], known: Collection[str] = ()
) -> Iterator[Finding]:
    """Yield names of persons that the text introduces, or that stand beside contact data.

    Args:
        text: Any text.
        found: What else was found in it.
        known: Names that belong to the text.
    """
    contacts = [(one.start, one.end) for one in found if one.kind in CONTACTS]
    mails = [(one.start, one.end) for one in found if one.kind is Kind.EMAIL]
    for start, end, value in introduced(text, contacts, mails, known):
        yield Finding(start, end, Kind.PERSON, value)


_RULES: Final[tuple[Callable[[str], Iterator[Finding]], ...]] = (
    secrets, emails, ibans, cards, addresses, postal, phones,
)  # fmt: skip
"""The most certain ones first: what one has found is no other's."""
CONTACTS: Final = frozenset({Kind.EMAIL, Kind.PHONE, Kind.IBAN, Kind.CARD, Kind.ADDRESS})
"""What belongs to a person, so that a name with a title beside it is that person's."""


def _digits(text: str) -> str:
    return "".join(str(int(char)) for char in text if char.isdecimal())


def _after(text: str, start: int, count: int) -> int | None:
    """Return where the `count`-th letter or digit from `start` on ends."""
    for place in range(start, min(len(text), start + 3 * count)):
        if text[place].isalnum():
            count -= 1
            if not count:
                return place + 1
    return None


def _is_numbered(text: str, start: int, words: re.Pattern[str] = _NUMBERED) -> bool:
    return words.search(text[max(0, start - 40) : start]) is not None


def _is_other_number(text: str, start: int, words: re.Pattern[str] | None = None) -> bool:
    """Tell whether words before a number say that it is neither a telephone's nor a card's.

    Args:
        text: Any text.
        start: Where the number begins.
        words: What says so; none asks for less where it is said whose number it is.
    """
    if words is None:
        words = _TOLD if _OWN_NUMBER.search(text[max(0, start - 40) : start]) else _NUMBERED
    return _is_numbered(text, start, words)


def _looks_random(value: str, least: int) -> bool:
    """Tell a secret from a word: digits, and as many kinds of characters as asked for."""
    kinds = (str.isdecimal, str.islower, str.isupper, lambda c: not c.isalnum() and c not in "-'’/")
    present = sum(any(kind(char) for char in value) for kind in kinds)
    return any(char.isdecimal() for char in value) and present >= least
