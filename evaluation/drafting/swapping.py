"""Questions that no document answers: the same ones with a name, number or date exchanged."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from config.settings import GateSettings
from query.asking.question import understand

ENGLISH = frozenset({"en"})
STRANGERS = (
    "Quellmark", "Varnholt", "Oskerby", "Trellimont", "Padruska", "Ibexford", "Nuvarro", "Zellwyn",
)  # fmt: skip
"""Names that are hardly in any collection; one that is, is not used."""
FAR = {
    "Who won the football world cup in 1974?": "football",
    "How many moons does Saturn have?": "saturn",
    "Which composer wrote the opera Tosca?": "tosca",
    "What is the boiling point of ethanol?": "ethanol",
    "Who painted the ceiling of the Sistine Chapel?": "sistine",
    "What is the longest river of South America?": "south america",
    "How many strings does a cello have?": "cello",
    "When was the Berlin Wall built?": "berlin wall",
    "Which gas do plants take in for photosynthesis?": "photosynthesis",
    "Who discovered penicillin?": "penicillin",
    "What is the currency of Vietnam?": "vietnam",
    "How tall is Mount Kilimanjaro?": "kilimanjaro",
}
"""Questions about the rest of the world, each with its subject."""
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
        if numbers := absent_numbers(collection):
            number = str(chance.choice(numbers))
            text = question[: match.start()] + number + question[match.end() :]
            yield Swapped(text, "number_swap", f"{match.group()} → {number}")


def absent_numbers(collection: str) -> list[int]:
    """Return numbers that are nowhere in the collection, of as few digits as there are any.

    What stands around a number says nothing: a table has "Tern 12" at the beginning of a line, and
    a question asks "of Tern 12".
    """
    for some in (range(11, 100), range(100, 1000), range(1000, 10_000)):
        if absent := [n for n in some if str(n) not in collection]:
            return absent
    return []


def far_questions(collection: str) -> list[str]:
    """Return questions about the world whose subject the collection does not mention.

    Only the subject counts: who writes that the Berlin Wall was erected in 1961 has said when it
    was built.
    """
    words = " ".join(collection.split())
    return [question for question, subject in FAR.items() if subject not in words]
