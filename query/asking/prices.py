"""The other way to ask what a thing costs: "What does the Tern 4 cost?" asks for its price.

Price lists hold the word "price" and hardly ever "cost"; a page on what something else costs, with
the thing's name, then stands before them.
"""

import re
from typing import Final

from query.text.passages import Passage
from query.text.values import ValueKind, find_values
from query.text.words import stem

_PRICE: Final = frozenset(map(stem, ("price", "fee", "fees", "free")))
_THING: Final = r"(?P<thing>(?!(?:it|this|that|they|these|those)\b)[^?,;]{2,80}?)"
_COSTS: Final = re.compile(
    rf"^\W*(?:what|how much) (?:does|do|will|would) {_THING} cost(?P<rest>[^?]*)\??\s*$"
    rf"|^\W*how much (?:is|are) (?P<what>(?:an?|one) [^?,;]{{2,80}}?)\??\s*$",
    re.IGNORECASE,
)


def speaks_of_price(passage: Passage) -> bool:
    """Tell whether a passage has an amount of money, or a word that stands for nothing else.

    A concrete wall that "costs 20 dB" says nothing of a price.
    """
    if _PRICE & (passage.stems | passage.context):
        return True
    return any(value.kind is ValueKind.MONEY for value in find_values(passage.text))


def asked_for_price(text: str) -> str:
    """Return a question for the price of what somebody asks the cost of; empty for others.

    Args:
        text: A simple question.
    """
    match = _COSTS.match(text)
    if match is None:
        return ""
    thing, rest = match["thing"] or match["what"], match["rest"] or ""
    return f"What is the price of {thing}{rest}?"
