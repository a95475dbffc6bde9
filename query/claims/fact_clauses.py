"""Cut a sentence where one fact ends and the next begins.

"Anna pays €30 and Ben pays €20" says a fact of either. A comma or an "and" may as well stand inside
one fact ("sand and gravel", "10 and 12 months"), so both sides must say something: another value of
the same kind, a verb, more than a name.
"""

import re
from itertools import pairwise
from typing import Final

from query.claims.figures import figures_in, values_of
from query.claims.subjects import AUXILIARIES, Opening, read_subject
from query.text.words import stems

LONGEST: Final = 1000
"""Characters; a longer sentence is left whole."""
_JOIN: Final = r"(?:and|but|while|whereas|although)\b"
_AND: Final = re.compile(
    rf"(?:;|,)?\s+(?={_JOIN})(?!and (?:over|above|more|older|under|below|upwards)\b)", re.IGNORECASE
)
_SEMICOLON: Final = re.compile(r";\s+")
_COMMA: Final = re.compile(r",\s+")
_PAIRED: Final = re.compile(r"\b(?:between|both|either)\s+\S+(?:\s+\S+)?$", re.IGNORECASE)
_LISTED: Final = re.compile(r"(?:and )?[A-Z][^,]*\(")
_VERB: Final = re.compile(rf"\b(?:{'|'.join(sorted(AUXILIARIES))})\b")


def split_facts(sentence: str) -> tuple[str, ...]:
    """Return the clauses of a sentence that each say a fact of their own, in order."""
    if len(sentence) > LONGEST:
        return (sentence,)
    joins = {m.end() for m in _AND.finditer(sentence)}
    ends = {m.end() for m in _SEMICOLON.finditer(sentence)}
    inside = values_of(sentence)
    cuts = [
        cut
        for cut in sorted(joins | ends | {m.end() for m in _COMMA.finditer(sentence)})
        if not any(v.start < cut < v.end for v in inside)
    ]
    clauses: list[str] = []
    begin = 0
    for cut, until in pairwise([*cuts, len(sentence)]):
        left, near = sentence[begin:cut].strip(" ,"), sentence[cut:until]
        told = bool(clauses) or read_subject(left).opening is not Opening.NONE
        if not told or _PAIRED.search(left.rstrip(";")):
            continue
        if cut in ends or _goes_on(left, near, sentence[cut:], joined=cut in joins):
            clauses.append(left.rstrip(" ;"))
            begin = cut
    return tuple(clause for clause in (*clauses, sentence[begin:].strip()) if clause)


def _goes_on(left: str, near: str, right: str, *, joined: bool) -> bool:
    """Tell whether a further fact begins behind a comma or an "and"."""
    if left.endswith(")") and _LISTED.match(right):
        return True  # "Ada Holm (chair), Per Strand (treasurer)"
    mine, theirs = (figures_in(text) for text in (left, near))
    if not joined:
        return any(one.value.kind is other.value.kind for one in mine for other in theirs)
    if not frozenset(stems(left)) - read_subject(left).stems:
        return False  # "Anna and Ben pay €20"
    says = bool(theirs) or _VERB.search(near) is not None
    if re.search(r"\b[A-Z]\w*$", left) and re.match(r"and [A-Z]", right) and not says:
        return False  # "the Freer and Sackler Galleries"
    behind = re.sub(r"^\w+\s+", "", right)
    if mine and theirs and left.endswith(mine[-1].value.text):
        return not behind.startswith(theirs[0].value.text)  # "10 and 12 months"
    return says or len(stems(near)) > 1
