"""Whether what seems to answer has the kind of thing that is asked for: a price, a time, a number.

The judge takes what a page says of the right thing for an answer to any question about it: the
hours of breakfast for its price. So the sentences about what is asked are looked through, those
that the judge points at and those with most words of the question, each with what goes on with it.
Where none has a sign of the kind, the question is refused and the kind is named.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from query.asking.kinds import Kind, has_kind, kind_asked
from query.asking.question import Question
from query.decision import Verdict
from query.evidence.sections import about_what_is_asked, is_heading
from query.judging.seeming import LOOKED_AT
from query.ruling import Ruling, refused_for
from query.text.leads import find_leads
from query.text.passages import CELL, SHAPE_STEMS, Passage, coverage, table_heads
from query.text.words import WORD, table

AS_MUCH: Final = 0.65
"""Share of what the best sentence has of a question from which on another one is about it, too."""
MOST_LISTED: Final = 8
"""Sentences and rows behind a colon or a question that are taken for what it announces."""
_LEANING: Final = table(
    "it they this that these those he she its their his her there one both each all otherwise then "
    "also from on in at until till for every please only after before between during within no not "
    "you we since as by if when while thereafter afterwards usually normally monday tuesday "
    "wednesday thursday friday saturday sunday"
)
"""Words with which a sentence begins that goes on with the one before it."""
_BLANK: Final = "\n\n"


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence or row with what it stands under."""

    own: str
    text: str
    """With its heading, a row with its head before it, too."""
    share: float
    """Of the words of the question, in it and above it."""
    stems: frozenset[str]
    is_pointed_at: bool
    paragraph: int


def without_kind_asked(question: Question, passages: Sequence[Passage], ruling: Ruling) -> Ruling:
    """Return the ruling, or a refusal where nothing near has the kind of thing asked for.

    Args:
        question: A simple question.
        passages: Its candidates, best first.
        ruling: The ruling on it.
    """
    if ruling.verdict not in {Verdict.ANSWERABLE, Verdict.PARTIALLY_SUPPORTED}:
        return ruling
    kind = kind_asked(question.own_text)
    if kind is None:
        return ruling
    usable = [passage for passage in passages if not passage.blocked]
    usable = list(about_what_is_asked(usable, question)) or usable
    near = list(_near(question, kind, usable, ruling))
    if not near or any(has_kind(kind, text, question.text) for text in near):
        return ruling
    detail = f"Nothing that was found about it gives {kind.name}."
    return refused_for(ruling, detail, (kind.name,))


def _near(
    question: Question, kind: Kind, passages: Sequence[Passage], ruling: Ruling
) -> Iterator[str]:
    """Yield the sentences about what is asked, with those beside them."""
    weights = {
        term: weight
        for term, weight in (ruling.weights or {}).items()
        if term not in SHAPE_STEMS and term not in kind.words
    }
    read = [p for n, p in enumerate(passages) if n < LOOKED_AT or p.chunk_id in ruling.places]
    pieces = [_pieces(passage, weights, ruling.places.get(passage.chunk_id)) for passage in read]
    most = max((piece.share for those in pieces for piece in those), default=0.0)
    if not most:
        return
    for rank, those in enumerate(pieces):
        # Where the judge points at nothing, one rare word must not lead away from the first one.
        first = max((piece.share for piece in those), default=most) if not rank else most
        enough = AS_MUCH * (most if ruling.places else first)
        for place, piece in enumerate(those):
            if piece.share >= enough > 0 or piece.is_pointed_at:
                yield _with_what_leans(those, place, kind)


def _with_what_leans(pieces: Sequence[_Piece], place: int, kind: Kind) -> str:
    """Return a sentence with what goes on with it: "It costs €13.", the list behind a colon."""
    piece = pieces[place]
    behind = pieces[place + 1 : place + 1 + MOST_LISTED]
    if piece.text.endswith((":", "?")):
        # What is announced is a list or a table; behind a list a table is about something else.
        behind = list(takewhile(lambda one: (CELL in one.text) == (CELL in behind[0].text), behind))
    else:
        behind = [one for one in behind[:1] if one.paragraph == piece.paragraph]
        behind = [one for one in behind if _goes_on(one, kind)]
    before = pieces[place - 1 : place] if _goes_on(piece, kind) else []
    before = [one for one in before if one.paragraph == piece.paragraph]
    return " ".join(one.text for one in (*before, piece, *behind))


def _goes_on(piece: _Piece, kind: Kind) -> bool:
    """Tell whether a sentence leans on the one before it."""
    words = [word.lower() for word in WORD.findall(piece.own)]
    return (
        not words
        or words[0] in _LEANING
        or not words[0].isalpha()
        or not kind.words.isdisjoint(piece.stems)
    )


def _pieces(
    passage: Passage, weights: Mapping[str, float], pointed_at: tuple[int, int] | None
) -> list[_Piece]:
    """Return the sentences of a passage that say something, without its headings."""
    heads, leads = table_heads(passage), find_leads(passage)
    found: list[_Piece] = []
    above: frozenset[str] = frozenset()
    heading, paragraph, end, goes_on = "", 0, 0, False
    for index, sentence in enumerate(passage.sentences):
        if _is_heading(passage, index):
            heading, above, goes_on = sentence.text, sentence.stems, False
            paragraph += 1
            continue
        if _BLANK in passage.text[end : sentence.start] and not goes_on:
            paragraph += 1
        end, goes_on = sentence.end, sentence.text.endswith((":", "?"))
        head, lead = heads.get(index), leads.get(index)
        if head is not None and head.start == sentence.start:
            continue  # the head of a table has the words, its rows what they are asked for
        text = sentence.text
        if head is not None:
            text = f"{head.text}\n{text}"
        if CELL in text:
            paragraph += 1  # rows are about different things
        text = f"{heading}\n{text}" if heading else text
        announced = frozenset[str]().union(*(one.stems for one in (head, lead) if one))
        known = sentence.stems | above | passage.context | announced
        is_pointed_at = pointed_at is not None and (
            sentence.start < pointed_at[1] and pointed_at[0] < sentence.end
        )
        found.append(
            _Piece(
                sentence.text,
                text,
                coverage(weights, known),
                sentence.stems,
                is_pointed_at,
                paragraph,
            )
        )
    return found


def _is_heading(passage: Passage, index: int) -> bool:
    """Tell whether a sentence stands alone and reads like a heading; "Weight: 980 g" does not."""
    sentences = passage.sentences
    text, last = sentences[index].text, index + 1 == len(sentences)
    if last or not is_heading(text) or ":" in text or any(char.isdigit() for char in text):
        return False
    begin = sentences[index - 1].end if index else 0
    before = passage.text[begin : sentences[index].start]
    behind = passage.text[sentences[index].end : sentences[index + 1].start]
    return _BLANK in behind and (not index or _BLANK in before)
