"""The text layer of a scan and what is set in type on the same page, as one text."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence

from ingestion.parsing.layout.shapes import Word, overlap
from ingestion.parsing.pdf.turned import Directed

_SHARED = 0.5
"""Words stand at one place if they share so much of the smaller one's width and height."""
_TALLER = 2.0
"""Words are one word, printed and recognised, if neither is so many times as high."""

ByQuarter = Mapping[int, tuple[Word, ...]]
"""Words in the order they are drawn, by the direction in which they run."""


def with_layer(seen: ByQuarter, layer: ByQuarter) -> tuple[tuple[Directed, ...], int]:
    """Put a text layer and the words that are seen together.

    Neither has all that the other says: a layer is made before a page is stamped, signed or
    numbered, and a typed letter may have a scan set into it. Where both have a word at one place,
    the one that is seen holds.

    Args:
        seen: Words that a reader sees.
        layer: Words that lie invisibly over a picture, or under one.

    Returns:
        Groups of words, the main one first, and how many of the words are of the layer.
    """
    if not layer:
        return _by_size(seen), 0
    if sum(map(len, layer.values())) <= sum(map(len, seen.values())):
        added = {quarter: _beside(words, seen.get(quarter, ())) for quarter, words in layer.items()}
        return (*_by_size(seen), *_by_size(added)), sum(map(len, added.values()))
    filled: dict[int, tuple[Word, ...]] = {}
    rest: dict[int, tuple[Word, ...]] = dict(seen)
    for quarter, words in layer.items():
        filled[quarter], rest[quarter] = _filled(words, seen.get(quarter, ()))
    # What was stamped over lines of print would break them: it follows by itself.
    return (*_by_size(filled), *_by_size(rest)), sum(map(len, filled.values()))


def _by_size(words: ByQuarter) -> tuple[Directed, ...]:
    groups = [Directed(quarter, group) for quarter, group in words.items() if group]
    return tuple(sorted(groups, key=lambda group: -sum(len(word.text) for word in group.words)))


def _beside(layer: Sequence[Word], seen: Sequence[Word]) -> tuple[Word, ...]:
    """The words of a layer that do not lie over what is seen."""
    found = _matches(layer, seen, _is_at_one_place)
    return tuple(word for word, over in zip(layer, found, strict=True) if not over)


def _filled(
    layer: Sequence[Word], seen: Sequence[Word]
) -> tuple[tuple[Word, ...], tuple[Word, ...]]:
    """A layer with seen words in the places of its own, and those for which it has no place."""
    filled: list[Word] = []
    taken: set[int] = set()
    for word, found in zip(layer, _matches(layer, seen, _is_one_word), strict=True):
        if not found:
            filled.append(word)
        filled += [seen[at] for at in found if at not in taken]
        taken.update(found)
    return tuple(filled), tuple(word for at, word in enumerate(seen) if at not in taken)


def _matches(
    layer: Sequence[Word], seen: Sequence[Word], is_match: Callable[[Word, Word], bool]
) -> list[list[int]]:
    """For every word of a layer the numbers of the seen words that match it."""
    order = sorted(range(len(seen)), key=lambda at: _middle(seen[at]))
    middles = [_middle(seen[at]) for at in order]
    highest = max((word.bottom - word.top for word in seen), default=0.0)
    found: list[list[int]] = []
    for word in layer:
        reach = (word.bottom - word.top + highest) / 2
        first = bisect_left(middles, _middle(word) - reach)
        last = bisect_right(middles, _middle(word) + reach)
        found.append(sorted(at for at in order[first:last] if is_match(word, seen[at])))
    return found


def _middle(word: Word) -> float:
    return (word.top + word.bottom) / 2


def _is_at_one_place(one: Word, other: Word) -> bool:
    height = min(one.bottom - one.top, other.bottom - other.top)
    width = min(one.x1 - one.x0, other.x1 - other.x0)
    return (
        overlap(one.top, one.bottom, other.top, other.bottom) >= _SHARED * height
        and overlap(one.x0, one.x1, other.x0, other.x1) >= _SHARED * width
    )


def _is_one_word(one: Word, other: Word) -> bool:
    low, high = sorted((one.bottom - one.top, other.bottom - other.top))
    return high <= _TALLER * low and _is_at_one_place(one, other)
