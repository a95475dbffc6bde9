"""What a model wrote, held against the evidence sentence by sentence before anyone sees it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ingestion.cleaning import clean
from ingestion.document import Element, ElementKind
from query.claims.claim import Claim, ClaimVerdict
from query.claims.claims import check, is_claim, plain
from query.claims.leaning import read_leanings
from query.claims.second_reading import Checks
from query.generation.endings import Checked, Ending
from query.generation.prompt import NOT_THERE, AnswerRequest
from query.text.language import detect_language

_CITED: Final = r"(?:(?:source|evidence|document|doc|reference|ref|citation)s?[ .:#]*|[\^#])?\d+"
_MARKER: Final = re.compile(
    rf"\s*[\[【]\s*{_CITED}(?:\s*[,;:–-]\s*{_CITED})*\s*(?:†[^\]】\n]{{0,60}})?[\]】]",
    re.IGNORECASE,
)
"""`[1]`, and what models write in its place: `【1†source】`, `[^1]`, `[source 1]`."""
_NUMBER: Final = re.compile(r"\d+")
_LONGEST_NUMBER: Final = 9
"""Digits of a marker; no evidence has a longer one."""
_ADDRESS: Final = re.compile(
    r"\b(?:[a-z][a-z0-9+.-]{1,20}://|(?:javascript|vbscript|data|file|mailto|tel|sms):|www\.)"
    r"[^\s)\]>\"']+"
    r"|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"
    r"|(?-i:(?<![\w.@/-])(?:[a-z0-9][a-z0-9-]{0,62}\.){1,8}[a-z]{2,24}(?![\w-]))(?:/[^\s)\]>\"']*)?",
    re.IGNORECASE,
)
"""Of the web with or without a scheme, of mail, of a telephone, or what a page would run."""
_TAG: Final = re.compile(r"<(?:[/!?]?[a-z]|!--)[^<>]*>?", re.IGNORECASE)
"""What a page may take for markup, and run."""
_REFUSAL: Final = re.compile(
    r"^\W*(?:(?:i['’]?m|i am|we['’]?re) (?:very |really )?sorry|sorry\b"
    r"|i (?:can(?:not|['’]t)|am (?:not able|unable)|am not allowed)|as an ai\b"
    r"|(?:the )?evidence does not)",
    re.IGNORECASE,
)
_SURE_OF_LANGUAGE: Final = 40
"""Characters from which the language of an answer can be told."""


@dataclass(frozen=True, slots=True)
class Release:
    """What may be given out of an answer; without a text, why not."""

    ending: Ending
    text: str | None = None
    withheld: int = 0
    checked: Checked = field(default_factory=Checked)


def release(
    output: str, request: AnswerRequest, most_chars: int, checks: Checks = check
) -> Release:
    """Keep the sentences that the evidence supports, with our own citations.

    Args:
        output: What the model wrote.
        request: Its evidence; only what was sent may be cited.
        most_chars: A longer text is not looked at.
        checks: Checks its sentences; by default the rules alone.
    """
    if len(output.strip()) > most_chars:
        return Release(Ending.OVER_LONG)
    text = visible(output)
    if not text:
        return Release(Ending.EMPTY)
    if NOT_THERE.lower() in text.lower() or _REFUSAL.match(text):
        return Release(Ending.REFUSED)
    if _cites_what_was_not_there(text, request):
        return Release(Ending.FABRICATED_CITATION)
    plain = _MARKER.sub("", text)
    if len(plain) >= _SURE_OF_LANGUAGE:
        written = detect_language(plain)
        if written is not None and written != request.language:
            return Release(Ending.WRONG_LANGUAGE)
    found = checks(plain, [piece.text for piece in request.pieces])
    claims = found.claims
    kept = _kept(claims)
    withheld = sum(c not in kept for c in claims if is_claim(c.text))
    logged = Checked(
        tuple(_logged(claim, request) for claim in claims), found.reader, found.reasons
    )
    if not kept:
        return Release(Ending.UNSUPPORTED, None, withheld, logged)
    answer = " ".join(f"{' '.join(c.text.split())} {_markers(c, request)}" for c in kept)
    return Release(Ending.RELEASED, answer, withheld, logged)


def _kept(claims: Sequence[Claim]) -> list[Claim]:
    """Return what is supported, and does not lean on a sentence that is withheld.

    "It costs €450" would be read of whatever the last sentence is about that is left.
    """
    kept: list[Claim] = []
    leanings = read_leanings([(claim.text, plain(claim.text)) for claim in claims])
    withheld = False
    for claim, leaning in zip(claims, leanings, strict=True):
        holds = claim.verdict is ClaimVerdict.SUPPORTED and bool(claim.citations)
        if holds and not (withheld and leaning.needs_before):
            kept.append(claim)
            withheld = False
        elif is_claim(claim.text):
            withheld = True
    return kept


def visible(output: str) -> str:
    """Return what a model wrote without what no reader sees, as the evidence was cleaned.

    Words are held against the evidence. Letters without width or drawing are no words: a whole
    message in them would pass.
    """
    return clean([Element(ElementKind.TEXT, output)]).text.strip()


def _cites_what_was_not_there(text: str, request: AnswerRequest) -> bool:
    known = {piece.marker for piece in request.pieces}
    cited = {n for marker in _MARKER.findall(text) for n in _NUMBER.findall(marker.split("†")[0])}
    if any(len(n) > _LONGEST_NUMBER or int(n) not in known for n in cited):
        return True
    addresses = {a.rstrip(".,;:") for a in _ADDRESS.findall(text)}
    tags = set(_TAG.findall(text))
    if not all(any(tag in piece.text for piece in request.pieces) for tag in tags):
        return True
    return not all(_is_there(address, request) for address in addresses)


def _is_there(address: str, request: AnswerRequest) -> bool:
    """Tell whether an address stands in the evidence, and not only as the beginning of another."""
    whole = re.compile(rf"(?<![\w.+-]){re.escape(address)}(?![\w-]|[.@:%=&+~][\w-])")
    return any(whole.search(f"{piece.text}\n{piece.key}") for piece in request.pieces)


def _markers(claim: Claim, request: AnswerRequest) -> str:
    return "".join(f"[{request.pieces[index].marker}]" for index in claim.citations)


def _logged(claim: Claim, request: AnswerRequest) -> dict[str, Any]:
    """Return a claim with markers in place of positions."""
    record = claim.to_json()
    for name in ("citations", "anti_citations"):
        record[name] = [request.pieces[index].marker for index in record[name]]
    return record
