"""Put the passage that answers first, where reading shows that the one before it does not.

The lists and their marks see words; the reader sees whether a passage answers. It is asked for a
second passage only where the first does not answer, and there it also tells which of the two should
come first: one logit of "answers" outweighs `lead` of the score by which they were in order. The
weight is half of what a pairwise logistic model gives it, because an order that both lists agree on
is seldom wrong (`python -m benchmarks.reading_order DATA FOLDER`). A source of low trust is never
put before another one by it: whoever can plant a page can write an answer into it.
"""

from collections.abc import Sequence

from config.trust import Trust
from query.judging.ordering import with_score
from query.judging.reader import Reading
from query.text.passages import Passage


def answering_first(
    passages: Sequence[Passage], readings: Sequence[Reading], lead: float | None
) -> str:
    """Return the id of the chunk that should come first; empty where the order may stay.

    Args:
        passages: Best first.
        readings: Of the first passages, as many as were read; a single one changes nothing.
        lead: Score that one logit outweighs; none leaves the order alone.
    """
    if lead is None or len(readings) < 2:
        return ""
    read = list(zip(passages, readings, strict=False))
    trusted = [one for one in read if one[0].trust != Trust.LOW]
    candidates = read if read[0][0].trust == Trust.LOW else trusted
    best, _ = max(candidates, key=lambda one: one[0].ranked.score + lead * one[1].answers)
    return "" if best is passages[0] else best.chunk_id


def with_first(passages: Sequence[Passage], chunk_id: str) -> tuple[Passage, ...]:
    """Return the passages with one of them before all others that may be evidence.

    Scores belong to the places, so that they still say what the order is.
    """
    ids = [passage.chunk_id for passage in passages]
    if chunk_id not in ids:
        return tuple(passages)
    place = ids.index(chunk_id)
    first = next((i for i, passage in enumerate(passages) if not passage.blocked), place)
    if first >= place:
        return tuple(passages)
    before, after = passages[first:place], passages[place + 1 :]
    moved = (*passages[:first], passages[place], *before, *after)
    return tuple(
        with_score(passage, was.ranked.score) for passage, was in zip(moved, passages, strict=True)
    )
