"""Text windows: cut at sentences, from texts, Markdown, HTML and question sets."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evaluation.training.text_windows import (
    LEFT,
    LONG,
    LONGEST_SENTENCE,
    TextDocument,
    is_prose,
    keep_windows,
    markdown_paragraphs,
    read_source,
    read_windows,
    windows_of,
)

SENTENCE = "The ferry to the northern islands leaves the harbour every morning at nine."
TEXT = " ".join([SENTENCE] * 30)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=30), st.integers(0, 99))
@example([1, 1, 1, 1, 4, 2, 9, 9, 1, 6, 9, 9, 1, 1, 8, 9, 9, 9, 1, 1, 8, 9], 0)  # 900, and a blank
def test_windows_hold_whole_sentences_in_their_order_and_are_bounded(sizes: list[int], seed: int):
    numbers = iter(range(10_000))
    paragraphs = [
        " ".join(f"Sentence {next(numbers)} says a thing or two about ferries." for _ in range(n))
        for n in sizes
    ]
    windows = list(windows_of(paragraphs, random.Random(seed)))
    together = " ".join(windows)
    whole = " ".join(paragraphs)
    assert whole.startswith(together)
    assert len(whole) - len(together) <= LEFT + 1, "only a short end may be left out"
    assert all(window.endswith(".") for window in windows)
    assert all(len(window) <= LONG for window in windows)


def test_a_sentence_without_an_end_is_cut():
    [window] = windows_of(["word " * 400], random.Random(1))
    assert len(window) <= LONGEST_SENTENCE


@pytest.mark.parametrize(("name", "title"), [
    ("1790_george_washington_n.txt", "1790 george washington"),
    ("travel-guide.md", "travel guide"),
    ("index.html", ""),
])  # fmt: skip
def test_a_folder_of_files_becomes_documents_with_titles(tmp_path: Path, name: str, title: str):
    text = f"<p>{TEXT[:2000]}</p><p>{TEXT[:2000]}</p>" if name.endswith("html") else TEXT
    (tmp_path / name).write_text(text, encoding="utf-8")
    [document] = read_source(tmp_path, random.Random(1))
    assert document.title == title
    assert document.source == tmp_path.name
    assert len(document.windows) >= 2
    assert all("<p>" not in window for window in document.windows)


def test_release_notes_tables_and_short_documents_are_left_out(tmp_path: Path):
    (tmp_path / "release-15.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "table.txt").write_text("12 34 56. " * 300, encoding="utf-8")
    (tmp_path / "short.txt").write_text(SENTENCE * 4, encoding="utf-8")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    assert read_source(tmp_path, random.Random(1)) == []


def test_question_sets_are_read_without_their_labels(tmp_path: Path):
    claim = {"id": "1", "claim": "Secret.", "evidence": [SENTENCE] * 30, "label": "supported"}
    guide = {"id": "2", "title": "Buckets", "text": "\n\n".join([TEXT] * 9)}
    (tmp_path / "claims.jsonl").write_text(json.dumps(claim), encoding="utf-8")
    (tmp_path / "documents.jsonl").write_text(json.dumps(guide), encoding="utf-8")
    found = {d.title: d.windows for d in read_source(tmp_path, random.Random(1))}
    assert set(found) == {"", "Buckets"}
    assert len(found["Buckets"]) == 5
    assert not any("Secret" in window for windows in found.values() for window in windows)


def test_no_further_document_is_taken_beyond_the_most(tmp_path: Path):
    for number in range(9):
        (tmp_path / f"{number}.txt").write_text(TEXT, encoding="utf-8")
    every = read_source(tmp_path, random.Random(1))
    some = read_source(tmp_path, random.Random(1), most=len(every[0].windows))
    assert len(every) == 9
    assert len(some) == 2


def test_markup_and_code_are_no_prose():
    text = (
        f"# Head\n\n{SENTENCE}\n\n```\ncode {SENTENCE}\n```\n\n- **[{SENTENCE}](https://a.test)**"
    )
    assert markdown_paragraphs(text) == [SENTENCE, f"- {SENTENCE}"]
    assert is_prose(SENTENCE)
    assert not is_prose("{a: 1, b: 2}, {c: 3}")


def test_windows_are_read_back_as_they_were(tmp_path: Path):
    documents = [TextDocument("s", "Title", ("One.", "Two."))]
    keep_windows(documents, tmp_path / "w.jsonl.gz")
    assert read_windows(tmp_path / "w.jsonl.gz") == documents
