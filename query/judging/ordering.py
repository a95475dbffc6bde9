"""Put candidates in order by what they say, beside how near the lists place them.

The scores of the lists see a chunk as a whole. Whether one sentence of it holds the words of the
question, whether words that stand together in the question stand together there, and whether the
chunk opens with what is asked about, is seen only by reading. The weights are those of a pairwise
logistic model over right and wrong candidates of questions on the training articles of squad,
nq_oracle and clapnq (`python -m benchmarks.ranking DATA`). Documents of a source with low trust
stand back behind others that answer about as well: whoever can plant a page can also write the
question into it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, islice, pairwise
from typing import Final

from config.settings import RetrievalSettings
from config.trust import Trust
from query.asking.question import Question
from query.asking.said_before import counted
from query.search.fusion import nearness
from query.text.passages import Passage, Sentence, coverage, weigh_terms
from query.text.words import stems

READ: Final = 14
"""Candidates that are read; the others stay behind them in the order of the lists."""
NEAR: Final = 0.316
SHARE: Final = 0.126
SENTENCE: Final = 0.293
ADJACENT: Final = 0.207
OPENING: Final = 0.059
OPENING_CHARS: Final = 100
AGREED: Final = 3
FIRST: Final = 5
"""What both lists place among their first three keeps a place among the first five."""
_KEPT: Final = ("words", "stems", "context", "sentences", "everything")


def in_order(
    question: Question,
    passages: Sequence[Passage],
    settings: RetrievalSettings,
    said: Mapping[str, float] | None = None,
) -> tuple[Passage, ...]:
    """Return the passages, best first, with scores in [0, 1] that say so.

    Args:
        question: The question.
        passages: Candidates in the order of the lists.
        settings: Weights of the lists; one that does not count there does not count here.
        said: Scores by chunk of what the question brought behind the last turn, if that was asked.
    """
    if len(passages) < 2:
        return tuple(passages)
    read, rest = passages[:READ], passages[READ:]
    marks = marks_of(question, passages, len(read))
    weights = (
        NEAR * settings.dense_weight, SHARE * settings.sparse_weight, SENTENCE, ADJACENT, OPENING,
    )  # fmt: skip
    total = sum(weights)
    scored = []
    for index, row in enumerate(marks):
        score = sum(w * m for w, m in zip(weights, row, strict=True)) / total
        score = counted(score, read[index].chunk_id, said or {})
        if read[index].trust == Trust.LOW:
            score *= 1.0 - settings.low_trust_penalty
        scored.append((score, index))
    scored.sort(key=lambda pair: (-pair[0], pair[1]))
    least = scored[-1][0]
    places = _agreed_first([index for _, index in scored], passages, settings)
    ordered = [
        with_score(read[index], score) for index, (score, _) in zip(places, scored, strict=True)
    ]
    falling = accumulate((p.ranked.score for p in rest), min, initial=least)
    behind = (with_score(p, score) for p, score in zip(rest, islice(falling, 1, None), strict=True))
    return (*ordered, *behind)


def _agreed_first(
    places: Sequence[int], passages: Sequence[Passage], settings: RetrievalSettings
) -> list[int]:
    """Return places such that what both lists agree on is among the first few.

    Reading may be wrong about a passage that neither list doubts. Whoever can plant a page can
    please both lists; so a source of low trust gains nothing by it.
    """
    if not (settings.dense_weight and settings.sparse_weight):
        return list(places)
    agreed = {
        index
        for index in _first_by(passages, "dense") & _first_by(passages, "sparse")
        if passages[index].trust != Trust.LOW
    }
    late = [index for index in places[FIRST:] if index in agreed]
    if not late:
        return list(places)
    yielding = [index for index in places[:FIRST] if index not in agreed][-len(late) :]
    first = [index for index in places[:FIRST] if index not in yielding] + late
    return first + [index for index in places if index not in first]


def _first_by(passages: Sequence[Passage], leg: str) -> set[int]:
    """Return the positions of the first few by the score that one list gave."""
    scores = [getattr(passage.ranked, leg) for passage in passages]
    return set(sorted(range(len(scores)), key=lambda index: -scores[index])[:AGREED])


def marks_of(
    question: Question, passages: Sequence[Passage], read: int
) -> list[tuple[float, float, float, float, float]]:
    """Return the five marks, each in [0, 1], of the first `read` passages."""
    weights = weigh_terms(question.terms, passages)
    best_dense = max(p.ranked.dense for p in passages)
    best_sparse = max(p.ranked.sparse for p in passages)
    pairs = frozenset(pairwise(question.terms))
    return [
        (
            nearness(best_dense, p.ranked.dense),
            p.ranked.sparse / best_sparse if best_sparse > 0 else 0.0,
            max((coverage(weights, s.stems, p.context) for s in saying(p)), default=0.0),
            adjacent_share(pairs, p),
            coverage(weights, frozenset(stems(p.text[:OPENING_CHARS])), p.context),
        )
        for p in passages[:read]
    ]


def saying(passage: Passage) -> Iterator[Sentence]:
    """Yield the sentences that say something; one that asks repeats a question, and no more."""
    return (s for s in passage.sentences if not s.text.endswith("?"))


def adjacent_share(pairs: frozenset[tuple[str, str]], passage: Passage) -> float:
    """Return the share of neighbouring question terms that stand together in a passage."""
    if not pairs:
        return 0.5
    words = passage.words
    known = set(pairwise(words)) | set(zip(words, words[2:], strict=False))
    return sum(pair in known or pair[::-1] in known for pair in pairs) / len(pairs)


def with_score(passage: Passage, score: float) -> Passage:
    """Give a passage another score; what was read of it already is not read again."""
    if passage.ranked.score == score:
        return passage
    changed = replace(passage, ranked=replace(passage.ranked, score=score))
    changed.__dict__.update({n: passage.__dict__[n] for n in _KEPT if n in passage.__dict__})
    return changed
