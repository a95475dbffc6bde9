"""Questions that no document answers: the same ones with a name, number or date exchanged."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from config.settings import GateSettings
from query.question import understand

ENGLISH = frozenset({"en"})
STRANGERS = (
    "Quellmark", "Varnholt", "Oskerby", "Trellimont", "Padruska", "Ibexford", "Nuvarro", "Zellwyn",
)  # fmt: skip
"""Names that are hardly in any collection; one that is, is not used."""
FAR = (
    "Who won the football world cup in 1974?",
    "How many moons does Saturn have?",
    "Which composer wrote the opera Tosca?",
    "What is the boiling point of ethanol?",
    "Who painted the ceiling of the Sistine Chapel?",
    "What is the longest river of South America?",
    "How many strings does a cello have?",
    "When was the Berlin Wall built?",
    "Which gas do plants take in for photosynthesis?",
    "Who discovered penicillin?",
    "What is the currency of Vietnam?",
    "How tall is Mount Kilimanjaro?",
)
_NUMBER = re.compile(r"(?<![\w.])\d{1,4}(?![\w.])|(?<=[A-Za-z]-)\d{1,4}\b|(?<=[a-z] )\d{1,3}\b")
_YEAR = re.compile(r"\b(?:19|20)\d{2}\b")


@dataclass(frozen=True, slots=True)
class Swapped:
    """A question about something the collection does not know."""

    question: str
    tier: str
    what: str
    """What was exchanged, for the person who reviews it."""


def swap(question: str, collection: str, chance: random.Random) -> Iterator[Swapped]:
    """Yield versions of a question whose exchanged part is nowhere in the collection.

    Args:
        question: One that is answered.
        collection: All text of the collection, in lower case.
        chance: Decides which stranger or number is taken.
    """
    # As names are read: one in a cell with a no-break space would otherwise not be found in it.
    question = " ".join(question.split())
    parsed = understand(question, GateSettings(), ENGLISH)
    for name in (name for name in parsed.names[:1] if name in question):
        stranger = chance.choice([s for s in STRANGERS if s.lower() not in collection] or [""])
        if stranger:
            text = question.replace(name, stranger, 1)
            yield Swapped(text, "entity_swap", f"{name} → {stranger}")
    for match in list(_YEAR.finditer(question))[:1]:
        years = [y for y in range(1953, 2100, 7) if str(y) not in collection]
        if years:
            year = str(chance.choice(years))
            text = question[: match.start()] + year + question[match.end() :]
            yield Swapped(text, "date_swap", f"{match.group()} → {year}")
            return
    for match in list(_NUMBER.finditer(question))[:1]:
        context = question[max(0, match.start() - 6) : match.start()].lower()
        numbers = [n for n in range(11, 100) if f"{context}{n}" not in collection]
        if numbers:
            number = str(chance.choice(numbers))
            text = question[: match.start()] + number + question[match.end() :]
            yield Swapped(text, "number_swap", f"{match.group()} → {number}")


def far_questions(collection: str) -> list[str]:
    """Return questions about the world whose names the collection does not hold."""
    found = []
    for question in FAR:
        parsed = understand(question, GateSettings(), ENGLISH)
        if not all(word.lower() in collection for word in parsed.surface):
            found.append(question)
    return found
