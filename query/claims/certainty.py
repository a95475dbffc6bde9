"""How surely a statement says a thing, of how many, in which cases and with which exceptions.

"Staff may work from home" is less than "all staff must", and "the CEO denied that he resigned" less
than "the CEO resigned", although they have the words.
"""

import itertools
import re
from collections.abc import Iterator
from typing import Final

from query.claims.bounds import NEGATED_BOUND
from query.text.words import STOP_WORDS, WORD, fold, stem, stems, table

_NEGATION: Final = re.compile(
    r"\b(?:not|no|never|none|neither|nor|cannot|nobody|nothing|unable to"
    r"|fail(?:s|ed)? to)\b|n['’]t\b",
    re.IGNORECASE,
)
_NO_DENIAL: Final = re.compile(
    r"\bnot (?:only|just|merely|long|far|least|even)\b|\bno (?:doubt|matter|problem)\b"
    r"|\bneed not\b|\beven (?:if|when|though)\b[^,;.]*|\bfree of charge\b|\bwith no\b"
    r"|\bat no (?:extra |additional |further )?(?:cost|charge)\b",
    re.IGNORECASE,
)
_ENDS_SCOPE: Final = table(
    "but if unless when because after before until while though although however"
)
_BETWEEN: Final = table("yet ever always also even still already longer need needed")
"""Words that may stand between a "not" and what it denies."""
_PAUSE: Final = re.compile(r"[,;:.()]")
_OF_NOUNS: Final = table("no nothing none")
"""They deny what stands before them as well: "pays no fees"."""
_EXCEPT: Final = re.compile(
    r"\b(?:except(?:ing)?(?: for| on)?|excluding|apart from|other than|with the exception of"
    r"|(?:but|though|although) not|, not|rather than|instead of)\b(?P<what>[^.;,]{1,60})",
    re.IGNORECASE,
)
_UNLESS: Final = re.compile(r"\bunless\b", re.IGNORECASE)
_IF: Final = re.compile(r"\b(?:if|when|provided|as long as)\b", re.IGNORECASE)
_PROVISO: Final = re.compile(
    r"\bunless\b|(?<!not )\bonly\b|\botherwise\b|\bor else\b", re.IGNORECASE
)
_GENERIC: Final = frozenset(map(stem, ("case", "cases", "event", "events", "those")))
_CONDITION: Final = re.compile(
    r"(?<!even )\b(?:if|unless|provided(?: that)?|as long as|on condition that|in case)\b"
    r"(?P<what>[^.;,]{1,120})",
    re.IGNORECASE,
)
_CONDITIONAL: Final = re.compile(
    r"\b(?:if|unless|provided|when|whenever|where|as long as|condition|in case|once|after|until)\b",
    re.IGNORECASE,
)
_MUST: Final = re.compile(
    r"\b(?:must|shall|ha(?:s|ve|d) to|need(?:s|ed)? to|requir\w+|mandatory|compulsory|obligatory"
    r"|oblig\w+)\b",
    re.IGNORECASE,
)
# Small letters only, here and below: "May" is a month, "Will" a person.
_NEED_NOT: Final = re.compile(
    r"\b(?:may|can|could|might|should|ought|optional\w*|recommended|encouraged|voluntar\w+"
    r"|advised)\b"
)
_FREE_NOT_TO: Final = re.compile(
    r"\bneed(?:n['’]t| not)\b|\b(?:do|does|did)(?: not|n['’]t) (?:have|need) to\b|\bno need to\b"
    r"|\bnot (?:required|obliged|necessary|mandatory|compulsory)\b",
    re.IGNORECASE,
)
_DOUBTED: Final = re.compile(
    r"\b(?:may|might|perhaps|possibly|allegedly|reportedly|supposedly|rumou?red|alleged|denie[sd]"
    r"|deny|denying|denial|disputed|considering|considers|being considered|is said to)\b"
)
_DOUBTED_TOO: Final = re.compile(
    r"\b(?:may|might|can|could|perhaps|possibl\w*|allow\w*|permit\w*|able|entitled|alleg\w*"
    r"|report\w*|rumou?r\w*|den(?:y|ies|ied|ying|ial)|disput\w*|consider\w*|said|option\w*"
    r"|eligible|would|should|supposed\w*|up to)\b",
    re.IGNORECASE,
)
_PLANNED: Final = re.compile(
    r"\b(?:proposes|proposed|proposal|hopes|intends|plans to|planned to|expect(?:s|ed))\b"
)
_PLANNED_TOO: Final = re.compile(
    r"\b(?:propos\w*|hope\w*|intend\w*|plan\w*|expect\w*|will|shall|going to|should|would|may"
    r"|might|could)\b",
    re.IGNORECASE,
)
_EVERY: Final = re.compile(r"\b(?:all|every|everyone|everybody|always|each|entire|whole)\b", re.I)
_EVERYBODY: Final = re.compile(
    r"\b(?:every|any)(?:one|body)\b(?! (?:who|whose|that|with|within|under|over|aged)\b)",
    re.IGNORECASE,
)
_SOME: Final = re.compile(
    r"\b(?:some|(?<!at )most|many|few|several|sometimes|often|usually|partly|partially|certain"
    r"|selected|half|mostly|generally|who|those)\b",
    re.IGNORECASE,
)
_ONLY: Final = re.compile(
    r"\b(?:only|solely|exclusively)\b"
    r"(?! (?:an? )?(?:\d|[€$£]|half|once|twice|few|little|one\b|two\b))",
    re.IGNORECASE,
)
"""Of amounts it says that they are small: "only once"."""
_ANY: Final = re.compile(r"\b(?:any|all|every|both)\b", re.IGNORECASE)
_WILL: Final = re.compile(
    r"\b(?:will|shall)\s+(?:not\s+)?(?:\w+ly\s+)?(?P<be>be\s+)?(?:\w+ly\s+)?(?P<verb>[^\W\d_]+)",
    re.IGNORECASE,
)
_DID: Final = re.compile(
    r"(?P<be>\b(?:was|were|been)\s+(?:\w+ly\s+)?)?(?<!\bis )(?<!\bare )(?<!\bbe )"
    r"\b(?P<verb>[^\W\d_]{2,}ed)\b",
    re.IGNORECASE,
)
_WITHOUT: Final = re.compile(r"(?<!even )\bwithout\b(?P<what>[^.;,]{1,60})", re.IGNORECASE)
_EVEN_SO: Final = re.compile(r"\beven (?:if|when|though|without)\b", re.IGNORECASE)
_ONLY_TOO: Final = re.compile(
    r"\b(?:only|solely|exclusively|else|no one|nobody|sole|alone|just|merely|unless|limited"
    r"|restricted|reserved)\b",
    re.IGNORECASE,
)


def is_negated(text: str) -> bool:
    """Tell whether a text denies; the "no" of a bound does not ("no later than 5 May").

    What it excepts ("but not on Sundays") is not taken for a denial.
    """
    return _NEGATION.search(_without_sham(text)) is not None


def denied_in(text: str) -> frozenset[str]:
    """Return the stems of what a text denies: `allow` of "is not allowed", `fee` of "no fees"."""
    plain = _without_sham(text)
    return frozenset(word for m in _NEGATION.finditer(plain) for word in _denied(plain, m))


def said_in(text: str) -> frozenset[str]:
    """Return the stems of what a text says, without what it says of exceptions and bounds."""
    return frozenset(stems(_without_sham(text)))


def _denied(text: str, negation: re.Match[str]) -> Iterator[str]:
    if negation.group().lower() in _OF_NOUNS:
        yield from stems(_PAUSE.split(text[: negation.start()])[-1])[-1:]
    words = (fold(match.group()).lower() for match in WORD.finditer(text, negation.end()))
    scope = itertools.takewhile(lambda word: word not in _ENDS_SCOPE, words)
    told = (word for word in scope if word not in STOP_WORDS | _BETWEEN)
    yield from map(stem, itertools.islice(told, 1))


def _without_sham(text: str) -> str:
    for pattern in (NEGATED_BOUND, _EXCEPT, _NO_DENIAL):
        text = pattern.sub(" ", text)
    return text


def is_excepted(claim: str, statement: str) -> bool:
    """Tell whether a statement excepts what a claim says it of: "daily except Sundays"."""
    if _EXCEPT.search(claim):
        return False
    words = frozenset(stems(claim))
    excepted = (frozenset(stems(m["what"])) - _GENERIC for m in _EXCEPT.finditer(statement))
    return any(what and what <= words for what in excepted)


def has_proviso(text: str) -> bool:
    """Tell whether a text holds in one case only: "covered only if", "only in this region"."""
    return _PROVISO.search(text) is not None


def has_unless(text: str) -> bool:
    """Tell whether a text holds but for a case."""
    return _UNLESS.search(text) is not None


def has_if(text: str) -> bool:
    """Tell whether a text holds in a case."""
    return _IF.search(text) is not None


def is_denied(text: str) -> bool:
    """Tell whether a text denies, and not just all but one case: "not covered unless"."""
    return is_negated(text) and not _UNLESS.search(text)


def is_less_sure(clause: str, claim: str, statement: str) -> bool:
    """Tell whether a statement says of fewer, as possible or in a case only what a clause says.

    Args:
        clause: One clause of the claim.
        claim: The whole claim, which may name the case.
        statement: What the evidence says.
    """
    if _MUST.search(clause) and not _MUST.search(statement) and _NEED_NOT.search(statement):
        return True
    if _FREE_NOT_TO.search(clause) and _MUST.search(statement):
        return not _FREE_NOT_TO.search(statement)
    if _DOUBTED.search(statement) and not _DOUBTED_TOO.search(clause):
        return True
    if _PLANNED.search(statement) and not _PLANNED_TOO.search(clause):
        return True
    if not _EVERY.search(statement):
        some = _EVERY.search(clause) and _SOME.search(statement)
        if some or (_EVERYBODY.search(clause) and not _EVERYBODY.search(statement)):
            return True
    if _ONLY.search(clause) and not _ONLY_TOO.search(statement):
        return True
    if _lacks(clause, statement) or _lacks(statement, clause):
        return True
    if _EVEN_SO.search(clause) and _CONDITIONAL.search(statement):
        return True
    if _ANY.search(clause) and _ONLY.search(statement) and not _ONLY_TOO.search(clause):
        return True
    if _is_still_to_come(clause, statement):
        return True
    return not _CONDITIONAL.search(claim) and _has_case(statement, frozenset(stems(claim)))


def _is_still_to_come(clause: str, statement: str) -> bool:
    """Tell whether a statement says of the future what a clause says of the past."""
    if _WILL.search(clause):
        return False
    coming = {(bool(m["be"]), stem(fold(m["verb"]).lower())) for m in _WILL.finditer(statement)}
    past = ((bool(m["be"]), stem(fold(m["verb"]).lower())) for m in _DID.finditer(clause))
    return not coming.isdisjoint(past)


def _lacks(one: str, other: str) -> bool:
    """Tell whether one text says "without" what the other speaks of."""
    if _WITHOUT.search(other):
        return False
    words = frozenset(stems(other))
    return any(word in words for m in _WITHOUT.finditer(one) for word in stems(m["what"])[:1])


def _has_case(statement: str, said: frozenset[str]) -> bool:
    """Tell whether a statement holds in a case of which less than half is said."""
    cases = (frozenset(stems(match["what"])) for match in _CONDITION.finditer(statement))
    return any(case and 2 * len(case & said) < len(case) for case in cases)
