"""Whether what a text holds is told as true: not as a myth, a rumour or a question, nor as past.

"Lemmings jump off cliffs. This is a myth." and "Can I cancel at any time? No." have every word of
claims that they deny; "It is false that refunds are possible" has every word of a page, and denies
it. No word of them is turned around, so frames are looked for: which a sentence has, and which not.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from query.claims.certainty import is_negated
from query.claims.closeness import HALF, MARGIN
from query.text.sentences import split_sentences
from query.text.words import fold, stems

MOST: Final = 4000
"""Sentences of the evidence; no frame is looked for in more."""


class Frame(StrEnum):
    """How something is told that is not just said."""

    UNTRUE = "untrue"
    HARDLY = "hardly"
    DOUBTED = "doubted"
    SAID = "said"
    """By somebody who may be wrong."""
    PAST = "past"
    """So that it holds no longer."""
    ASKED = "asked"
    TWICE_DENIED = "twice_denied"
    EXCEPTED = "excepted"
    ENDED = "ended"


_FRAMES: Final = {
    Frame.UNTRUE: re.compile(
        r"\b(?:false(?:ly)?|untrue|incorrect(?:ly)?|wrong(?:ly)?|mistaken(?:ly)?|erroneous(?:ly)?"
        r"|myths?|misconceptions?|misbelief|hoax(?:es)?|fallacy|nonsense|disproved|disproven"
        r"|debunked|refuted|not true|no truth|lies that|lying)\b|[\u274c\u2717\u2718\u2716]"
        r"|\U0001f6ab|\U0001f44e",
        re.IGNORECASE,
    ),
    Frame.HARDLY: re.compile(
        r"\b(?:hardly|barely|scarcely|rarely|seldom|anything but|far from|by no means|in no way"
        r"|on no account|under no circumstances)\b",
        re.IGNORECASE,
    ),
    Frame.DOUBTED: re.compile(
        r"\b(?:doubt(?:s|ed|ful|ing)?|disbeliev\w+|unlikely|unclear|uncertain|questionable"
        r"|rumou?r(?:s|ed)?|alleg\w+|supposed(?:ly)?|purported(?:ly)?|imagine|pretend\w*"
        r"|hypothetical\w*|suspect(?:s|ed)?)\b",
        re.IGNORECASE,
    ),
    Frame.SAID: re.compile(
        r"\b(?:claim(?:s|ed)? that|(?:widely|often|commonly|sometimes|once|long) (?:said|thought"
        r"|believed|assumed|claimed)|(?:some|many|critics|opponents|others)(?: \w+)? (?:say|claim"
        r"|believe|argue|think)|accus(?:e[sd]?|ing)|argue[sd]? that|believe[sd]? that|insist\w*"
        r"|popular belief that)\b",
        re.IGNORECASE,
    ),
    Frame.PAST: re.compile(
        r"(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )(?<!\bbe )(?<!\bget )\bused to (?!\w+ing\b)",
        re.IGNORECASE,
    ),
    Frame.TWICE_DENIED: re.compile(
        r"(?:\b(?:not|never|no)|n['’]t)\W+(?:not|never|fail(?:s|ed)? to)\b", re.IGNORECASE
    ),
    Frame.EXCEPTED: re.compile(
        r"\b(?:except(?:ing)?|excluding|apart from|other than|with the exception of"
        r"|(?:but|though|although) not)\b",
        re.IGNORECASE,
    ),
    Frame.ENDED: re.compile(r"\bno longer\b(?! than)|\bany ?more\b", re.IGNORECASE),
    Frame.ASKED: re.compile(r"\?[\"'”’»)\]*_]*\s*$"),
}
_SAID_TOO: Final = re.compile(
    r"\b(?:sa(?:y|id|ys|ying)|th(?:ink|inks|ought)|belie\w+|claim\w*|argu\w+|regard\w*"
    r"|consider\w*|according|view\w*|opinion|report\w*|accus\w+|alleg\w+|den(?:y|ies|ied)"
    r"|suspect\w*|assum\w+|may|might|could|possibl\w+|perhaps)\b",
    re.IGNORECASE,
)
"""Makes a claim of what is said or doubted, and not of the thing itself."""
_ASKS_WHICH: Final = re.compile(
    r"^\W*(?:(?:q|question)\W+)?(?:(?:and|so|but|then|at|in|on|for|from|to|by|until|with|of)\W+){0,2}"
    r"(?:how|what|when|where|who|whom|whose|which|why)\b",
    re.IGNORECASE,
)
"""A question that takes for granted what it asks about: "How much is the fee? It is €55." """
_SURE: Final = re.compile(r"\bno doubt\b|\bwithout (?:a )?doubt\b|\bundoubtedly\b", re.IGNORECASE)
_TAKES_BACK: Final = re.compile(
    r"^\W*(?:this|that|it|both|these|those|all (?:of )?(?:this|that|these|those)|none of (?:this"
    r"|that|these|those)|nothing of (?:this|that|it))\b[^.;:]{0,40}$",
    re.IGNORECASE,
)
"""A short sentence about the one before it: "This is a myth." """
_MENDED: Final = re.compile(r"\b(?:until|but|however|in fact)\b", re.IGNORECASE)
_ENDS: Final = re.compile(
    r"\b(?:no longer|any ?more|until|till|end(?:s|ed)?|stop\w*|clos\w+|ceas\w+|discontinu\w+"
    r"|expir\w+|withdr\w+|before|former\w*|once|previous\w*|used to|abolish\w*|abandon\w*)\b",
    re.IGNORECASE,
)
_LIMITED: Final = re.compile(r"\b(?:only|unless|but|without|rather|instead)\b", re.IGNORECASE)
_NOTHING_OF: Final = re.compile(r"^\W*(?:none|nothing) of\b[^.;:]{0,30}\btrue\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Told:
    text: str
    stems: frozenset[str]
    frames: frozenset[Frame]


def frames_of(sentence: str) -> frozenset[Frame]:
    """Return the frames that a sentence has."""
    said = _SURE.sub(" ", sentence)
    found = frozenset(frame for frame, pattern in _FRAMES.items() if pattern.search(said))
    return found - {Frame.ASKED} if _ASKS_WHICH.match(said) else found


class Telling:
    """The sentences of the evidence, and in what frames they are told."""

    def __init__(self, evidence: Sequence[str]) -> None:
        """Read the sentences.

        Args:
            evidence: The texts.
        """
        self._told = tuple(one for text in evidence for one in _read(text))

    def is_otherwise_told(self, claim: str) -> bool:
        """Tell whether the evidence that has most of a claim's words tells it in another frame.

        Args:
            claim: One sentence.
        """
        mine, wanted = frames_of(claim), frozenset(stems(fold(claim)))
        if not wanted or not self._told or len(self._told) > MOST:
            return False
        shares = [len(wanted & one.stems) / len(wanted) for one in self._told]
        best = max(shares)
        if best < HALF:
            return False
        near = [
            one for one, share in zip(self._told, shares, strict=True) if share >= best - MARGIN
        ]
        return not any(_is_told_so(mine, one, claim) for one in near)


def _is_told_so(mine: frozenset[Frame], told: _Told, claim: str) -> bool:
    """Tell whether a sentence in some frames tells what a claim in others does."""
    theirs, sentence = told.frames, told.text
    lacking = theirs - mine - {Frame.EXCEPTED, Frame.ENDED}  # other rules know of these
    if is_negated(sentence) or _ENDS.search(sentence):
        theirs |= {Frame.ENDED}
    if is_negated(sentence) or _LIMITED.search(sentence):
        theirs |= {Frame.EXCEPTED}
    if Frame.UNTRUE in lacking and is_negated(claim):
        lacking -= {Frame.UNTRUE}  # "Lemmings do not jump off cliffs" is what a myth comes to
    if Frame.UNTRUE in mine & theirs or _SAID_TOO.search(claim):
        lacking -= {Frame.SAID, Frame.DOUBTED}
    extra = mine - theirs - {Frame.ASKED}
    if theirs & {Frame.SAID, Frame.DOUBTED, Frame.UNTRUE}:
        extra -= {Frame.SAID, Frame.DOUBTED}
    return not (lacking or extra)


def _read(text: str) -> Iterator[_Told]:
    spans = split_sentences(text)
    sentences = [text[span.start : span.end] for span in spans]
    for sentence, follows in pairwise([*sentences, ""]):
        frames = frames_of(sentence)
        if _NOTHING_OF.match(follows):
            frames |= {Frame.UNTRUE}
        elif _TAKES_BACK.match(follows.rstrip(" .!")):
            frames |= frames_of(follows) & {Frame.UNTRUE, Frame.DOUBTED}
        if _MENDED.search(sentence):
            frames -= {Frame.SAID}  # "It was long believed …, until it was found that …"
        yield _Told(sentence, frozenset(stems(fold(sentence))), frames)
