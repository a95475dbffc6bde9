"""Whether what a claim says stands with the thing that it says it of.

"Dr. Marrow retired in 2011. Dr. Pine died in 2019." has every word of "Dr. Marrow died in 2019." So
each value and name of a claim is looked up in the statements of the evidence (`statements.py`): one
that has it must be about the claim's subject, and at least as close to the claim as any that has
another value or name in its place.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from query.claims.closeness import Grounds, Wanted
from query.claims.figures import Figure, could_differ, is_same
from query.claims.opposites import OPPOSED, turned_words, words_of
from query.claims.statements import Statement, read_statements
from query.text.passages import coverage
from query.text.words import WORD, fold, stem, stems

MOST_WORDS: Final = 7
"""Words of a clause up to which its names are looked for in one statement; a longer one may draw on
several sentences."""
VERBATIM: Final = 0.9
"""Share of a longer clause from which a statement by itself says the same with another name."""
LOOKED_AT: Final = 24
"""Statements, the closest, that are compared."""
_QUALIFIER: Final = re.compile(
    r"\b(deputy|vice|assistant|acting|former|formerly|interim|honorary|associate|substitute"
    r"|designate|retired|outgoing|incoming|past|previous|co)[\s-]+(\w+)",
    re.IGNORECASE,
)
"""Who is deputy chair is not chair."""


class Standing(StrEnum):
    """How what a claim says stands in the evidence."""

    OWNED = "owned"
    BORROWED = "borrowed"
    """It is there, but of something else."""
    DENIED = "denied"
    """The evidence gives another value in its place."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of looking for the owner of what a claim says."""

    standing: Standing
    sources: tuple[int, ...] = ()
    """Texts that deny it."""


_OWNED: Final = Finding(Standing.OWNED)
_BORROWED: Final = Finding(Standing.BORROWED)


def find_owner(claim: str, grounds: Grounds) -> Finding:
    """Tell whether what a claim says stands with what it says it of.

    What stands nowhere is another matter, and taken for owned.

    Args:
        claim: One sentence.
        grounds: The evidence.
    """
    said = frozenset(stems(fold(claim)))
    findings = [f for one in read_statements(claim) for f in _of_clause(one, said, grounds)]
    sources = {source for f in findings if f.standing is Standing.DENIED for source in f.sources}
    if sources:
        return Finding(Standing.DENIED, tuple(sorted(sources)))
    return _BORROWED if any(f.standing is Standing.BORROWED for f in findings) else _OWNED


def _of_clause(clause: Statement, said: frozenset[str], grounds: Grounds) -> Iterator[Finding]:
    about = clause.own | clause.subject
    for figure in clause.figures:
        words = about - frozenset(stems(figure.value.text))
        yield _of_figure(figure, Wanted(clause, words, said, grounds))
    for name in _names(clause):
        yield _of_name(name, Wanted(clause, about - name, said, grounds))
    whole = Wanted(clause, about, said, grounds)
    yield _of_rest(whole)
    yield _of_narrowed(whole)


def _of_figure(figure: Figure, wanted: Wanted) -> Finding:
    statements = wanted.grounds.statements
    holding = [s for s in statements if _has(figure, s)]
    if not holding:
        # "14 visitors" is no support for 14 beds.
        return _BORROWED if any(_has(figure.bare, s) for s in statements) else _OWNED
    others = [
        s
        for s in statements
        if any(could_differ(figure, f) for f in s.figures)
        and not _has(figure, s)
        and not turned_words(words_of(wanted.clause.text), words_of(s.text), OPPOSED)
    ]
    return _settle(holding, others, wanted)


def _has(figure: Figure, one: Statement) -> bool:
    return any(is_same(figure, other) for other in one.figures)


def _settle(holding: Sequence[Statement], others: Sequence[Statement], wanted: Wanted) -> Finding:
    """Find the owner among the statements that hold something and those that hold another."""
    rivals = wanted.closest((s for s in others if wanted.could_deny(s)), LOOKED_AT)
    for one in wanted.closest(holding, LOOKED_AT):
        if wanted.says_of_other(one) or _is_of_other_thing(one, others, wanted):
            continue
        if not any(wanted.is_closer(r, one) or wanted.is_mixed(one, r) for r in rivals):
            return _OWNED
    denying = {r.source for r in rivals if wanted.is_whole(r)}
    return Finding(Standing.DENIED, tuple(sorted(denying))) if denying else _BORROWED


def _is_of_other_thing(one: Statement, others: Sequence[Statement], wanted: Wanted) -> bool:
    """Tell whether a statement has not the thing itself, of which another gives another value.

    "The monthly rent" is no "monthly deposit" where there is a deposit.
    """
    subject = wanted.clause.subject - wanted.clause.names
    thing = next((w for w in reversed(stems(fold(wanted.clause.text))) if w in subject), "")
    lacking = bool(thing) and bool(one.subject) and thing not in one.full
    return lacking and any(thing in other.subject for other in others)


def _of_name(name: frozenset[str], wanted: Wanted) -> Finding:
    statements = wanted.grounds.statements
    holding = [s for s in statements if name <= s.full]
    if not holding:
        return _OWNED
    # What is long, or has no subject, may draw on several sentences; one that says the same word
    # for word speaks against it none the less.
    is_short = len(wanted.words) <= MOST_WORDS and bool(wanted.clause.subject)
    others = [
        s
        for s in statements
        if not name & s.full
        and s.names - wanted.said
        and (wanted.is_mostly(s) if is_short else coverage(wanted.every, s.own) >= VERBATIM)
        and coverage(wanted.rest, s.own) > 0
    ]
    # Two people may do the same: another name does not deny.
    return _OWNED if _settle(holding, others, wanted).standing is Standing.OWNED else _BORROWED


def _of_rest(wanted: Wanted) -> Finding:
    """Look whether what is said of the subject, without a value, is said of something else."""
    if not wanted.clause.subject or wanted.clause.figures or not wanted.known_rest:
        return _OWNED
    statements = wanted.grounds.statements
    same = [wanted.fit_of_rest(s) for s in statements if not wanted.is_other(s)]
    full, own = max(same, default=(0.0, 0.0))
    if any(wanted.is_said_better(s, full, own) for s in statements if wanted.is_other(s)):
        return _BORROWED
    return _OWNED


def _of_narrowed(wanted: Wanted) -> Finding:
    """Look whether the evidence has a word of the claim only with one before it that narrows it."""
    for word in {
        word
        for one in wanted.grounds.statements
        for word, before in _narrowed(one.text)
        if word in wanted.clause.own and before not in wanted.said
    }:
        having = [s for s in wanted.grounds.statements if word in s.own and not wanted.is_other(s)]
        if having and all(_only_narrowed(word, s.text) for s in having):
            return _BORROWED
    return _OWNED


def _narrowed(text: str) -> Iterator[tuple[str, str]]:
    """Yield the stems of words that one before them narrows, with that of the other."""
    for match in _QUALIFIER.finditer(text):
        yield stem(match[2].lower()), stem(match[1].lower())


def _only_narrowed(word: str, text: str) -> bool:
    times = sum(narrowed == word for narrowed, _ in _narrowed(text))
    return stems(text).count(word) <= times


def _names(clause: Statement) -> Iterator[frozenset[str]]:
    """Yield the names of a clause, each with all of its words."""
    run: list[str] = []
    end = 0
    for match in WORD.finditer(clause.text):
        word = stem(fold(match.group()).lower())
        if word not in clause.names:
            continue
        if run and clause.text[end : match.start()].strip(" .-"):
            yield frozenset(run)
            run = []
        run.append(word)
        end = match.end()
    if run:
        yield frozenset(run)
