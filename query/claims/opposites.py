"""Words that turn a statement around: opposites, and those that say it of another thing.

"The pool opens at eight" is no "the pool closes at eight", "the second payment" not "the first",
and "non-refundable" not "refundable". Tables of plain words are exact and say the same tomorrow;
vectors put opposites next to each other.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Final

from query.text.words import WORD, counterparts, fold, stem, table

_OPPOSED: Final = """
    increase/decrease increase/lower increase/reduce raise/reduce advance/arrears
    rise/fall grow/shrink expand/shrink raise/lower
    higher/lower highest/lowest high/low maximum/minimum more/less more/fewer most/least
    add/remove keep/delete retain/delete keep/destroy few/many few/most few/all minority/majority
    open/close open/shut start/end start/stop start/finish begin/end
    launch/discontinue arrive/depart arrival/departure enter/leave entrance/exit
    entry/exit inbound/outbound incoming/outgoing join/leave hire/dismiss hire/fire
    appoint/dismiss include/exclude cover/exclude contain/exclude allow/forbid allow/prohibit
    allow/ban permit/forbid permit/prohibit permit/ban
    authorise/forbid authorize/forbid legal/illegal lawful/unlawful accept/reject accept/refuse
    accept/decline approve/reject approve/refuse approve/deny confirm/deny admit/deny grant/refuse
    grant/deny support/oppose agree/disagree agree/refuse enable/disable activate/deactivate
    lock/unlock connect/disconnect attach/detach install/uninstall succeed/fail success/failure
    pass/fail win/lose gain/lose gain/loss profit/loss surplus/deficit
    mandatory/optional compulsory/optional required/optional compulsory/voluntary
    mandatory/voluntary obligatory/optional temporary/permanent temporarily/permanently
    online/offline manual/automatic manually/automatically manual/automated free/paid
    upload/download early/late earlier/later always/never fast/slow best/worst better/worse
    easy/difficult easy/hard possible/impossible equal/unequal encrypted/unencrypted safe/dangerous
    safe/unsafe full/empty present/absent alive/dead guilty/innocent
    clockwise/anticlockwise clockwise/counterclockwise
"""
_OTHER: Final = """
    before/after for/against favour/against favor/against from/until from/up
    since/until above/below
    inside/outside buy/sell purchase/sell lend/borrow teach/learn
    import/export parent/child adult/child adults/children employer/employee landlord/tenant
    seller/buyer male/female men/women public/private internal/external indoor/outdoor
    indoors/outdoors domestic/foreign upper/lower left/right first/last earliest/latest
    oldest/newest oldest/youngest largest/smallest longest/shortest positive/negative major/minor
    single/double credit/debit gross/net hot/cold
    first/second/third/fourth/fifth/sixth/seventh/eighth/ninth/tenth
    monday/tuesday/wednesday/thursday/friday/saturday/sunday
    mondays/tuesdays/wednesdays/thursdays/fridays/saturdays/sundays weekdays/weekends
    weekday/weekend summer/winter/autumn north/south/east/west northern/southern/eastern/western
    hourly/daily/weekly/monthly/quarterly/annual hourly/daily/weekly/monthly/quarterly/annually
    hourly/daily/weekly/monthly/quarterly/yearly
"""
"""What holds of one of these says nothing of the other. "Sold" is here as well: who sells to
somebody is bought from."""
_FORMS: Final = """
    rise:rose:risen fall:fell:fallen grow:grew:grown shrink:shrank:shrunk begin:began:begun
    win:won lose:lost leave:left buy:bought sell:sold lend:lent give:gave:given send:sent
    teach:taught learn:learnt keep:kept forbid:forbade:forbidden permit:permitted admit:admitted
"""
"""Verbs with those of their forms that no suffix tells."""
_OFTEN: Final = table("hourly daily weekly monthly quarterly yearly annual annually")
_PREFIXED: Final = re.compile(
    r"\b(?:non[- ]?(?P<non>[^\W\d_]{4,})"
    r"|un(?!less|like)(?P<un>[^\W\d_]{4,})"
    r"|(?:in|im|ir|il|dis)(?P<small>[^\W\d_]*(?:ible|able|active|correct|complete|regular"
    r"|valid|eligible|accurate|sufficient|adequate|direct|dependent|secure|frequent)))\b",
    re.IGNORECASE,
)


def _form(word: str) -> str:
    """Return the stem of a word in small letters; who begins is no beginning, weekly no week."""
    if word.endswith(("er", "ers")):
        return word.removesuffix("s")
    return word if word in _OFTEN else stem(word)


_VERB_OF: Final = {
    stem(form): stem(verb)
    for verb, *forms in (row.split(":") for row in _FORMS.split())
    for form in forms
}
OPPOSED: Final = counterparts(_OPPOSED, _form)
"""Stems with those that say the contrary."""
OTHER: Final = counterparts(_OTHER, _form)
"""Stems with those that say it of another thing, place or time."""


@functools.lru_cache(maxsize=4096)
def words_of(text: str) -> frozenset[str]:
    """Return the stems of all words of a text, small ones included and verbs in one form."""
    found = (_form(fold(match.group()).lower()) for match in WORD.finditer(text))
    return frozenset(_VERB_OF.get(word, word) for word in found)


def turned_words(
    mine: frozenset[str], theirs: frozenset[str], pairs: Mapping[str, frozenset[str]]
) -> frozenset[str]:
    """Return the stems of one text that the other has only the counterparts of.

    Args:
        mine: Stems of one text.
        theirs: Those of the other.
        pairs: Counterparts by stem.
    """
    return frozenset(
        word for word in mine - theirs if (others := pairs.get(word)) and others & (theirs - mine)
    )


def denied_words(mine: str, theirs: str) -> frozenset[str]:
    """Return the stems of one text that the other has with a "non-", "un-" or the like.

    The other way round they are those with it, of which the other text has the rest.
    """
    my_words, their_words = words_of(mine), words_of(theirs)
    found = {base for word, base in _prefixed(theirs) if base in my_words and word not in my_words}
    found |= {word for word, base in _prefixed(mine) if base in their_words - {word}}
    return frozenset(found)


def _prefixed(text: str) -> Iterator[tuple[str, str]]:
    """Yield the stems of words with such a prefix, and of what is behind it."""
    for match in _PREFIXED.finditer(fold(text).lower()):
        base = match["non"] or match["un"] or match["small"]
        yield stem(match.group().replace("-", "").replace(" ", "")), stem(base)
