"""Cuts a cleaned text into chunks: exact spans along sections that never exceed the encoder."""

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from config.errors import ConfigError
from ingestion.document import Chunk, CleanText, ElementKind
from ingestion.reading import ReadingSpec
from ingestion.splitting import DENSEST, Divider, Unit
from ingestion.tokenizer import load_counter

SPLITTER_VERSION = "5"
"""Part of the pipeline fingerprint: raised whenever splitting changes any chunk."""

SMALLEST_MAXIMUM = 8
"""Tokens a chunk must be allowed to have, so that any single character fits into one."""


@dataclass(frozen=True, slots=True)
class ChunkSpec:
    """What chunks must look like; all lengths in tokens of the encoder.

    Where `max_tokens`, the special tokens and the prefix together exceed the window, the
    largest chunk is what the window leaves; nothing is ever truncated.
    """

    tokenizer_file: str
    window: int
    """Input limit of the encoder, special tokens included."""
    max_tokens: int
    """Largest chunk, without heading path and prefix."""
    min_tokens: int
    """From here on a chunk may close early; smaller sections may share a chunk."""
    heading_tokens: int
    """Budget for the heading path in the embedding text."""
    document_prefix: str = ""
    """What the encoder wants in front of a document, such as `passage: `."""
    reading: ReadingSpec = field(default_factory=ReadingSpec)
    """How the text is read that is then cut; a parser child is told both at once."""


@dataclass(slots=True)
class _Section:
    """A heading with what follows it, or what stands before the first heading."""

    level: int
    units: list[Unit] = field(default_factory=list)
    # Kept, not counted again: a group asks at every section that may join it.
    tokens: int = 0
    has_body: bool = False

    def add(self, units: Sequence[Unit]) -> None:
        self.units.extend(units)
        self.tokens += sum(unit.tokens for unit in units)
        self.has_body = self.has_body or not all(unit.is_heading for unit in units)


def chunk(clean: CleanText, spec: ChunkSpec) -> tuple[Chunk, ...]:
    """Cut a cleaned text into chunks.

    The chunks are spans of the text in order, do not overlap, and cover everything that is
    not white space. Boundaries depend on the text around them only, so an edit moves few.

    Args:
        clean: The cleaned text with its elements.
        spec: Lengths, and the tokenizer they are counted with.

    Raises:
        ConfigError: The tokenizer is unreadable, or prefix and window leave no room.
    """
    return _Chunking(clean, spec).chunks()


class _Chunking:
    """One run of the splitter over one text."""

    def __init__(self, clean: CleanText, spec: ChunkSpec) -> None:
        self.text = clean.text
        self.elements = clean.elements
        self.spec = spec
        self.counter = load_counter(spec.tokenizer_file)
        self.divider = Divider(clean.text, self.counter)
        self.room = spec.window - self.counter.special_tokens
        self.prefix_tokens = self.counter.count(spec.document_prefix)
        self.max = min(spec.max_tokens, self.room - self.prefix_tokens)
        self.min = min(spec.min_tokens, self.max)
        self.additive = self.counter.additive and spec.document_prefix[-1:].strip() == ""
        if self.max < SMALLEST_MAXIMUM:
            raise ConfigError(
                f"chunking.max_tokens ({spec.max_tokens}), the encoder's window ({spec.window}) "
                f"and embedding.document_prefix ({self.prefix_tokens} tokens) leave {self.max} "
                f"tokens for a chunk: at least {SMALLEST_MAXIMUM} are needed."
            )

    def chunks(self) -> tuple[Chunk, ...]:
        made: list[Chunk] = []
        for group in self._groups(self._sections()):
            for packed in self._pack(group):
                for units in self._fitting(packed):
                    made.append(self._chunk(len(made), units))
        return tuple(made)

    # --- sections and units ------------------------------------------------------------------

    def _sections(self) -> list[_Section]:
        """Divide the elements into sections, each element into units that fit."""
        sections = [_Section(level=0)]
        stack: list[tuple[int, str]] = []
        pending = 0  # tokens of the headings directly before, which want to stay with the next
        for element, tokens in zip(self.elements, self._element_tokens(), strict=True):
            is_heading = element.kind is ElementKind.HEADING
            if is_heading:
                level = max(1, element.level)
                while stack and stack[-1][0] >= level:
                    stack.pop()
                stack.append((level, self.text[element.start : element.end]))
                sections.append(_Section(level))
            path = tuple(text for _, text in stack)
            unit = Unit(
                element.start, element.end, tokens, path, element.page, is_heading,
                page_breaks=element.page_breaks,
            )  # fmt: skip
            if is_heading and tokens <= self.max // 2:
                sections[-1].add([unit])
                pending += tokens
                continue
            limit = max(self.max - pending, self.max // 2)
            units = [unit] if tokens <= limit else self.divider.divide(unit, element.kind, limit)
            sections[-1].add([replace(u, is_heading=False) for u in units])
            pending = 0
        return [section for section in sections if section.units]

    def _element_tokens(self) -> list[int]:
        """Count all elements at once; what must be too long by its length is not counted."""
        spans = [self.text[element.start : element.end] for element in self.elements]
        texts = [text if len(text) <= self.max * DENSEST else "" for text in spans]
        counts = self.counter.count_many(texts)
        return [count or len(span) for count, span in zip(counts, spans, strict=True)]

    # --- which sections share a chunk --------------------------------------------------------

    def _groups(self, sections: Sequence[_Section]) -> list[_Section]:
        """Join tiny neighbouring sections; a joined group keeps the level of its first."""
        groups: list[_Section] = []
        for section in sections:
            if groups and self._joins(groups[-1], section):
                groups[-1].add(section.units)
            else:
                groups.append(_Section(section.level))
                groups[-1].add(section.units)
        # A heading without any text after it is no chunk of its own: it ends the one before.
        tidy: list[_Section] = []
        for group in groups:
            if tidy and not group.has_body and group.tokens < self.min:
                tidy[-1].add(group.units)
            else:
                tidy.append(group)
        return tidy

    def _joins(self, group: _Section, section: _Section) -> bool:
        if section.level < group.level:
            return False  # it belongs to another parent
        if not group.has_body:
            return True
        together = group.tokens + section.tokens
        if together > self.max:
            return group.tokens < self.min // 2 and section.level > group.level
        if group.tokens < self.min:
            return True
        return section.tokens < self.min and not self._closes(group.units[-1:])

    # --- packing -----------------------------------------------------------------------------

    def _pack(self, group: _Section) -> list[list[Unit]]:
        """Pack the units of a group into chunks; a group that fits is one chunk."""
        if group.tokens <= self.max:
            return [group.units]
        packed: list[list[list[Unit]]] = [[]]
        tokens = 0
        for block in self._blocks(group.units):
            size = _tokens(block)
            if packed[-1] and tokens + size > self.max:
                packed.append([])
                tokens = self._head_tokens_beyond(block[0])
            packed[-1].append(block)
            tokens += size
            if tokens >= self.min and self._closes(block):
                packed.append([])
                tokens = self._head_tokens_beyond(block[0])
        packed = self._without_tail([blocks for blocks in packed if blocks])
        return [[unit for block in blocks for unit in block] for blocks in packed]

    def _head_tokens_beyond(self, unit: Unit) -> int:
        """Tokens of a repeated header row that the window has no room for beside the chunk."""
        if not unit.table_head:
            return 0
        beside = self.room - self.prefix_tokens - self.max
        return max(0, self.divider.count(unit.table_head) - beside)

    def _blocks(self, units: Sequence[Unit]) -> Iterator[list[Unit]]:
        """Headings together with the unit that follows them, as far as that fits."""
        block: list[Unit] = []
        for unit in units:
            while block and _tokens(block) + unit.tokens > self.max:
                yield [block.pop(0)]
            block.append(unit)
            if not unit.is_heading:
                yield block
                block = []
        if block:
            yield block

    def _closes(self, block: Sequence[Unit]) -> bool:
        """Whether the content of a unit says that a chunk ends after it.

        As boundaries hang on content instead of position, they settle again soon after an
        edit. A longer unit closes more often, so that chunks come out alike from any units.
        """
        text = self.text[block[-1].start : block[-1].end]
        draw = int.from_bytes(hashlib.sha1(text.encode(), usedforsecurity=False).digest()[:4])
        return draw * 2 * max(1, self.max - self.min) < _tokens(block) << 32

    def _without_tail(self, packed: list[list[list[Unit]]]) -> list[list[list[Unit]]]:
        """Move blocks so that a section does not end in a scrap."""
        if len(packed) < 2 or sum(map(_tokens, packed[-1])) >= self.min:
            return packed
        blocks = packed[-2] + packed[-1]
        sizes = [_tokens(block) for block in blocks]
        total = sum(sizes)
        if total <= self.max:
            return [*packed[:-2], blocks]
        cut = min(range(1, len(sizes)), key=lambda at: abs(total - 2 * sum(sizes[:at])))
        if max(sum(sizes[:cut]), sum(sizes[cut:])) > self.max:
            return packed
        return [*packed[:-2], blocks[:cut], blocks[cut:]]

    # --- chunks ------------------------------------------------------------------------------

    def _fitting(self, units: list[Unit]) -> Iterator[list[Unit]]:
        """Check a chunk on its actual span, and divide it where sums were too low."""
        if self._sums_hold(units) or self._span_fits(units):
            yield units
        elif len(units) > 1:
            middle = len(units) // 2
            yield from self._fitting(units[:middle])
            yield from self._fitting(units[middle:])
        elif units[0].end - units[0].start > 1:
            yield from self._fitting(list(self.divider.halved(units[0], units[0].tokens - 1)))
        else:
            yield units

    def _sums_hold(self, units: Sequence[Unit]) -> bool:
        apart = all(one.end < two.start for one, two in itertools.pairwise(units))
        return self.additive and apart and _tokens(units) <= self.max

    def _span_fits(self, units: Sequence[Unit]) -> bool:
        text = self.text[units[0].start : units[-1].end]
        alone, prefixed = self.counter.count_many((text, self.spec.document_prefix + text))
        return alone <= self.max and prefixed <= self.room

    def _chunk(self, ordinal: int, units: Sequence[Unit]) -> Chunk:
        first, last = units[0], units[-1]
        text = self.text[first.start : last.end]
        # The span itself starts with its last heading then; only its parents are to be added.
        path = first.path[:-1] if first.is_heading else first.path
        embedding_text, tokens = self._embedding_text(path, text, units)
        return Chunk(
            ordinal=ordinal,
            start=first.start,
            end=last.end,
            text=text,
            headings=first.path,
            page=next((page for _, page in _pages(units)), None),
            page_breaks=_page_breaks(units),
            tokens=tokens + self.counter.special_tokens,
            embedding_text=embedding_text,
            table_head=first.table_head,
        )

    def _embedding_text(
        self, path: tuple[str, ...], text: str, units: Sequence[Unit]
    ) -> tuple[str, int]:
        """The longest heading path that fits, outermost dropped first, and the chunk.

        The rest of a table that was divided is preceded by its header row, which goes before the
        path where there is no room for both.
        """
        prefix = self.spec.document_prefix
        sums_hold = self._sums_hold(units)
        head = units[0].table_head
        for first in self._introductions(path, head):
            whole = f"{prefix}{first}\n{text}"
            tokens = (
                self.prefix_tokens + self.divider.count(first) + _tokens(units)
                if sums_hold and not head
                else self.counter.count(whole)
            )
            if tokens <= self.room:
                return whole, tokens
        whole = prefix + text
        return whole, (
            self.prefix_tokens + _tokens(units) if sums_hold else self.counter.count(whole)
        )

    def _introductions(self, path: tuple[str, ...], head: str) -> Iterator[str]:
        """What may stand before a chunk, the most telling first."""
        paths = [" > ".join(path[outermost:]) for outermost in range(len(path))]
        paths = [one for one in paths if self.divider.count(one) <= self.spec.heading_tokens]
        if head:
            yield from (f"{one}\n{head}" for one in paths)
            yield head
        yield from paths


def _page_breaks(units: Sequence[Unit]) -> tuple[tuple[int, int], ...]:
    """Where in the text of these units another page begins; what names no page is of the last."""
    paged = [(at - units[0].start, page) for at, page in _pages(units)]
    return tuple(two for one, two in itertools.pairwise(paged) if two[1] != one[1])


def _pages(units: Sequence[Unit]) -> Iterator[tuple[int, int]]:
    """Where units begin, or go on on another page, and the number of the page."""
    for unit in units:
        if unit.page is not None:
            begun = [page for at, page in unit.page_breaks if at <= unit.start]
            yield unit.start, begun[-1] if begun else unit.page
            yield from (place for place in unit.page_breaks if unit.start < place[0] < unit.end)


def _tokens(units: Sequence[Unit]) -> int:
    return sum(unit.tokens for unit in units)
