"""Split a compound question into the simple ones it consists of, each standing on its own.

"Who can apply for the allowance, and which documents are needed?" asks twice. A later part that
names no subject borrows that of the first, in brackets behind it: it is searched for alone. What
stands side by side inside one question ("the length and weight of …") is another matter
(`coordination.py`).
"""

import re
from typing import Final

from query.text.designators import find_designators
from query.text.literals import identifiers_of, names_of
from query.text.sentences import split_sentences
from query.text.words import WORD, content_terms

MOST: Final = 4
"""Parts of one sentence; what seems to have more is left whole."""

_WH: Final = r"(?:who|whom|whose|what|when|where|why|which|how|whether)"
_BEFORE_WH: Final = r"(?:(?:in|at|by|on|for|from|to|with|of|under|until|since|about)\s+)?"
_VERBS: Final = r"(?:is|are|was|were|do|does|did|can|could|must|may|should|will|has|have)"
_NOT_COMPOUND: Final = re.compile(
    r"\b(?:between|both|differen\w*|compar\w*|relation\w*|either|together|versus|vs)\b",
    re.IGNORECASE,
)
_CLAUSE_AND: Final = re.compile(
    rf"[,;]?[\s(]+(?:and|or|but|plus|then)\s+(?:also\s+|if so,?\s+|then\s+)?(?={_BEFORE_WH}{_WH}\b"
    rf"|{_VERBS}\s+(?:the|a|an|it|they|he|she|there|i|we|you|my|our|this|that)\b)",
    re.IGNORECASE,
)
_CLAUSE_COMMA: Final = re.compile(
    rf",\s+(?={_BEFORE_WH}(?:who|whom|what|when|where|why|how)\b)", re.IGNORECASE
)
"""In a list that ends with "and …" only; "which" behind a comma rather says more of a thing."""
_AFTER_MARK: Final = re.compile(r"(?<=\?)\s+")
"""Where people go on in small letters, too."""
_IS_WHAT: Final = re.compile(r"^\s*what(?:\s+(?:is|are|was|were)|['’]s)\b", re.IGNORECASE)
_THAT_OF: Final = re.compile(r"\b(?:that|those|the one|the ones) of\b", re.IGNORECASE)
_OWNED: Final = re.compile(
    r"\b(?P<what>(?:the|our|my|your|an?) [\w-]+(?: [\w-]+)?) of\b", re.IGNORECASE
)
_ASKING: Final = re.compile(rf"\b{_WH}\b|^\s*{_VERBS}\b", re.IGNORECASE)
_REQUESTING: Final = re.compile(
    r"^\s*(?:please\s+)?(?:tell me|explain|describe|list|give me|show me|compare"
    r"|i(?:['’]d| would) like|i (?:need|want)|let me know|first,? tell me|(?:can|could) you)\b",
    re.IGNORECASE,
)
_QUESTION_WORD_ONLY: Final = re.compile(
    rf"^\s*{_BEFORE_WH}{_WH}(?:\s+\w+)?$"
    rf"|\b(?:explain|tell me|describe|show me|know|understand)\s+{_WH}$",
    re.IGNORECASE,
)
_WISH: Final = re.compile(
    r"^\s*i(?:['’]d like|['’]ll need| would like| will need| need| want) "
    r"(?!to (?:know|learn|hear|ask|understand)\b)",
    re.IGNORECASE,
)
_POINTS_BACK: Final = re.compile(r"\b(?:this|that|it|so|them)\b", re.IGNORECASE)
_MORE_OF_IT: Final = re.compile(
    r"^\W*(?:and |if so,? |but )?(?:(?:in )?(?:what|which) ways?|how so|how exactly|how come"
    r"|which ones?)\W*$",
    re.IGNORECASE,
)
"""Asks to hear more of the answer to the question before it."""
_OPENER: Final = re.compile(r"^(?:(?:and|also|besides|then|plus|finally)\b,?\s*)+", re.IGNORECASE)
_LEANS: Final = re.compile(
    r"\b(?:it|its|they|their|them|he|she|his|her|one|ones|that|those|each)\b", re.IGNORECASE
)
_OWN_THING: Final = re.compile(
    r"\b(?:the|an?|my|our|your|this|these|for|of|to|in|on|at|about|from)\b", re.IGNORECASE
)


def split_parts(text: str) -> tuple[str, ...]:
    """Return the simple questions of a compound one; of a simple one itself."""
    first, *others = as_asked(text)
    if not content_terms(first)[0]:
        return (text,)  # "What is it, and what does it cost?" needs to be told what it is
    return (first, *(with_subject(part, first) for part in others))


def as_asked(text: str) -> tuple[str, ...]:
    """Return the questions of a compound one without what they borrow from each other."""
    parts = [clause for sentence in _sentences(text) for clause in _clauses(sentence)]
    return tuple(parts) if len(parts) > 1 else (text,)


def _sentences(text: str) -> list[str]:
    """Return the sentences that ask, each with what is said before it; the text where one asks."""
    sentences = (text[span.start : span.end] for span in split_sentences(text))
    pieces = (p.strip() for sentence in sentences for p in _AFTER_MARK.split(sentence))
    parts: list[str] = []
    said: list[str] = []
    for piece in (p for p in pieces if WORD.search(p)):
        said.append(piece)
        if piece.endswith("?") or _REQUESTING.search(_OPENER.sub("", piece)):
            if parts and _goes_on(parts[-1], piece):
                said = [parts.pop(), *said]
            parts.append(" ".join(said))
            said = []
    if len(parts) < 2:
        return [text]
    if said:  # a last remark belongs to what was asked before it
        parts[-1] = " ".join((parts[-1], *said))
    return [parts[0], *(_OPENER.sub("", part) or part for part in parts[1:])]


def _goes_on(before: str, piece: str) -> bool:
    """Tell whether what asks goes on with what was asked, or wished, before it."""
    wished = _WISH.search(before) and not before.endswith("?")
    return bool((wished and _POINTS_BACK.search(piece)) or _MORE_OF_IT.search(piece))


def _clauses(text: str) -> list[str]:
    """Return the clauses of one sentence that ask."""
    if _NOT_COMPOUND.search(text):
        return [text]
    parts = [p.strip(" ,;)") for p in _CLAUSE_AND.split(text)]
    if len(parts) > 1:
        parts = [p.strip(" ,;") for part in parts for p in _CLAUSE_COMMA.split(part)]
    if _QUESTION_WORD_ONLY.search(parts[0]):  # "How quickly and how do I report it?"
        return [text]
    if not 2 <= len(parts) <= MOST or not all(
        _ASKING.search(p) or _REQUESTING.search(p) for p in parts
    ):
        return [text]
    return parts


def with_subject(part: str, first: str) -> str:
    """Return a part that stands on its own; where it names no subject, it borrows the first's."""
    owned = _OWNED.search(first)
    if owned and _THAT_OF.search(part):  # "… the warranty of a Tern, and how long is that of a …"
        return _THAT_OF.sub(f"{owned['what']} of", part)
    for known in find_designators(first):  # "When was Plotwise 6.2 released? When was 6.3?"
        part = re.sub(rf"(?<!\w\s)\b(?<!{known.head} )(\d+(?:\.\d+)+)\b", rf"{known.head} \1", part)
    asked = _IS_WHAT.match(first)
    if asked and not _ASKING.search(part) and not _REQUESTING.search(part):
        part = f"{asked.group()} {part}"  # "What is the capital of …? And its population?"
    if names_of(part) or find_designators(part):
        return part
    few = len(content_terms(part)[0]) <= 1
    leans = _LEANS.search(part) or not _OWN_THING.search(part)
    subject = (
        _literal_names(first, part, few or bool(leans))
        or _capitals(first)
        or (content_terms(first)[1][-3:] if few or leans else ())
    )
    missing = [word for word in subject if word.lower() not in part.lower()]
    return f"{part.rstrip('?').rstrip()} ({' '.join(missing)})?" if missing else part


def _literal_names(first: str, part: str, borrows: bool) -> tuple[str, ...]:
    """Return the names of the first part, each with its number: a `Tern 2` is no `Tern`.

    A part that has a number of its own takes none, and one that leans on nothing no code: it may be
    about something else altogether.
    """
    names = names_of(first)
    if not borrows or any(letter.isdigit() for letter in part):
        return names
    codes = identifiers_of(first)
    numbered = (re.search(rf"{re.escape(name)}(?: \d+(?:\.\d+)*\b)?", first) for name in names)
    whole = (found.group() for found in numbered if found)
    return (*(name for name in whole if not any(name in code for code in codes)), *codes)


def _capitals(text: str) -> tuple[str, ...]:
    """Return the words with a capital behind the first, where all of them seem to make a title."""
    surface = content_terms(text)[1]
    return tuple(word for word in surface if word[0].isupper() and not text.startswith(word))
