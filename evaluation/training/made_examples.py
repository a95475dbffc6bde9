"""Examples without an author: questions and claims made of sentences, right ones and wrong ones.

A question is a sentence with one piece taken out; the window it stands in answers it, and the piece
is the answer. A claim is the sentence itself. Both lose small words, take synonyms, and are made
wrong by another name, number or noun, by an opposite, or by taking their sentence out of the
window. So a reader learns from hundreds of thousands of examples what a few thousand questions of
people cannot teach it: that all the words may be there and the answer not.
"""

import calendar
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from evaluation.training.examples import Claim, Pair, Support
from evaluation.training.sentence_pieces import (
    YEAR,
    Piece,
    PieceKind,
    Stretch,
    Word,
    pieces_of,
    sentences_of,
    words_of,
)
from evaluation.training.sentence_wording import Exchange, Wording
from evaluation.training.text_windows import TextDocument
from evaluation.training.word_net import WordNet

CLAIMS = 0.25
"""Share of claims among the examples."""
SENTENCE_CHARS = (40, 420)
FEWEST_WORDS, FEWEST_PIECES, FEWEST_CONTENT_WORDS = 7, 2, 3
SHORTEST_PASSAGE = 120
ASKED_FOR = {PieceKind.NAME: 3.0, PieceKind.YEAR: 3.0, PieceKind.NUMBER: 3.0, PieceKind.NOUN: 1.2}
"""How often a piece is asked for; nouns are many."""
MONTHS = frozenset(month.lower() for month in calendar.month_name[1:])
NUMBER = re.compile(r"\d[\d,.]*\d|\d")
YEARS_OFF = (-60, -20, -10, -5, -2, -1, 1, 2, 4, 10, 30, 100)
POOL_DOCUMENTS, POOL_WINDOWS = 800, 4
WRONG_QUESTIONS = (0.12, 0.36, 0.46, 0.55)
WRONG_CLAIMS = (0.15, 0.4, 0.5, 0.6)
"""Up to which draw an opposite, another piece, a sentence taken out, another window is tried."""
IN_PART = 0.35
"""Share of claims with a wrong word that also say something true."""
TRIES = 3
"""Windows that are tried per example; from many a sentence nothing can be made."""


@dataclass(frozen=True, slots=True)
class Source:
    """A sentence in its window, taken apart."""

    window: str
    sentence: Stretch
    words: Sequence[Word]
    pieces: Sequence[Piece]
    neighbour: str
    """Another window of the same document; empty if it has one only."""

    @property
    def without_sentence(self) -> str:
        """The window with the sentence taken out."""
        return (self.window[: self.sentence.start] + self.window[self.sentence.end :]).strip()

    @property
    def said(self) -> frozenset[str]:
        """Every piece of the sentence in small letters: none of them may replace another."""
        return frozenset(self.window[p.start : p.end].lower() for p in self.pieces)


def make_examples(
    documents: Sequence[TextDocument], word_net: WordNet, count: int, seed: int
) -> list[Pair | Claim]:
    """Make so many examples; fewer if the documents do not give them."""
    rng = random.Random(seed)
    maker = Maker(word_net, documents, rng)
    weights = [len(document.windows) for document in documents]
    found: list[Pair | Claim] = []
    for document in rng.choices(documents, weights, k=count * TRIES):
        if len(found) == count:
            break
        at = rng.randrange(len(document.windows))
        near = (at - 1, at + 1, rng.randrange(len(document.windows)))
        others = [i for i in near if i != at and 0 <= i < len(document.windows)]
        neighbour = document.windows[rng.choice(others)] if others else ""
        made = maker.example(document.windows[at], neighbour)
        if made is not None:
            titled = document.title and rng.random() < 0.5
            found.append(with_title(made, document.title) if titled else made)
    return found


def with_title(made: Pair | Claim, title: str) -> Pair | Claim:
    """Put the title before the text, as the reader sees it of passages."""
    if isinstance(made, Claim):
        return replace(made, evidence=f"{title}. {made.evidence}")
    moved = len(title) + 2 if made.start >= 0 else 0
    return replace(
        made, passage=f"{title}. {made.passage}", start=made.start + moved, end=made.end + moved
    )


class Maker:
    """Makes questions and claims of windows."""

    def __init__(
        self, word_net: WordNet, documents: Sequence[TextDocument], rng: random.Random
    ) -> None:
        """Collect what may stand in the place of something else.

        Args:
            word_net: Synonyms, opposites, nouns.
            documents: Where names and numbers of other windows come from.
            rng: Draws everything.
        """
        self._wording = Wording(word_net, rng)
        self._nouns = frozenset(word_net.nouns)
        self._rng = rng
        self._pool: Mapping[PieceKind, list[str]] = {kind: [] for kind in PieceKind}
        for document in rng.sample(documents, min(len(documents), POOL_DOCUMENTS)):
            for window in document.windows[:POOL_WINDOWS]:
                for piece in self._pieces(window):
                    self._pool[piece.kind].append(window[piece.start : piece.end])

    def example(self, window: str, neighbour: str) -> Pair | Claim | None:
        """Make one example of a window, right or wrong; none where its sentence says too little."""
        low, high = SENTENCE_CHARS
        sentences = [s for s in sentences_of(window) if low < s.end - s.start < high]
        if not sentences:
            return None
        sentence = self._rng.choice(sentences)
        words = words_of(window, sentence)
        pieces = list(pieces_of(window, words, self._nouns))
        if len(words) < FEWEST_WORDS or len(pieces) < FEWEST_PIECES:
            return None
        source = Source(window, sentence, words, pieces, neighbour)
        return self.claim(source) if self._rng.random() < CLAIMS else self.question(source)

    def question(self, source: Source) -> Pair | None:
        """Ask for one piece of the sentence; rather more than half of the questions are wrong."""
        rng = self._rng
        piece = rng.choices(source.pieces, [ASKED_FOR[p.kind] for p in source.pieces])[0]
        answer = self._widened(piece, source)
        most = rng.randint(6, 16)
        before = [w for w in source.words if w.end <= answer.start][-most:]
        after = [w for w in source.words if w.start >= answer.end][: max(3, most - len(before))]
        if sum(w.is_content for w in before + after) < FEWEST_CONTENT_WORDS:
            return None
        fate = rng.random()
        by_opposite, by_swap, by_absence, wrong = WRONG_QUESTIONS
        if fate >= wrong:
            asked = self._wording.question(piece.kind, before, after, None)
            return Pair(asked, source.window, True, answer.start, answer.end)
        exchange = self._wording.opposite(before + after) if fate < by_opposite else None
        if exchange is None and fate < by_swap:
            exchange = self._swap(source, before + after, answer)
        passage = source.window
        if exchange is None:
            taken_out = fate < by_absence or not source.neighbour
            passage = source.without_sentence if taken_out else source.neighbour
            if len(passage) < SHORTEST_PASSAGE and source.neighbour:
                passage = source.neighbour
            # What holds the answer's words elsewhere is a hard negative, but sometimes none.
            if source.window[answer.start : answer.end] in passage and rng.random() < 0.5:
                return None
        return Pair(
            self._wording.question(piece.kind, before, after, exchange), passage, answers=False
        )

    def claim(self, source: Source) -> Claim | None:
        """Say the sentence in other words; three in five claims are wrong, some in part."""
        rng = self._rng
        fate = rng.random()
        by_opposite, by_swap, by_absence, wrong = WRONG_CLAIMS
        exchange, evidence = None, source.window
        if fate < by_opposite:
            exchange = self._wording.opposite(source.words)
        elif fate < by_swap:
            exchange = self._swap(source, source.words, None)
        elif fate < by_absence or (fate < wrong and not source.neighbour):
            evidence = source.without_sentence
        elif fate < wrong:
            evidence = source.neighbour
        if (fate < by_swap and exchange is None) or len(evidence) < SHORTEST_PASSAGE:
            return None
        said = self._wording.reworded(
            source.words, exchange, small=rng.choice((0.0, 0.0, 0.15)),
            synonyms=rng.choice((0.0, 0.15, 0.3)),
        )  # fmt: skip
        said += "."
        support = Support.SUPPORTED if fate >= wrong else Support.NOT
        truth = self._other_sentence(source) if fate < by_swap and rng.random() < IN_PART else ""
        if truth:
            support = Support.IN_PART
            said = f"{truth} {said}" if rng.random() < 0.5 else f"{said} {truth}"
        return Claim(said, evidence, support)

    def _widened(self, piece: Piece, source: Source) -> Stretch:
        """Take along what belongs to a piece: unit, month, adjective, the rest of a phrase."""
        rng, text = self._rng, source.window
        start, end = piece.start, piece.end
        before = next((w for w in source.words if w.end == start - 1), None)
        behind = next((w for w in source.words if w.start == end + 1), None)
        if piece.kind is PieceKind.NOUN:
            if before and before.is_content and rng.random() < 0.5:
                start = before.start
            if rng.random() < 0.25:
                phrase = [w for w in source.words if w.start >= start][: rng.randint(3, 8)]
                comma = text.find(",", start, phrase[-1].end)
                end = comma if comma > end else max(end, phrase[-1].end)
        elif piece.kind is PieceKind.NUMBER and rng.random() < 0.5:
            if behind and behind.text[0].islower() and behind.is_content:
                end = behind.end
        elif piece.kind is PieceKind.YEAR and before and before.text.lower() in MONTHS:
            start = before.start if rng.random() < 0.5 else start
        return Stretch(start, end)

    def _swap(
        self, source: Source, words: Sequence[Word], answer: Stretch | None
    ) -> Exchange | None:
        """Exchange a piece that is said for another of its kind, rather a name than a noun."""
        said = [
            p
            for p in source.pieces
            if p.start >= words[0].start
            and p.end <= words[-1].end
            and (answer is None or p.end <= answer.start or p.start >= answer.end)
        ]
        if not said:
            return None
        strong = [p for p in said if p.kind is not PieceKind.NOUN] or said
        piece = self._rng.choice(strong if answer is None or self._rng.random() < 0.75 else said)
        other = self._other(piece, source)
        return Exchange(piece.start, piece.end, other) if other else None

    def _other(self, piece: Piece, source: Source) -> str | None:
        """Return something else of the same kind, of the window or of anywhere."""
        rng = self._rng
        was = source.window[piece.start : piece.end]
        if piece.kind is PieceKind.YEAR and rng.random() < 0.4:
            return str(int(was) + rng.choice(YEARS_OFF))
        if piece.kind in (PieceKind.YEAR, PieceKind.NUMBER):
            is_year = piece.kind is PieceKind.YEAR
            near = [n for n in NUMBER.findall(source.window) if bool(YEAR.fullmatch(n)) == is_year]
        else:
            alike = (p for p in self._pieces(source.window) if p.kind is piece.kind)
            near = [source.window[p.start : p.end] for p in alike]
        near = [other for other in near if other.lower() not in source.said]
        if near and rng.random() < 0.65:
            return rng.choice(near)
        pool = self._pool[piece.kind]
        anywhere = rng.choice(pool) if pool else was
        return anywhere if anywhere.lower() not in source.said else None

    def _other_sentence(self, source: Source) -> str:
        """Return a true sentence of the same window, or nothing."""
        others = [
            s for s in sentences_of(source.window)
            if s != source.sentence and 30 < s.end - s.start < 200
        ]  # fmt: skip
        if not others:
            return ""
        start, end = self._rng.choice(others)
        return source.window[start:end]

    def _pieces(self, window: str) -> Iterator[Piece]:
        for sentence in sentences_of(window):
            yield from pieces_of(window, words_of(window, sentence), self._nouns)
