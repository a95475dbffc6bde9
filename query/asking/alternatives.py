"""Which of two is more: "Which is heavier, X or Y?" needs the weight of both.

A passage about one of them that gives its weight reads like an answer. So each is asked about
alone, by the measure that the comparison is about.
"""

import re
from collections.abc import Iterable
from typing import Final

from query.asking.coordination import Conjunct, conjuncts

_MEASURES: Final = (
    (r"cheaper|pricier|(?:more|less) expensive|costs? (?:more|less)", "How much does {} cost?"),
    (r"heavier|lighter|weighs? (?:more|less)", "How much does {} weigh?"),
    (r"longer|shorter|lasts? longer", "How long is {}?"),
    (r"taller|higher|lower", "How high is {}?"),
    (r"larger|bigger|smaller", "How large is {}?"),
    (r"wider|narrower", "How wide is {}?"),
    (r"deeper|shallower", "How deep is {}?"),
    (r"faster|quicker|slower", "How fast is {}?"),
    (r"older|newer|younger", "How old is {}?"),
)  # fmt: skip
_MORE: Final = "|".join(pattern for pattern, _ in _MEASURES)
_THING: Final = r"(?!(?:it|this|that|they|there)\b)[^,:?]{1,60}?"
_CHOICE: Final = re.compile(
    rf"\b(?:which|what|who)\b[^,:?]*?\b(?:{_MORE})\b(?:\s+(?:one|to \w+))?\s*[,:–-]?\s*"
    rf"(?P<one>{_THING})\s+or\s+(?P<other>{_THING})\s*\??$",
    re.IGNORECASE,
)
_THAN: Final = re.compile(
    rf"^\s*(?:is|are|was|were|does|do|did)\s+(?P<one>{_THING})\s+(?:{_MORE})\s+than\s+"
    rf"(?P<other>{_THING})\s*\??$",
    re.IGNORECASE,
)


def alternatives(text: str) -> tuple[Conjunct, ...]:
    """Return the two things that a question compares; nothing where it compares none."""
    match = _CHOICE.search(text) or _THAN.match(text)
    if match is None:
        return ()
    asked = next(
        (form for pattern, form in _MEASURES if re.search(rf"\b(?:{pattern})\b", text, re.I)), ""
    )
    return tuple(
        Conjunct(thing, (asked.format(thing),))
        for thing in (match["one"].strip(), match["other"].strip())
    )


def things_of(text: str) -> tuple[Conjunct, ...]:
    """Return what a simple question compares, or else asks for side by side."""
    return alternatives(text) or conjuncts(text)


def asked_alone(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the questions that may be asked for single things of these."""
    return tuple(one for text in texts for thing in things_of(text) for one in thing.alone)
