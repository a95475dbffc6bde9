"""Understand a question without a language model: terms, names, numbers, answer type, parts."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from config.settings import GateSettings
from query.decision import Reason
from query.designators import Designator, find_designators
from query.followups import Turn
from query.language import question_problem
from query.values import Value, ValueKind, find_values
from query.words import ENGLISH_MARKERS, STOP_WORDS, WORD, stem, table


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
    """NFC, white space collapsed."""
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

_IDENTIFIER: Final = re.compile(
    r"(?<![\w.-])(?=[\w./-]*\d)(?=[\w./-]*[A-Za-z])[A-Za-z0-9]+(?:[-_./][A-Za-z0-9]+)*(?![\w-])"
)
_ORDINARY: Final = re.compile(
    r"\d+(?:st|nd|rd|th|s|k|m|x|am|pm|h|d|kg|km|gb|mb|tb|ms|cm|mm|bn)|\d{1,4}-(?:[a-z]+)(?:-[a-z]+)*"
    r"|[a-z]+-\d{4}|\d+(?:\.\d+)?[a-z]{1,2}",
    re.IGNORECASE,
)
_ACRONYM: Final = re.compile(r"(?<![\w-])[A-Z]{2,6}(?:s)?(?![\w-])")
_HONORIFICS: Final = table("mr mrs ms dr prof st")
_HONORIFIC: Final = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|St)\.$")
_PLURAL_AND: Final = re.compile(
    r"^(?P<head>what (?:is|are|was|were)) (?P<a>(?:the|our|my|your) [^?,]+?) and "
    r"(?P<b>(?:the|our|my|your) [^?,]+?)\s*\??$",
    re.IGNORECASE,
)
_NOT_COMPOUND: Final = re.compile(
    r"\b(?:between|both|differen\w*|compar\w*|relation\w*|either|together|versus|vs)\b",
    re.IGNORECASE,
)
_CLAUSE_AND: Final = re.compile(
    r"[,;]?\s+(?:and|or|but)\s+(?:also\s+)?(?=(?:who|whom|whose|what|when|where|why|which|how)\b"
    r"|(?:is|are|was|were|do|does|did|can|could|must|may|should|will|has|have)\s+(?:the|a|an|it|they"
    r"|he|she|there|i|we|you|my|our|this|that)\b)",
    re.IGNORECASE,
)
_THAT_OF: Final = re.compile(r"\b(?:that|those|the one|the ones) of\b", re.IGNORECASE)
_OWNED: Final = re.compile(
    r"\b(?P<what>(?:the|our|my|your|an?) [\w-]+(?: [\w-]+)?) of\b", re.IGNORECASE
)
_ASKING: Final = re.compile(
    r"\b(?:who|what|when|where|why|which|how|whom|whose)\b|^\s*(?:is|are|was|were|do|does|did|can"
    r"|could|must|may|should|will|has|have)\b",
    re.IGNORECASE,
)


def normalise(text: str) -> str:
    """Return `text` in NFC with white space and control characters collapsed to single blanks."""
    text = text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair is no letter
    text = unicodedata.normalize("NFC", text)
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
    terms, surface = _terms(clean)
    return Question(
        text=clean,
        terms=terms,
        surface=surface,
        names=_names(clean),
        identifiers=_identifiers(clean),
        acronyms=_acronyms(clean),
        values=tuple(v for v in find_values(clean) if not _inside_identifier(v, clean)),
        designators=find_designators(clean),
        answer_type=answer_type(clean),
        parts=split_parts(clean) if problem is None else (clean,),
        problem=problem,
    )


def answer_type(text: str) -> AnswerType:
    """Tell what kind of answer `text` asks for; the first rule that matches decides."""
    return next((kind for rule, kind in _TYPE_RULES if rule.search(text)), AnswerType.OTHER)


def split_parts(text: str) -> tuple[str, ...]:
    """Split a simple compound question; a later part without a subject borrows the first one's."""
    parts = [p.strip() for p in re.split(r"(?<=\?)\s+", text) if WORD.search(p)]
    if len(parts) == 1 and not _NOT_COMPOUND.search(text):
        pair = _PLURAL_AND.match(text)
        if pair:
            return tuple(f"{pair['head']} {pair[side]}?" for side in "ab")
        parts = [p.strip(" ,;") for p in _CLAUSE_AND.split(text)]
    if not 2 <= len(parts) <= 4 or not all(_ASKING.search(p) for p in parts):
        return (text,)
    if not _terms(parts[0])[0]:
        return (text,)  # "When and where is …": two question words, one question
    return (parts[0], *(_with_subject(part, parts[0]) for part in parts[1:]))


def _with_subject(part: str, first: str) -> str:
    owned = _OWNED.search(first)
    if owned and _THAT_OF.search(part):  # "… the warranty of a Tern, and how long is that of a …"
        return _THAT_OF.sub(f"{owned['what']} of", part)
    leans = re.search(r"\b(?:it|its|they|their|them|he|she|his|her|one|that|those)\b", part, re.I)
    if len(_terms(part)[0]) > (2 if leans else 1):
        return part
    subject = _names(first) or _terms(first)[1][-3:]
    missing = [word for word in subject if word.lower() not in part.lower()]
    return f"{part.rstrip('?').rstrip()} ({' '.join(missing)})?" if missing else part


def _terms(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found: dict[str, str] = {}
    for match in WORD.finditer(text):
        word = match.group()
        if word.lower() not in STOP_WORDS and (len(word) > 1 or word.isdigit()):
            found.setdefault(stem(word.lower()), word)
    return tuple(found), tuple(found.values())


def _names(text: str) -> tuple[str, ...]:
    words = list(WORD.finditer(text))
    capitals = [w for w in words if w.group()[0].isupper()]
    if len(words) > 3 and len(capitals) > 0.6 * len(words):
        return ()  # a title or shouting: capitals say nothing
    names: list[list[re.Match[str]]] = []
    for index, word in enumerate(words):
        before = text[: word.start()].rstrip()
        opens = index == 0 or (
            before[-1:] in {".", "?", "!", ":"} and not _HONORIFIC.search(before)
        )
        ordinary = word.group().lower() in STOP_WORDS | ENGLISH_MARKERS | _HONORIFICS
        if not word.group()[0].isupper() or ordinary or opens or _is_code(word, text):
            continue
        joined = names and text[names[-1][-1].end() : word.start()] in {" ", "-", " of ", " de "}
        names[-1].append(word) if joined else names.append([word])
    found = (text[group[0].start() : group[-1].end()] for group in names)
    return tuple(dict.fromkeys(re.sub(r"['’]s$", "", name) for name in found))


def _is_code(word: re.Match[str], text: str) -> bool:
    around = (m for m in _IDENTIFIER.finditer(text) if m.start() <= word.start() < m.end())
    return len(word.group()) < 2 or any(True for _ in around) or word.group().isupper()


def _identifiers(text: str) -> tuple[str, ...]:
    found = (m.group().rstrip(".") for m in _IDENTIFIER.finditer(text))
    return tuple(dict.fromkeys(code for code in found if not _ORDINARY.fullmatch(code)))


def _acronyms(text: str) -> tuple[str, ...]:
    if text.isupper():
        return ()
    return tuple(dict.fromkeys(m.group().removesuffix("s") for m in _ACRONYM.finditer(text)))


def _inside_identifier(value: Value, text: str) -> bool:
    codes = (m for m in _IDENTIFIER.finditer(text) if not _ORDINARY.fullmatch(m.group()))
    return any(m.start() <= value.start < m.end() for m in codes) or (
        value.kind is ValueKind.NUMBER and value.text.isalpha() and len(value.text) < 4
    )
