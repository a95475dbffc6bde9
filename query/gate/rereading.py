"""A question read once more in the light of what was found: with its capitals, without slips."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from config.settings import GateSettings
from indexing.errors import ModelError
from query.asking.capitals import capitals_of, is_careless, is_shouted, with_capitals
from query.asking.question import Question, understand
from query.asking.special_letters import written_otherwise
from query.asking.spelling import are_spoken_of, mistyped, with_spelling
from query.decision import Reason, ReasonCode
from query.resilience import CircuitOpenError, OverdueError
from query.text.passages import Passage

Change = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Rereading:
    """How a question is read once more."""

    settings: GateSettings
    languages: frozenset[str]
    encoder: Any
    """Cuts words to pieces, within its deadline."""

    def with_capitals(self, part: Question, passages: Sequence[Passage]) -> Question:
        """Return a question with the capitals of the evidence, where its own tell nothing."""
        if not is_careless(part.own_text):
            return part
        capitals = capitals_of(part.text, passages)
        changed = with_capitals(part.text, capitals)
        if changed == part.text:
            return part
        return self._again(part, lambda text: with_capitals(text, capitals))

    def with_letters(self, part: Question, passages: Sequence[Passage]) -> Question:
        """Return a question with its words in the letters of the evidence: Lodz is Łódź there."""
        read = written_otherwise(part.text, passages)
        return self._again(part, lambda text: with_spelling(text, read)) if read else part

    def spelt(self, part: Question, passages: Sequence[Passage]) -> "Respelt | None":
        """Return a question without its slips of the finger; none where it seems to have none."""
        shouted = is_shouted(part.own_text)
        plain = part.text.lower() if shouted else part.text
        try:
            read = mistyped(plain, passages, self.encoder)
        except (ModelError, OverdueError, CircuitOpenError):
            return None
        if not read:
            return None

        def change(text: str) -> str:
            return with_spelling(text.lower() if shouted else text, read)

        return Respelt(self._again(part, change), read)

    def _again(self, part: Question, change: Change) -> Question:
        """Take a question apart anew after a change of its text."""
        simple = understand(change(part.text), self.settings, self.languages)
        return replace(
            simple, asked=change(part.asked), earlier=part.earlier, is_later_part=part.is_later_part
        )


@dataclass(frozen=True, slots=True)
class Respelt:
    """A question without its slips of the finger."""

    question: Question
    read: Mapping[str, str]
    """What each mistyped word is read as."""

    @property
    def reason(self) -> Reason:
        """Says so."""
        said = ", ".join(f"{word!r} as {meant!r}" for word, meant in self.read.items())
        return Reason(ReasonCode.READ_AS, f"Read {said}.")

    def holds(self, passages: Sequence[Passage]) -> bool:
        """Tell whether its candidates speak of what the words are read as."""
        return are_spoken_of(self.read.values(), passages)
