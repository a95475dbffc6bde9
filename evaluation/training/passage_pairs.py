"""Questions written about one passage that answers them, or only comes close, as pairs to learn.

A conversation shows a reader few questions per page, and of those without an answer none that is
the twin of one that has it: "How long is the cooling-off period?" beside "Can the cooling-off
period be extended?". The `pairs.jsonl` beside the documents of a made-up collection hold such
questions, each with the piece of its document that answers it or would make a careless reader
believe so. The passage is the chunk that holds this piece.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.settings import GateSettings, Settings
from evaluation.asking import KeyOf
from evaluation.questions import QuestionSet
from evaluation.temporary import keys_of, temporary_home
from evaluation.training.reader_rows import IGNORED, tokens_between
from indexing.corpus import Corpus
from indexing.points import Hit
from query.asking.conversation import in_context
from query.asking.followups import Turn, resolve
from query.asking.question import Question, understand
from query.judging.reader import in_brief, text_of
from query.opening import CorpusView
from query.search.fusion import RankedHit
from query.search.retrieval import pin
from query.search.scope import Scope
from query.text.passages import Passage, make_passage

FILE = "pairs.jsonl"
PASSAGES = Path(__file__).parent / "passages"
"""Made-up collections that have such questions only."""
TURN_CHARS = 240
"""Of the turn before, its end."""
NOWHERE = (-1, -1)
RIGHT_WEIGHT = 2.0
"""Of a passage that answers: there are about two beside it that do not."""


@dataclass(frozen=True)
class Pair:
    """A question and a passage that holds its answer, or does not."""

    question: str
    passage: str
    answers: bool
    weight: float = 1.0
    span: tuple[int, int] | None = None
    """Characters of the answer in the passage, `NOWHERE` where there is none; none teaches none."""


@dataclass(frozen=True)
class Written:
    """A line of `pairs.jsonl`."""

    document: str
    question: str
    before: str
    """What the user said before; empty where the question stands alone."""
    holds: bool
    quote: str
    reply: str = ""
    """What the assistant said to it; empty where that is not known."""

    @property
    def earlier(self) -> tuple[Turn, ...]:
        """What was said before, oldest first."""
        turns = (Turn("user", self.before), Turn("assistant", self.reply))
        return tuple(turn for turn in turns if turn.text)


def read_written(folder: Path) -> list[Written]:
    """Return what the file of a collection holds; nothing where it has none."""
    file = folder / FILE
    if not file.exists():
        return []
    lines = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return [
        Written(
            one["document_id"],
            one["question"],
            one["before"],
            one["holds"],
            one["quote"],
            one.get("reply", ""),
        )
        for one in lines
    ]


def forms_of(question: Question) -> tuple[str, ...]:
    """Return how a question is read: with its topic, and behind the turn before it."""
    turns = [turn.text for turn in question.earlier if turn.is_asked]
    behind = [f"{turns[-1][-TURN_CHARS:]} {question.own_text}"] if turns else []
    return tuple(in_brief(text) for text in (question.text, *behind))


def passages_of(corpus: Corpus) -> dict[str, list[Passage]]:
    """Return all chunks of a corpus by the key of their document."""
    pinned = pin(CorpusView(corpus)).pinned
    found: dict[str, list[Passage]] = defaultdict(list)
    if pinned is not None:
        where = Scope().filter(pinned, corpus.settings.tenant)
        for point in corpus.store.scroll(pinned.collection, where):
            passage = make_passage(RankedHit(Hit(point.id, 0.0, point.payload), 0.0, 0.0, 0.0))
            found[passage.key].append(passage)
    return found


def pairs_about_passages(question_set: QuestionSet) -> Iterator[Pair]:
    """Yield the pairs that are written about the documents of a set; nothing where none are."""
    written = read_written(question_set.path)
    if written:
        with temporary_home(Settings(), question_set) as corpus:
            yield from written_pairs(written, corpus, keys_of(question_set))


def written_pairs(written: Sequence[Written], corpus: Corpus, key_of: KeyOf) -> Iterator[Pair]:
    """Yield the pairs of a collection; a quote that a chunk cuts through teaches nothing.

    A question that has an answer is also shown with the chunk of another document that has most of
    its words: or else a reader would learn that a passage without the question's words answers it.
    """
    chunks = passages_of(corpus)
    for one in written:
        resolved = resolve(one.question, one.earlier)
        understood = understand(resolved, GateSettings(), frozenset({"en"}))
        question = in_context(understood, one.question, one.earlier)
        key = key_of(one.document)
        right = next((p for p in chunks[key] if one.quote in p.text), None)
        if right is None:
            continue
        text = text_of(right)
        start = text.index(one.quote)
        wrong = _nearest(question, key, chunks) if one.holds else None
        for form in forms_of(question):
            if one.holds:
                span = (start, start + len(one.quote))
                yield Pair(form, text, answers=True, weight=RIGHT_WEIGHT, span=span)
            else:
                yield Pair(form, text, answers=False, span=NOWHERE)
            if wrong is not None:
                yield Pair(form, text_of(wrong), answers=False, span=NOWHERE)


def _nearest(
    question: Question, key: str, chunks: Mapping[str, Sequence[Passage]]
) -> Passage | None:
    """Return the chunk of another document that has most of a question's words."""
    terms = frozenset(question.terms)
    others = (p for other, those in chunks.items() if other != key for p in those)
    return max(others, key=lambda p: len(terms & p.stems), default=None)


def tokens_of(pair: Pair, encoding: Any) -> tuple[int, int]:
    """Return the first and last token of the answer; 0 is null, `IGNORED` teaches nothing."""
    if pair.span is None:
        return IGNORED, IGNORED
    if pair.span == NOWHERE:
        return 0, 0
    return tokens_between(encoding, *pair.span)
