"""Marks chunks: how much each reads like an instruction to a model, and its language."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ingestion.cleaning import clean
from ingestion.disguise import Disguised, smuggled
from ingestion.document import Chunk, CleanText, Cut, Element, ElementKind
from ingestion.injection import instructs, locate_instructions
from ingestion.injection_model import FLAGGED_FROM, Suspicion, suspicions
from ingestion.language import chunk_language

INJECTION = "injection"
"""Flag of a chunk in which some text instructs a model."""
INJECTION_IN_TITLE = "injection_in_title"
"""Flag of a document whose title does: it is shown with every chunk."""
INJECTION_IN_CHUNKS = "injection_in_chunks"
"""Flag of a version in the ledger of which some chunk is flagged; no chunk ever has it itself."""
INSTRUCTIONS_REMOVED = "instructions_removed"
"""Flag of a document of which text was cut that instructs a model."""
SMUGGLED = "smuggled_"
"""Reasons of cuts begin so when text stood in characters that cannot be seen."""
CERTAIN = 1.0
"""Score of a chunk in which a rule found an instruction, or smuggled text is one."""

_SAMPLE = 500
_PLACES = 20
"""So many smuggled texts get their exact place; with more, all chunks count as hit."""


def mark(
    chunks: Sequence[Chunk], cleaned: CleanText, cuts: Sequence[Cut], language: str
) -> tuple[Chunk, ...]:
    """Give every chunk its injection score, its flag if that is high, and its language.

    A sentence or a finding counts for each chunk that holds a part of it. A heading counts for
    each chunk below it, because it is embedded and shown with them.

    Args:
        chunks: Of the cleaned text, in order.
        cleaned: The text, and where its headings are.
        cuts: What was set apart; smuggled instructions count where they stood.
        language: Of the document.
    """
    judged = [*suspicions(cleaned.text), *_found(cleaned.text), *_smuggled(cuts, cleaned)]
    scores = [0.0] * len(chunks)
    ends = [one.end for one in chunks]
    for one in judged:
        at = bisect_left(ends, one.start + 1)
        while at < len(chunks) and chunks[at].start < one.end:
            scores[at] = max(scores[at], one.score)
            at += 1
    headings = dict(_judged_headings(cleaned, judged))
    return tuple(
        _marked(
            chunk,
            max((score, *(headings.get(heading, 0.0) for heading in chunk.headings))),
            chunk_language(chunk.text, language),
        )
        for chunk, score in zip(chunks, scores, strict=True)
    )


def smuggled_cuts(elements: Sequence[Element], title: str | None = None) -> tuple[Cut, ...]:
    """Read what stands in invisible characters, which cleaning takes out.

    Args:
        elements: As the parser yields them, before cleaning.
        title: Of the document, before cleaning; what is smuggled in it has no place in the text.
    """
    cuts: list[Cut] = []
    for place, element in enumerate(elements):
        for found in smuggled(element.text):
            at = _place(elements, place, found.start) if len(cuts) < _PLACES else None
            cuts.append(_smuggled_cut(found, element.page, at))
    known = {cut.sample for cut in cuts}  # the title may be the first heading
    in_title = (_smuggled_cut(found) for found in smuggled(title or ""))
    return (*cuts, *(cut for cut in in_title if cut.sample not in known))


def _smuggled_cut(found: Disguised, page: int | None = None, at: int | None = None) -> Cut:
    return Cut(SMUGGLED + found.way, len(found.plain), found.plain[:_SAMPLE], page, at)


def _place(elements: Sequence[Element], place: int, start: int) -> int:
    """Where in the cleaned text a place in an element is: behind what is visible before it.

    With nothing visible of its element before it, that is where the element begins.
    """
    element = elements[place]
    before = clean([*elements[:place], replace_text(element, start)])
    if not clean([replace_text(element, start)]).text:
        whole = clean([*elements[:place], element])
        if len(whole.elements) > len(before.elements):
            return whole.elements[-1].start
    return len(before.text)


def replace_text(element: Element, end: int) -> Element:
    """Return an element with only the beginning of its text."""
    return replace(element, text=element.text[:end])


def document_flags(title: str | None, cuts: Sequence[Cut]) -> Iterator[str]:
    """Yield the flags that title and cut text give to a whole document."""
    if title and locate_instructions(title):
        yield INJECTION_IN_TITLE
    if any(instructs(cut.sample) for cut in cuts):
        yield INSTRUCTIONS_REMOVED


def _found(text: str) -> Iterator[Suspicion]:
    for one in locate_instructions(text):
        yield Suspicion(one.start, one.end, CERTAIN)


def _smuggled(cuts: Sequence[Cut], cleaned: CleanText) -> Iterator[Suspicion]:
    beginnings = {element.start for element in cleaned.elements}
    everywhere = False
    for cut in cuts:
        if everywhere and cut.at is None:
            continue  # one says it of all chunks, and there may be thousands
        if not cut.reason.startswith(SMUGGLED) or not instructs(cut.sample):
            continue
        if cut.at is None:
            everywhere = True
            yield Suspicion(0, len(cleaned.text), CERTAIN)
        elif cut.at in beginnings:
            yield Suspicion(cut.at, cut.at + 1, CERTAIN)
        else:
            # What stood behind the last visible character belongs to that character's chunk.
            at = max(0, min(cut.at, len(cleaned.text)) - 1)
            yield Suspicion(at, at + 1, CERTAIN)


def _judged_headings(
    cleaned: CleanText, judged: Sequence[Suspicion]
) -> Iterator[tuple[str, float]]:
    headings = [e for e in cleaned.elements if e.kind is ElementKind.HEADING]
    highest = [0.0] * len(headings)
    ends = [heading.end for heading in headings]
    for one in judged:
        if one.score < FLAGGED_FROM:
            continue
        at = bisect_right(ends, one.start)
        while at < len(headings) and headings[at].start < one.end:
            highest[at] = max(highest[at], one.score)
            at += 1
    for heading, score in zip(headings, highest, strict=True):
        if score:
            yield cleaned.text[heading.start : heading.end], score


def _marked(chunk: Chunk, score: float, language: str) -> Chunk:
    flags = (*chunk.flags, INJECTION) if score >= FLAGGED_FROM else chunk.flags
    return replace(chunk, flags=flags, injection_score=score, language=language)
