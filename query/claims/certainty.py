"""How surely a statement says a thing, of how many, in which cases and with which exceptions.

"Staff may work from home" is less than "all staff must", and "the CEO denied that he resigned" less
than "the CEO resigned", although they have the words.
"""

import re
from typing import Final

from query.claims.bounds import NEGATED_BOUND
from query.text.words import stems

_NEGATION: Final = re.compile(
    r"\b(?:not|no|never|none|neither|nor|without|cannot|nobody|nothing|unable|fail(?:s|ed)? to)\b"
    r"|n['’]t\b",
    re.IGNORECASE,
)
_EXCEPT: Final = re.compile(
    r"\b(?:except(?:ing)?(?: for| on)?|excluding|apart from|other than|with the exception of"
    r"|but not)\b(?P<what>[^.;,]{1,60})",
    re.IGNORECASE,
)
_CONDITION: Final = re.compile(
    r"\b(?:if|unless|provided(?: that)?|as long as|on condition that|in case)\b"
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
_UNSURE: Final = re.compile(
    r"\b(?:may|might|allegedly|reportedly|supposedly|rumou?red|alleged|denie[sd]|deny|denying"
    r"|denial|disputed|considering|considers|proposes|proposed|proposal|hopes|intends|plans to"
    r"|planned to|expect(?:s|ed)|is said to)\b"
)
_UNSURE_TOO: Final = re.compile(
    r"\b(?:may|might|can|could|possibl\w*|allow\w*|permit\w*|able|entitled|alleg\w*|report\w*"
    r"|rumou?r\w*|den\w+|disput\w*|consider\w*|propos\w*|hope\w*|intend\w*|plan\w*|expect\w*|said"
    r"|will|shall|going to|option\w*|eligible|would|should|supposed\w*|up to)\b",
    re.IGNORECASE,
)
_EVERY: Final = re.compile(r"\b(?:all|every|everyone|everybody|always|each|entire|whole)\b", re.I)
_EVERYBODY: Final = re.compile(r"\b(?:every|any)(?:one|body)\b", re.IGNORECASE)
_SOME: Final = re.compile(
    r"\b(?:some|most|many|few|several|sometimes|often|usually|partly|partially|certain|selected"
    r"|half|mostly|generally|who|those)\b",
    re.IGNORECASE,
)
_ONLY: Final = re.compile(r"\b(?:only|solely|exclusively)\b", re.IGNORECASE)
_ONLY_TOO: Final = re.compile(
    r"\b(?:only|solely|exclusively|else|no one|nobody|sole|alone|just|merely|unless|limited"
    r"|restricted|reserved)\b",
    re.IGNORECASE,
)


def is_negated(text: str) -> bool:
    """Tell whether a text denies; the "no" of a bound does not ("no later than 5 May")."""
    return _NEGATION.search(NEGATED_BOUND.sub(" ", text)) is not None


def is_excepted(claim: str, statement: str) -> bool:
    """Tell whether a statement excepts what a claim says it of: "daily except Sundays"."""
    if _EXCEPT.search(claim):
        return False
    words = frozenset(stems(claim))
    excepted = (frozenset(stems(match["what"])) for match in _EXCEPT.finditer(statement))
    return any(what and what <= words for what in excepted)


def is_less_sure(clause: str, claim: str, statement: str) -> bool:
    """Tell whether a statement says of fewer, as possible or in a case only what a clause says.

    Args:
        clause: One clause of the claim.
        claim: The whole claim, which may name the case.
        statement: What the evidence says.
    """
    if _MUST.search(clause) and not _MUST.search(statement) and _NEED_NOT.search(statement):
        return True
    if _UNSURE.search(statement) and not _UNSURE_TOO.search(clause):
        return True
    if not _EVERY.search(statement):
        some = _EVERY.search(clause) and _SOME.search(statement)
        if some or (_EVERYBODY.search(clause) and not _EVERYBODY.search(statement)):
            return True
    if _ONLY.search(clause) and not _ONLY_TOO.search(statement):
        return True
    return not _CONDITIONAL.search(claim) and _has_case(statement, frozenset(stems(claim)))


def _has_case(statement: str, said: frozenset[str]) -> bool:
    """Tell whether a statement holds in a case of which less than half is said."""
    cases = (frozenset(stems(match["what"])) for match in _CONDITION.finditer(statement))
    return any(case and 2 * len(case & said) < len(case) for case in cases)
