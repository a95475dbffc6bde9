"""How the sentence that covers a question best still differs from it: a negation, an opposite.

Questions made to look answerable keep the words of a passage and turn one of them around.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from query.asking.question import Question
from query.text.passages import Passage, Sentence, coverage
from query.text.words import ENGLISH_MARKERS, STOP_WORDS, WORD, stem

_NEGATION: Final = re.compile(
    r"\b(?:not|no|never|none|neither|nor|without|cannot|nobody|nothing|unable|refus\w+|fail\w*"
    r"|lack\w*|except|least)\b|n['’]t\b",
    re.IGNORECASE,
)
_PAIRS: Final = """
    most/least more/less more/fewer many/few first/last before/after above/below increase/decrease
    increased/decreased rise/fall high/low higher/lower highest/lowest large/small larger/smaller
    largest/smallest big/small early/late earlier/later earliest/latest old/new older/newer
    oldest/newest old/young oldest/youngest start/end began/ended begin/end open/close win/lose
    won/lost north/south northern/southern east/west eastern/western northeast/southwest male/female
    men/women man/woman father/mother son/daughter internal/external inside/outside upper/lower
    left/right positive/negative major/minor public/private always/never strong/weak stronger/weaker
    long/short longer/shorter longest/shortest fast/slow best/worst better/worse easy/hard
    easy/difficult simple/complex accept/reject accepted/rejected support/oppose supported/opposed
    allow/prevent include/exclude legal/illegal possible/impossible equal/unequal rich/poor
    day/night import/export gain/loss minimum/maximum natural/artificial successful/unsuccessful
    known/unknown happy/unhappy
"""


def _opposites() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for pair in _PAIRS.split():
        one, other = pair.split("/")
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return {word: frozenset(others) for word, others in found.items()}


OPPOSITES: Final = _opposites()
NAMES: Final = ("negation_unmet", "opposite_word", "capitals_met")


def likeness(
    question: Question, weights: Mapping[str, float], top: Sequence[Passage]
) -> dict[str, float]:
    """Return the features named in `NAMES`.

    Args:
        question: The question.
        weights: Weight of every question term.
        top: The passages that are looked at closely, best first.
    """
    best = best_sentence(weights, top)
    if best is None:
        return dict.fromkeys(NAMES, 0.0)
    asked = {m.group().lower() for m in WORD.finditer(question.text)}
    said = {m.group().lower() for m in WORD.finditer(best.text)}
    turned = any(w not in said and OPPOSITES.get(w, frozenset()) & said for w in asked)
    negated = bool(_NEGATION.search(question.text)) and not _NEGATION.search(best.text)
    capitals = {
        stem(m.group().lower())
        for m in list(WORD.finditer(question.text))[1:]
        if m.group()[0].isupper() and m.group().lower() not in STOP_WORDS | ENGLISH_MARKERS
    }
    met = sum(c in best.stems for c in capitals) / len(capitals) if capitals else 1.0
    return {
        "negation_unmet": float(negated),
        "opposite_word": float(turned),
        "capitals_met": met,
    }


def best_sentence(weights: Mapping[str, float], top: Sequence[Passage]) -> Sentence | None:
    """Return the sentence that covers a question best, by itself and with what stands around it."""
    best: tuple[float, Sentence] | None = None
    for rank, passage in enumerate(top):
        before: frozenset[str] = frozenset()
        for sentence in passage.sentences:
            own = coverage(weights, sentence.stems)
            around = max(
                coverage(weights, sentence.stems, before, passage.context),
                coverage(weights, sentence.stems, passage.context),
            )
            score = own + 0.5 * (around - own) - 0.02 * rank
            if best is None or score > best[0]:
                best = score, sentence
            before = sentence.stems
    return best[1] if best else None
