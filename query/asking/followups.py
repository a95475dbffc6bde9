"""Make a follow-up question stand on its own, by the words of the turn before it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from query.asking.courtesies import COURTESY, without_courtesy
from query.asking.letters import asked_in
from query.asking.mentions import named_side_by_side
from query.asking.naming_nothing import agrees, names_nothing
from query.asking.referring import has_pronoun, points_at_nothing
from query.text.designators import find_designators
from query.text.legible import legible
from query.text.words import PRONOUNS, STOP_WORDS, WORD, only_asks, stem

_REFERS: Final = re.compile(
    r"\b(?:(?-i:[Ii]t)|its|they|them|their|theirs|he|him|his|she|her|hers|those|these|former|latter)\b"
    r"|\b(?:this|that)\b(?=\s*(?:$|[?.!,]|(?:is|was|one)\b|mean|work|apply|happen|cost|take))"
    r"|^\s*(?:and|what about|how about|or|so)\b",
    re.IGNORECASE,
)
_EXPLETIVE: Final = re.compile(
    r"\b(?:is|was|would|will|may|can) it (?:possible|allowed|permitted|necessary|ok|okay|true|safe"
    r"|legal|mandatory|required|correct|forbidden|worth|be)\b|\bit is\b"
    r"|\bdoes it (?:take|matter)\b",
    re.IGNORECASE,
)
_PERSON: Final = re.compile(r"\b(?:he|him|his|she|her|hers)\b", re.IGNORECASE)
_ASKS_WHO: Final = re.compile(r"\bwho(?:m|se)?\b", re.IGNORECASE)
_FULL_NAME: Final = re.compile(
    r"\b(?P<named>(?:is|was|by) )?(?P<name>[A-ZÀ-Þ][\w'’-]+(?: [A-ZÀ-Þ][\w'’-]+){1,2})"
)
_OF_IT: Final = re.compile(
    r"\W*(?:(?:[Aa]nd|[Oo]r|[Ww]hat about|[Hh]ow about) )?[Tt]he [a-z][\w-]*(?: [a-z][\w-]*)?\W*$"
)
"""A bare noun in small letters is more often something of what was talked of than another thing."""
BORROWED: Final = re.compile(r"\([^()]+\)$")
"""The topic that `resolve` appends."""
ADDED: Final = re.compile(r"\s\([^()]*\)(?=\??$)")
"""What `resolve` and `with_subject` (`clauses.py`) put behind what leans on something else."""
_FEW_TERMS: Final = 4
_MOSTBORROWED: Final = 6
"""Words of one turn."""
_MOST_CHAINED: Final = 9
"""Words of all turns together."""
_LONGEST_READ: Final = 2000
"""Characters of a turn in which its topic is looked for: people paste pages."""
_LONGEST_WORD: Final = 40
"""Letters of a word; what is longer is a key or a file, and names no topic."""
ASKER: Final = "user"
"""Speaker of a turn of which nothing else is said."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier turn of a conversation."""

    speaker: str
    text: str

    @property
    def is_asked(self) -> bool:
        """Whether whoever asks said it."""
        return self.speaker.lower() in {ASKER, "human"}


def read_history(history: Sequence[Any] | None) -> tuple[Turn, ...]:
    """Read earlier turns, oldest first: texts, turns, or objects with `speaker`/`role` and `text`.

    The text may be in `content`, and in parts (`[{"type": "text", "text": …}]`), as chat models
    take it; parts without text are left out.
    """
    turns = []
    for item in [history] if isinstance(history, str) else history or ():
        if isinstance(item, str):
            turns.append(Turn(ASKER, legible(item)))
        elif isinstance(item, Turn):
            turns.append(Turn(item.speaker, legible(item.text)))
        elif isinstance(item, Mapping):
            speaker = str(item.get("speaker") or item.get("role") or ASKER)
            text = _text_of(item.get("text") or item.get("content"))
            turns.append(Turn(speaker, legible(text)))
    return tuple(turns)


def _text_of(content: Any) -> str:
    if isinstance(content, Mapping):
        return _text_of(content.get("text"))
    if isinstance(content, list | tuple):
        return " ".join(text for part in content if (text := _text_of(part)))
    return str(content or "")


def refers_back(question: str) -> bool:
    """Tell whether a question leans on something said before."""
    text = question.lower() if question.isupper() else question  # else "IT" is a department
    return bool(_REFERS.search(_EXPLETIVE.sub(" ", text)))


def content_words(text: str) -> list[str]:
    """Return the words of `text` that carry its topic, each once, in order."""
    words = (m.group() for m in WORD.finditer(text))
    topical = (w for w in words if w.lower() not in STOP_WORDS | PRONOUNS and len(w) > 1)
    return list(dict.fromkeys(topical))


def resolve(question: str, turns: Sequence[Turn]) -> str:
    """Append the topic of the last user turn to a question that needs it.

    A question with enough words of its own, or without an earlier user turn, stays as it is. Where
    that turn leans on what was said before it, as "And is it rare?" does, so does the topic.
    """
    own = content_words(question)
    if len(own) > 2 * _FEW_TERMS or not _leans(question, own):
        return question
    known = {stem(word.lower()) for word in own}
    # "And for the Heron?" is about no Tern 4; nor is a person about the place where he was met.
    points = not own or has_pronoun(question) or _OF_IT.match(question) is not None
    points = points and not _PERSON.search(question)
    topic: list[str] = []
    if turns and agrees(question, offered := _asked_back(turns[-1])):
        topic += content_words(offered)[:_MOSTBORROWED]  # "Do you mean the Tern 4?" - "Yes."
        known |= {stem(word.lower()) for word in topic}
    for turn in reversed([turn for turn in turns if turn.is_asked]):
        text = turn.text[:_LONGEST_READ]
        said = without_courtesy(asked_in(text))
        words = content_words(said)
        words = [w for w in words if w.lower() not in COURTESY and len(w) <= _LONGEST_WORD]
        fresh = [word for word in words if stem(word.lower()) not in known]
        topic += (_numbered(said, fresh) if points else fresh)[:_MOSTBORROWED]
        known |= {stem(word.lower()) for word in fresh}
        if fresh and not _goes_on(text, words):
            break
    topic = [*_person_answered(question, turns), *topic]
    return f"{question.rstrip()} ({' '.join(topic[:_MOST_CHAINED])})" if topic else question


def _numbered(said: str, words: Sequence[str]) -> list[str]:
    """Return the words of a turn with the number of the one thing that it names by one.

    A `Tern 4` is no `Tern`. Of several ("the Tern 2 and the Tern 4") none is meant alone.
    """
    found = find_designators(said)
    if len(found) != 1 or any(named_side_by_side(said)):
        return list(words)
    (only,) = found
    if only.head not in words:
        return list(words)
    beside = (word for word in words if word not in WORD.findall(only.number))
    return [only.text if word == only.head else word for word in beside]


def _person_answered(question: str, turns: Sequence[Turn]) -> list[str]:
    """Return the name that answered "Who …?", for a question about him or her."""
    asked = [number for number, turn in enumerate(turns) if turn.is_asked]
    if not asked or not _PERSON.search(question) or not _ASKS_WHO.search(turns[asked[-1]].text):
        return []
    answer = " ".join(turn.text for turn in turns[asked[-1] + 1 :])
    names = [
        match
        for match in _FULL_NAME.finditer(answer)
        if not STOP_WORDS & set(match["name"].lower().split())
    ]
    behind = [match for match in names if match["named"]]
    return (behind or names)[0]["name"].split() if names else []


def _leans(question: str, own: Sequence[str]) -> bool:
    """Tell whether a question needs what was said before, by its content words."""
    if len(own) < 3 or all(map(only_asks, own)):
        return True
    return refers_back(question) and len(own) <= _FEW_TERMS + 2


def _goes_on(turn: str, words: Sequence[str]) -> bool:
    """Tell whether an earlier turn itself needs what was said before it."""
    return all(map(only_asks, words)) or (refers_back(turn) and len(words) <= _FEW_TERMS + 2)


def _asked_back(last: Turn) -> str:
    """Return what was asked back; empty where nothing was."""
    return "" if last.is_asked or "?" not in last.text else last.text


def is_underspecified(question: str, terms: Sequence[str], earlier: Sequence[Turn] = ()) -> bool:
    """Tell whether a question does not say what it is about, nor anything before it.

    Args:
        question: With what earlier turns added to it.
        terms: Its terms.
        earlier: What was said before it.
    """
    topical = bool(earlier) and BORROWED.search(question) is not None
    said = [match.group().lower() for match in WORD.finditer(question)]
    if not earlier and all(word in COURTESY for word in said):
        return True
    if earlier and names_nothing(BORROWED.sub("", question).strip(), _asked_back(earlier[-1])):
        return True
    if not terms or (refers_back(question) and len(terms) <= 2 and not topical):
        return True
    return not earlier and points_at_nothing(question, terms)
