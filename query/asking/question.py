"""Understand a question without a language model: terms, names, numbers, answer type, parts."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from config.settings import GateSettings
from query.asking.clauses import split_parts
from query.asking.followups import Turn
from query.decision import Reason
from query.text.designators import Designator, find_designators
from query.text.language import question_problem
from query.text.legible import legible
from query.text.literals import acronyms_of, identifiers_of, is_inside_identifier, names_of
from query.text.releases import bare_releases
from query.text.values import Value, find_values
from query.text.words import content_terms


class AnswerType(StrEnum):
    """What kind of answer a question asks for."""

    PERSON = "person"
    PLACE = "place"
    DATE = "date"
    NUMBER = "number"
    MONEY = "money"
    DURATION = "duration"
    YES_NO = "yes_no"
    DEFINITION = "definition"
    PROCEDURE = "procedure"
    REASON = "reason"
    LIST = "list"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Question:
    """A question, normalised and taken apart."""

    text: str
    """As documents are read (`legible.py`), white space collapsed."""
    terms: tuple[str, ...]
    """Stems of the content words, each once, in order."""
    surface: tuple[str, ...]
    """The words those stems stand for."""
    names: tuple[str, ...]
    """Capitalised words and sequences that do not open the question."""
    identifiers: tuple[str, ...]
    """Codes with digits such as `TRN-204`, kept literal."""
    acronyms: tuple[str, ...]
    values: tuple[Value, ...]
    """Numbers, dates and amounts the question itself names."""
    designators: tuple[Designator, ...]
    """Names with a number, such as `Tern 2` or `version 3`."""
    answer_type: AnswerType
    parts: tuple[str, ...]
    """The simple questions a compound one consists of; one part: the question itself."""
    problem: Reason | None = None
    """Why the question cannot be worked on at all."""
    asked: str = ""
    """As it was asked, where earlier turns completed it."""
    earlier: tuple[Turn, ...] = ()
    """What was said before it, oldest first."""
    is_later_part: bool = False
    """Whether it goes on with what another part of a compound question asks before it."""

    @property
    def own_text(self) -> str:
        """The question as it was asked, without what earlier turns added to it."""
        return self.asked or self.text


_NOUN_BEFORE: Final = r"(?:\w+ )?"
_TYPE_RULES: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r"\bhow much (?:time|longer)\b|\bhow long\b", AnswerType.DURATION),
        (r"\b(?:notice|retention|waiting) period\b", AnswerType.DURATION),
        (r"\bhow (?:soon|quickly|fast)\b", AnswerType.DURATION),
        (r"\bwithin how many (?:days|hours|weeks)\b", AnswerType.DURATION),
        (
            r"\bhow much (?:does|do|did|is|are|was|will|may|money|can i (?:spend|claim))\b.*"
            r"\b(?:cost|pay|paid|price|spend|money|claim|worth|fee)",
            AnswerType.MONEY,
        ),
        (r"\bwhat (?:do|does|did|will|would)\b[^?]*\bcost\b", AnswerType.MONEY),
        (
            r"\bwhat (?:is|are|was) the (?:\w+ ){0,3}(?:price|cost|fee|salary|fare|budget)\b",
            AnswerType.MONEY,
        ),
        (
            r"\bhow (?:many|much|often|far|old|tall|large|big|high|deep)\b",
            AnswerType.NUMBER,
        ),
        (r"\bwhat (?:number|percentage|percent|share|fraction)\b", AnswerType.NUMBER),
        (r"\b(?:population|percentage) of\b", AnswerType.NUMBER),
        (r"\bwhen\b|\bsince when\b", AnswerType.DATE),
        (
            rf"\b(?:what|which) {_NOUN_BEFORE}(?:year|date|day|month|century|decade|time)\b",
            AnswerType.DATE,
        ),
        (r"\bwho(?:m|se)?\b|\bwhich person\b", AnswerType.PERSON),
        (r"\bwhere\b", AnswerType.PLACE),
        (
            r"\b(?:what|which) (?:city|country|state|place|town|region|continent|county)\b",
            AnswerType.PLACE,
        ),
        (
            r"^\s*(?:please )?(?:how (?:do|does|can|should|could|would|to)\b"
            r"|what (?:are the )?steps\b)",
            AnswerType.PROCEDURE,
        ),
        (r"\bwhy\b|\bwhat (?:is|was|are|were) the (?:reason|cause)", AnswerType.REASON),
        (r"^\s*what (?:is|are) (?:an? )?[\w-]+\s*\?*$", AnswerType.DEFINITION),
        (r"\bwhat does .+ (?:mean|stand for)\b|\bdefin(?:e|ition)\b", AnswerType.DEFINITION),
        (r"\b(?:what|which) (?:are|were)\b|\blist\b|\bname (?:all|the)\b", AnswerType.LIST),
        (r"\bwhat (?:kinds|types|sorts)\b", AnswerType.LIST),
        (
            r"^\s*(?:is|are|was|were|do|does|did|can|could|may|must|should|will|would|has|have"
            r"|am)\b",
            AnswerType.YES_NO,
        ),
    )
)


def normalise(text: str) -> str:
    """Return `text` as documents are read, with white space collapsed to single blanks."""
    text = text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair is no letter
    text = legible(text)
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in text).split())


def understand(text: str, settings: GateSettings, languages: frozenset[str]) -> Question:
    """Take a question apart.

    Args:
        text: The question as it came.
        settings: Limits on what counts as a question.
        languages: ISO codes of the languages that the encoder serves.
    """
    # A text far past the limit is not even normalised: its length alone decides.
    problem = question_problem(text, settings, languages)
    clean = normalise(text[: settings.max_question_chars])
    terms, surface = content_terms(clean)
    releases = bare_releases(clean)
    return Question(
        text=clean,
        terms=terms,
        surface=surface,
        names=names_of(clean),
        identifiers=identifiers_of(clean),
        acronyms=acronyms_of(clean),
        values=tuple(v for v in find_values(clean) if not _is_part_of_name(v, clean, releases)),
        designators=_designators(clean, releases),
        answer_type=answer_type(clean),
        parts=split_parts(clean) if problem is None else (clean,),
        problem=problem,
    )


def _designators(text: str, releases: Sequence[str]) -> tuple[Designator, ...]:
    """Return names with a number; "3.8.0" alone is a version."""
    found = find_designators(text)
    numbered = {one.number for one in found}
    return (*found, *(Designator("version", one) for one in releases if one not in numbered))


def _is_part_of_name(value: Value, text: str, releases: Sequence[str]) -> bool:
    """Tell whether a value is only part of a code, or of the number of a release."""
    inside = any(
        at <= value.start < at + len(one)
        for one in releases
        for at in (match.start() for match in re.finditer(re.escape(one), text))
    )
    return inside or is_inside_identifier(value, text)


def answer_type(text: str) -> AnswerType:
    """Tell what kind of answer `text` asks for; the first rule that matches decides."""
    return next((kind for rule, kind in _TYPE_RULES if rule.search(text)), AnswerType.OTHER)
