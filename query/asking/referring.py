"""Find what a question points at without naming it: "the workshop", "that ship", "it".

No grammar is parsed. A run of words behind an article or a demonstrative, up to the next word that
only joins words, is a noun with what stands before it and perhaps the verb behind it: `the ferry
company charge`. Which of these words is the noun, the evidence says (`unnamed.py`).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from query.text.words import QUESTION_SHAPE, STOP_WORDS, WORD, stem, table


class Pointing(StrEnum):
    """How a question points at a thing."""

    DEFINITE = "definite"
    """By an article: "the workshop"."""
    DEMONSTRATIVE = "demonstrative"
    """By a demonstrative: "that ship"."""


@dataclass(frozen=True, slots=True)
class Referent:
    """Something a question points at and does not name."""

    pointing: Pointing
    words: tuple[str, ...]
    """The run of words as they are written, in which the noun is."""

    @property
    def text(self) -> str:
        """The words for people."""
        return " ".join(self.words)


MOST_WORDS: Final = 4
"""Words of a run that are looked at."""
MOST_TERMS: Final = 3
"""Terms beside a pronoun without an antecedent; more of them say what is meant."""
_JOINING: Final = STOP_WORDS | table(
    """during after before since until against within without per via among across behind beside
    along around above below near versus because although though unless if while and or but nor not
    no than as like not only even ever yet still again called named mean means happen happens round
    happened cost costs there be been ago must might"""
)
_SPECIFYING: Final = table("of that which who whom whose where called named between")
"""Behind a noun, what follows says which one is meant."""
_PLACING: Final = table(
    "in at on near from to by for during after before with under over through round around across"
)
_SINGLING: Final = table(
    """first second third fourth fifth last next same only other current present former original
    previous following new newest latest earliest oldest best worst most least main whole entire
    average total right wrong very correct proper usual normal typical maximum minimum different
    such final past upcoming recent own one two three four five six seven eight nine ten"""
)
"""What is the first or the only one of its kind is told apart by that."""
_NO_KINDS: Final = table(
    """time times day days year years month months week weeks morning evening night moment century
    decade hour season way ways kind kinds type types sort sorts case cases reason reasons point
    end beginning start order world earth sun moon internet sky ground sea ocean government public
    people name names term terms word words number amount list rest top bottom middle side sides
    part parts purpose meaning definition origin history role use effect effects result results
    process example examples difference differences law past future country state states size
    length height width depth weight age price fee color colour speed"""
)
"""What is always known, or belongs to a thing and is none among several."""
VERBS: Final = table(
    """come go live take place make made play sung sang written begin open built found taken held
    seen done known born set run won lost given sold shown drawn grown led put lie stand sit say
    work cost charge pay need have get become happen"""
)
"""Most often the verb behind a noun, and no noun."""
_VERBAL: Final = re.compile(r"\w{2,}ed")
_SUPERLATIVE: Final = re.compile(
    r"(?!(?:for|inter|harv|requ|pri|gu|t|n|w|ch|cont|prot|qu|arr|conqu|inv)est$)\w{2,}est"
)
_NUMBER: Final = re.compile(r"\d")
_TOKEN: Final = re.compile(rf"{WORD.pattern}|[^\w\s]")
_DEMONSTRATIVES: Final = table("this that these those")
_BEFORE_THAT: Final = table(
    """is was are were did does do of in on at to from by for with about during after before near
    under over can will has have had than and or could would should may must won led built made
    founded wrote run runs own owns visit join use uses see cross leave reach"""
)
"""Words behind which `that` is a demonstrative; behind a noun or "say" it joins clauses."""
_SAYING: Final = table("wrote see")
"""Of these, words behind which both may stand."""
_DEGREES: Final = table("much many far long often good bad big high fast easy hard important late")
"""Behind "that" a measure: "that much better"."""
_HELPING: Final = table("do does did will would can could may might must shall should")
_OBJECTS: Final = table("the my our your their his her its a an any all every how what whether if")
_EMPTY: Final = re.compile(
    r"\b(?:is|was|would|will|may|can) it (?:\w+ )?(?:that|to|for|when|if|possible|allowed|permitted"
    r"|necessary|ok|okay|true|safe|legal|mandatory|required|correct|forbidden|worth|be)\b"
    r"|\bit (?:is|was|mean|means|called|matter|take|takes|took|cost to|been|in|rain|snow|feel)\b"
    r"|\bit (?:\w+ )?(?:that|to)\b|\bthey\b(?! (?:\w+ )?(?:are|were|have|had)\b)",
    re.IGNORECASE,
)
"""Pronouns that stand for nothing: "is it allowed", "when did they stop making …"."""
_PRONOUN: Final = re.compile(
    r"\b(?:(?-i:[Ii]t)|its|they|them|their|he|him|his|she|her|hers)\b", re.I
)
_ASKS_HOW: Final = re.compile(
    r"^\W*(?:(?:and|so|but) )?(?:how|what|which|whose) (?P<what>\w+)", re.I
)


def find_referents(text: str) -> tuple[Referent, ...]:
    """Return what a question points at and does not name itself, in order.

    Args:
        text: The question as it was asked, without what earlier turns added to it.
    """
    return tuple(_nouns([match.group() for match in _TOKEN.finditer(text)]))


def has_pronoun(text: str) -> bool:
    """Tell whether a question has a pronoun that stands for something."""
    return _PRONOUN.search(_EMPTY.sub(" ", _spelt(text))) is not None


def _spelt(text: str) -> str:
    """Return a text in small letters where all of it is in capitals; else "IT" is no pronoun."""
    return text.lower() if text.isupper() else text


def points_at_nothing(text: str, terms: Sequence[str]) -> bool:
    """Tell whether a pronoun of a short question stands for nothing that stands before it.

    Args:
        text: A question before which nothing was said.
        terms: Its terms.
    """
    if len(terms) > MOST_TERMS:
        return False
    plain = _EMPTY.sub(" ", _spelt(text))
    pronoun = _PRONOUN.search(plain)
    if pronoun is None:
        return False
    before = [word.lower() for word in WORD.findall(plain[: pronoun.start()])]
    if before and before[-1] in _PLACING:
        return False  # "in his eyes" may be a title
    telling = [word for word in before if word not in STOP_WORDS | QUESTION_SHAPE | {"may", "must"}]
    # "How deep may it go?": the word behind "how" or "what" is no thing that "it" could be.
    asks = _ASKS_HOW.search(plain)
    return not telling or (asks is not None and telling == [asks["what"].lower()])


def heads_of(referent: Referent) -> tuple[tuple[str, frozenset[str]], ...]:
    """Return the words of a run that may be its noun, with stems of those before it, last first."""
    words = [word.lower() for word in referent.words[:MOST_WORDS]]
    found = []
    for n in reversed(range(len(words))):
        if words[n] in _NO_KINDS or referent.words[n][0].isupper():
            break  # "the workforce types" are no workforce
        if len(words[n]) > 2 and words[n] not in VERBS and not _VERBAL.fullmatch(words[n]):
            found.append((words[n], frozenset(stem(word) for word in words[:n])))
    return tuple(found)


def _nouns(tokens: Sequence[str]) -> Iterator[Referent]:
    for index, word in enumerate(tokens):
        pointing = _pointing(word.lower(), tokens[index - 1].lower() if index else "")
        if pointing is None:
            continue
        run, after = _run(tokens[index + 1 :])
        if not _is_noun(tokens[max(0, index - 1) : index + 1], run, after):
            continue
        if run and _leaves_open(run) and not _is_specified(after, pointing):
            found = Referent(pointing, run)
            if heads_of(found) or run[0].islower():  # of "the Fenwick Bridge built" nothing is left
                yield found


def _pointing(word: str, before: str) -> Pointing | None:
    if word == "the":
        return Pointing.DEFINITE
    if word in _DEMONSTRATIVES and (word != "that" or before in _BEFORE_THAT or not before):
        return Pointing.DEMONSTRATIVE
    return None


def _is_noun(opening: Sequence[str], run: Sequence[str], after: Sequence[str]) -> bool:
    """Tell "those ships" from "those responsible", "wrote that book" from "wrote that books …"."""
    *before, article = (word.lower() for word in opening)
    if article in {"this", "that"} and run and run[0].lower() in _DEGREES:
        return False
    acts = not _HELPING.isdisjoint(before) and len(run) == 1 and bool(after)
    if article in {"this", "that"} and acts and after[0].lower() in _OBJECTS:
        return False  # "does this affect the pumps I have"
    if article in {"these", "those"}:
        return any(word.lower().endswith("s") for word in run)
    goes_on = bool(after) and after[0][0].isalnum()
    return article != "that" or not goes_on or _SAYING.isdisjoint(before)


def _run(tokens: Sequence[str]) -> tuple[tuple[str, ...], Sequence[str]]:
    """Return the words up to the next one that only joins, and what follows."""
    run: list[str] = []
    for index, word in enumerate(tokens):
        if not word[0].isalnum() or word.lower() in _JOINING:
            return tuple(run), tokens[index:]
        possessive = re.fullmatch(r"(\w+)['’]s?", word)
        run.append(possessive[1] if possessive else word)
        if possessive:
            break
    return tuple(run), ()


def _leaves_open(run: Sequence[str]) -> bool:
    """Tell whether the words of a run are not a name, and do not single one thing out."""
    low = [word.lower() for word in run]
    if low[0] in _NO_KINDS or any(w in _SINGLING or _SUPERLATIVE.fullmatch(w) for w in low[:2]):
        return False
    if any(_NUMBER.search(word) for word in run):
        return False
    return not run[-1][0].isupper()  # "the Arctic expedition", and not "the Fenwick Bridge"


def _is_specified(after: Sequence[str], pointing: Pointing) -> bool:
    if not after or pointing is Pointing.DEMONSTRATIVE:
        return False
    if after[0].lower() in _SPECIFYING:
        return True
    if after[0].lower() not in _PLACING or len(after) < 2:
        return False
    following = after[1:]
    if following[0].lower() in {"the", *_DEMONSTRATIVES}:
        # "the bridge in the harbour": it is the harbour that may be left open.
        return len(following) > 1 and following[1].lower() not in _NO_KINDS
    return any(word[0].isupper() or word[0].isdigit() for word in following[:4])
