"""Check an answer or a claim against evidence, sentence by sentence, without a model."""

import math
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from query.claims.bounds import NEGATED_BOUND
from query.claims.claim import AnswerCheck, Claim, ClaimVerdict
from query.claims.closeness import Grounds, read_grounds
from query.claims.figures import negatives_in, values_of
from query.claims.guards import held_back
from query.claims.ownership import MOST_WORDS, Standing, find_owner
from query.claims.shown import shown
from query.claims.statements import ITEM, read_statements
from query.claims.turned import SMALL, Turn, denies, find_turn, lacks_denial
from query.claims.wording import is_only_alike
from query.text.legible import legible
from query.text.passages import coverage
from query.text.sentences import split_sentences
from query.text.values import Value, ValueKind, may_be_one_day
from query.text.words import ENGLISH_MARKERS, STOP_WORDS, WORD, fold, stem, stems

SUPPORTED_AT: Final = 0.6
PARTIAL_AT: Final = 0.4
LONGEST_CLAIM: Final = 1000
"""A longer sentence is not checked: what was not read must not pass."""
WINDOW_SENTENCES: Final = 3
VALUE_WEIGHT: Final = 0.55
"""Share of its score that a claim loses if none of its values is in the evidence."""
NAME_WEIGHT: Final = 0.5
NEGATION_FACTOR: Final = 0.4
BORROWED_FACTOR: Final = 0.75
"""What is left of the score of a claim that says of one thing what the evidence says of another."""
SAME_STATEMENT: Final = 0.5
"""Share of its words in one sentence from which that sentence speaks of the same, so that a
negation in one of both matters."""
MOST_WINDOWS: Final = 4000
MOST_COMPARISONS: Final = 200_000
"""Of a sentence with a window each, some 10 s of work; sentences from there on are not checked."""
COMPARED_AT_ONCE: Final = 500
"""Characters of a window that one comparison reads; longer is only text without full stops."""

_MARKER: Final = re.compile(
    r"(?<!\s)\s*\[[0-9]{1,6}(?:\s*,\s*[0-9]{1,6})*\]"
    r"(?:\s*(?:,\s*)?\[[0-9]{1,6}(?:\s*,\s*[0-9]{1,6})*\])*"
)
_NOT_A_CLAIM: Final = re.compile(
    r"^\W*(?:hi|hello|hey|thanks|thank you|you(?:'re| are) welcome|sure|certainly|of course"
    r"|ok(?:ay)?|i hope|(?:please )?let me know|(?:i(?:'m| am) )?sorry"
    r"|i (?:do not|don['’]t|can(?:not|['’]t)) (?:know|answer|find|say)"
    r"|\(?not found in the documents)\b"
    r"|^\W*(?:yes|yeah|no|nope|correct|right|exactly|indeed)\W*$",
    re.IGNORECASE,
)
_INTERJECTION: Final = re.compile(
    r"^\W*(?:hi|hello|hey|thanks to|you(?:'re| are) welcome|sure|certainly|of course|ok(?:ay)?"
    r"|(?:i(?:'m| am) )?sorry)\b(?!\W*(?:but\s+)?(?:i|we)\b)",
    re.IGNORECASE,
)
"""Behind it a sentence may go on to say something: "Sure, the deposit is £500." """
_REPLY: Final = re.compile(r"^\W*(?:yes|no|correct|right|exactly|indeed)\s*[,:;–—-]+\s*", re.I)
"""Says nothing of what the evidence holds: the "No" of a reply denies no word behind it."""


@dataclass(frozen=True, slots=True)
class _Window:
    """A few neighbouring sentences of one piece of evidence."""

    source: int
    text: str
    stems: frozenset[str]
    values: tuple[Value, ...]


def check(answer: str, evidence: Sequence[str], check_id: Any = None) -> AnswerCheck:
    """Check every sentence of `answer` against `evidence`.

    Args:
        answer: The answer, or a single claim. Citation markers such as `[1]` are no claim; a
            sentence with one that points at no evidence is unsupported.
        evidence: The texts that should support it; markers count them from 1.
        check_id: Handed back as `id`.

    Returns:
        A verdict per sentence; without evidence every claim is unsupported, never supported.
    """
    # One letter may be written as one sign or as two; only what we compare is made alike.
    evidence = [legible(text) for text in evidence]
    windows = _windows(evidence)
    weights = rarity(windows)
    grounds = read_grounds(evidence if len(windows) <= MOST_WINDOWS else ())
    spans = split_sentences(answer)
    known = range(1, len(evidence) + 1)
    most = MOST_COMPARISONS // max(1, sum(map(_comparisons, windows)))
    claims = tuple(
        _invented(answer, span.start, span.end)
        if not _markers(answer, span.start, span.end) <= set(known)
        else _checked(answer, span.start, span.end, windows, weights, grounds)
        if number < most
        else _unread(answer, span.start, span.end)
        for number, span in enumerate(spans)
    )
    supported = _with_verdict(claims, {ClaimVerdict.SUPPORTED})
    held = held_back(_sentences(claims), supported, evidence, grounds) if supported else supported
    claims = tuple(_in_part(claim) if n in held else claim for n, claim in enumerate(claims))
    needed = [c for c in claims if is_claim(c.text)]
    score = sum(c.score for c in needed) / len(needed) if needed else 0.0
    return AnswerCheck(check_id, score, claims)


def beyond_vouching(claims: Sequence[Claim], evidence: Sequence[str]) -> frozenset[int]:
    """Return the positions of claims that nothing may call supported (`guards.py`).

    Args:
        claims: All of a text, as `check` returned them.
        evidence: The texts they were held against.
    """
    wanted = _with_verdict(claims, {ClaimVerdict.PARTIAL, ClaimVerdict.UNSUPPORTED})
    if not wanted:
        return wanted
    texts = [legible(text) for text in evidence]
    return held_back(_sentences(claims), wanted, texts, read_grounds(texts))


def _with_verdict(claims: Sequence[Claim], verdicts: Set[ClaimVerdict]) -> frozenset[int]:
    return frozenset(n for n, claim in enumerate(claims) if claim.verdict in verdicts)


def _sentences(claims: Sequence[Claim]) -> list[tuple[str, str]]:
    return [(claim.text, plain(claim.text[:LONGEST_CLAIM])) for claim in claims]


def _in_part(claim: Claim) -> Claim:
    score = min(BORROWED_FACTOR * claim.score, SUPPORTED_AT)
    return replace(claim, verdict=ClaimVerdict.PARTIAL, score=score)


def _comparisons(window: _Window) -> int:
    return 1 + len(window.text) // COMPARED_AT_ONCE


def _markers(answer: str, start: int, end: int) -> set[int]:
    """Return the numbers that a sentence cites, in it or right behind it."""
    text = answer[start:end]
    leading = _MARKER.match(text)  # belongs to the sentence before
    inside = text[leading.end() :] if leading else text
    behind = _MARKER.match(answer, end)
    cited = [*_MARKER.findall(inside), *([behind.group()] if behind else [])]
    return {int(number) for marker in cited for number in re.findall(r"[0-9]+", marker)}


def _invented(answer: str, start: int, end: int) -> Claim:
    """Take nothing from a sentence that cites evidence which was never there."""
    return Claim(start, end, answer[start:end], ClaimVerdict.UNSUPPORTED, 0.0)


def _unread(answer: str, start: int, end: int) -> Claim:
    """Let pass nothing that was not read."""
    return Claim(start, end, answer[start:end], ClaimVerdict.NOT_CHECKED, 0.0)


def is_claim(sentence: str) -> bool:
    """Tell whether a sentence says something that evidence could hold.

    One that opens with a courtesy does if it goes on to a figure: none may pass behind a "Sure".
    """
    if not _NOT_A_CLAIM.match(sentence):
        return True
    opening = _INTERJECTION.match(sentence)
    if opening is None or sentence.rstrip().endswith(":"):
        return False
    return bool(values_of(_MARKER.sub(" ", sentence[opening.end() :])))


def plain(sentence: str) -> str:
    """Return what a sentence says without markers, a bullet or a courtesy before it."""
    said = ITEM.sub("", _MARKER.sub(" ", shown(sentence)), 1)
    return _REPLY.sub("", _INTERJECTION.sub("", said, 1), 1)


def _checked(
    answer: str,
    start: int,
    end: int,
    windows: Sequence[_Window],
    weights: Mapping[str, float],
    grounds: Grounds,
) -> Claim:
    text = answer[start:end]
    if len(text) > LONGEST_CLAIM or not is_claim(text) or len(windows) > MOST_WINDOWS:
        return _unread(answer, start, end)
    bare = plain(text)
    terms = tuple(dict.fromkeys(stems(fold(NEGATED_BOUND.sub(" ", bare)))))
    if SMALL.issuperset(terms):  # "never, not at all" says nothing of anything
        return _unread(answer, start, end)
    if not windows:
        return Claim(start, end, text, ClaimVerdict.UNSUPPORTED, 0.0)
    known = frozenset[str]().union(*(w.stems for w in windows))
    # "24 months" are there where "two years" are; whose they are, other rules ask.
    said = {s for v in values_of(bare) if grounds.has(v, bare) for s in stems(fold(v.text))} - known
    wanted = {t: weights.get(t, weights[""]) for t in terms if t not in said or said >= {*terms}}
    ranked = sorted(windows, key=lambda w: -coverage(wanted, w.stems))
    best = ranked[0]
    covered = coverage(wanted, best.stems)
    facts = _facts(bare, best, windows, grounds)
    # A claim may draw on several places; the closer together they are, the more it is worth.
    score = (covered + _near(wanted, windows) + _anywhere(wanted, windows)) / 3 * facts.factor
    cited = tuple(
        sorted({w.source for w in ranked[:8] if coverage(wanted, w.stems) >= 0.95 * covered})
    )
    if facts.contradicted and covered >= PARTIAL_AT:
        against = facts.against or cited
        return Claim(start, end, text, ClaimVerdict.CONTRADICTED, min(score, 0.2), (), against)
    verdict = _verdict(score, facts.complete)
    if verdict is ClaimVerdict.SUPPORTED and is_only_alike(bare, (w.text for w in windows)):
        verdict = ClaimVerdict.PARTIAL
    held = cited if verdict in {ClaimVerdict.SUPPORTED, ClaimVerdict.PARTIAL} else ()
    return Claim(start, end, text, verdict, score, held)


def _near(weights: Mapping[str, float], windows: Sequence[_Window]) -> float:
    """Return how much of a claim a few neighbouring windows hold together."""
    groups = (windows[i : i + WINDOW_SENTENCES] for i in range(len(windows)))
    return max(coverage(weights, *(w.stems for w in group)) for group in groups)


def _anywhere(weights: Mapping[str, float], windows: Sequence[_Window]) -> float:
    """Return how much of a claim the evidence holds at all."""
    return coverage(weights, frozenset[str]().union(*(w.stems for w in windows)))


def _verdict(score: float, complete: bool) -> ClaimVerdict:
    if score >= SUPPORTED_AT and complete:
        return ClaimVerdict.SUPPORTED
    return ClaimVerdict.PARTIAL if score >= PARTIAL_AT else ClaimVerdict.UNSUPPORTED


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the rules found: numbers, names and negation of a claim against its best window."""

    factor: float
    complete: bool
    contradicted: bool
    against: tuple[int, ...] = ()
    """Positions in the evidence of what says otherwise, where that is known."""


def _facts(claim: str, best: _Window, windows: Sequence[_Window], grounds: Grounds) -> _Facts:
    """Hold values, names and negation of a claim against the evidence.

    What is nowhere lowers the score; a value that is nowhere, where the best window gives another,
    contradicts. Minus five is not five. What stands there but of something else (`ownership.py`)
    makes the claim incomplete, and so never supported; where the evidence gives another value for
    the same thing, it contradicts.
    """
    values, names = values_of(claim), capitalised_in(claim)
    known = frozenset[str]().union(*(w.stems for w in windows))
    nowhere = [v for v in values if not grounds.has(v, claim)]
    unknown = [n for n in names if n not in known]
    below = negatives_in(claim)
    above = below.difference(*(negatives_in(w.text) for w in windows)) if below else below
    factor = 1.0
    if values or below:
        share = (len(nowhere) + len(above)) / (len(values) + len(below))
        factor *= 1.0 - VALUE_WEIGHT * share
    if names:
        factor *= 1.0 - NAME_WEIGHT * len(unknown) / len(names)
    contradicted = any(_rival(v, best) for v in nowhere)
    owner = find_owner(claim, grounds)
    if owner.standing is not Standing.OWNED:
        factor *= BORROWED_FACTOR
        contradicted = contradicted or owner.standing is Standing.DENIED
    closest = _closest(claim, best.text)
    terms = set(stems(claim))
    alike = len(terms & set(stems(closest))) >= SAME_STATEMENT * len(terms)
    turned = find_turn(claim, grounds)
    denied = alike and not turned.settled and denies(claim, closest)
    if turned.turn is Turn.OPPOSED or denied:
        factor *= NEGATION_FACTOR
        contradicted = True
    less = turned.turn is Turn.LESS or (not turned.settled and lacks_denial(claim, best.text))
    less = less or _is_scattered(claim, windows, grounds)
    if less and not contradicted:
        factor *= BORROWED_FACTOR
    dated = all(grounds.has_year(v) for v in values if v not in nowhere)
    whole = owner.standing is Standing.OWNED and turned.turn is Turn.NONE and not less
    complete = dated and whole and not (nowhere or above or unknown)
    against = {*owner.sources, *(turned.sources if turned.turn is Turn.OPPOSED else ())}
    return _Facts(factor, complete, contradicted, tuple(sorted(against)))


def _is_scattered(claim: str, windows: Sequence[_Window], grounds: Grounds) -> bool:
    """Tell whether the two words of a short claim that tell most stand nowhere near each other.

    "Laptops are managed", "returned within 30 days" and "the last day" are all there, and no laptop
    has to be returned. A longer claim may draw on several places.
    """
    statements = read_statements(claim)
    said = frozenset[str]().union(*(one.own | one.subject for one in statements))
    known = (said - SMALL) & grounds.known
    if len(statements) != 1 or not 2 <= len(known) <= MOST_WORDS:
        return False
    weights = grounds.weigh(known)
    telling = sorted(known, key=lambda word: (-weights[word], word))[:2]
    places = [*(one.full for one in grounds.statements), *(window.stems for window in windows)]
    return not any(place.issuperset(telling) for place in places)


def _rival(value: Value, window: _Window) -> bool:
    """Tell whether the window gives another value where the claim gives this one."""
    rivals = [v for v in window.values if v.kind is value.kind]
    if value.kind in {ValueKind.NUMBER, ValueKind.DURATION}:
        rivals = [v for v in rivals if v.unit == value.unit]
    if value.kind is ValueKind.DATE:  # "August 2024" says nothing against the 14th
        rivals = [v for v in rivals if not may_be_one_day(value, v)]
    return bool(rivals)


def capitalised_in(claim: str) -> list[str]:
    """Return the stems of capitalised words, without the word that opens the sentence."""
    plain_letters = fold(claim)
    words = list(WORD.finditer(plain_letters))[1:]
    spans = [(value.start, value.end) for value in values_of(plain_letters)]
    return [
        stem(m.group().lower())
        for m in words
        if m.group()[0].isupper()
        and m.group().lower() not in STOP_WORDS | ENGLISH_MARKERS
        and not any(start <= m.start() < end for start, end in spans)  # the EUR of EUR 450
    ]


def _closest(claim: str, window: str) -> str:
    """Return the sentence of a window that shares most words with the claim."""
    wanted = set(stems(claim))
    sentences = [window[s.start : s.end] for s in split_sentences(window)] or [window]
    return max(sentences, key=lambda s: len(wanted & set(stems(s))))


def _windows(evidence: Sequence[str]) -> list[_Window]:
    windows = []
    for source, text in enumerate(evidence):
        spans = split_sentences(text)
        for first in range(max(1, len(spans) - WINDOW_SENTENCES + 1) if spans else 0):
            last = min(first + WINDOW_SENTENCES, len(spans)) - 1
            piece = text[spans[first].start : spans[last].end]
            windows.append(_Window(source, piece, frozenset(stems(fold(piece))), values_of(piece)))
    return windows


class HasStems(Protocol):
    """A piece of a text with the stems of its words."""

    @property
    def stems(self) -> frozenset[str]:
        """The stems."""
        ...


def rarity(windows: Sequence[HasStems]) -> dict[str, float]:
    """Weigh stems by how few pieces hold them; the empty key is for stems none holds."""
    total = len(windows)
    counts: dict[str, int] = {}
    for window in windows:
        for word in window.stems:
            counts[word] = counts.get(word, 0) + 1
    weights = {w: 1.0 + math.log((1 + total) / (1 + n)) for w, n in counts.items()}
    return weights | {"": 1.0 + math.log(1 + total)}
