"""The home of a set's documents: each is read as what it is written in, and found by its name."""

import json

import pytest

from config.errors import ConfigError
from config.settings import GateSettings, JudgeKind, Settings
from config.sources import RowMedia
from evaluation.evaluating import evaluate_documents
from evaluation.questions import media_of, read_set
from evaluation.temporary import keys_of, temporary_home
from evaluation.training.passage_pairs import passages_of

DOCUMENTS = (
    {"id": "fees", "title": "Fees", "path": "docs/Fees.MD",
     "text": "# Fees\n\nMonthly:\n| Plan | Fee |\n|---|---|\n| Basic | 5 euro |\n"},
    {"id": "hours", "title": "Hours", "path": "hours.html", "text": "<p>Open <b>9</b> to 5.</p>"},
    {"id": "a/b", "title": "Notes", "text": "- no list\n| no | table |"},
)  # fmt: skip
QUESTIONS = (
    {"id": "q1", "question": "What is the monthly fee of the Basic plan?", "label": "answerable",
     "gold_document_ids": ["fees"]},
    {"id": "q2", "question": "What is the monthly fee of the Basic plan?", "label": "unanswerable",
     "exclude_document_ids": ["fees"]},
)  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    for name, rows in (("documents", DOCUMENTS), ("questions", QUESTIONS)):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "media"),
    [
        ("a/README.md", RowMedia.MARKDOWN),
        ("x.MARKDOWN", RowMedia.MARKDOWN),
        ("x.htm", RowMedia.HTML),
        ("x.txt", RowMedia.TEXT),
        ("", RowMedia.TEXT),
        ("notes.md/old", RowMedia.TEXT),
    ],
)
def test_the_name_of_its_file_says_what_a_document_is_written_in(path, media):
    assert media_of(path) is media


def test_documents_are_read_as_what_they_are_written_in(folder):
    chosen = read_set(folder)
    key_of = keys_of(chosen)
    settings = Settings(gate=GateSettings(judge=JudgeKind.FEATURES))
    with temporary_home(settings, chosen) as corpus:
        texts = {
            key: "\n".join(p.text for p in chunks) for key, chunks in passages_of(corpus).items()
        }
    assert key_of("fees") == "fees.md"
    assert "Plan | Fee\nBasic | 5 euro" in texts[key_of("fees")]
    assert texts[key_of("fees")].count("Fees") == 1
    assert "Open 9 to 5." in texts[key_of("hours")]
    assert "| no | table |" in texts[key_of("a/b")]


def test_questions_find_and_hide_documents_of_every_kind(folder):
    settings = Settings(gate=GateSettings(judge=JudgeKind.FEATURES))
    (found, hidden), unknown = evaluate_documents(settings, read_set(folder), 0)
    assert found.ranked[0] in found.gold
    assert "fees.md" not in hidden.ranked
    assert unknown == []


def test_blanks_around_an_id_are_no_part_of_it(folder):
    for name in ("documents", "questions"):
        file = folder / f"{name}.jsonl"
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace('"fees"', '" fees\\u00a0"'), encoding="utf-8")
    settings = Settings(gate=GateSettings(judge=JudgeKind.FEATURES))
    (found, hidden), unknown = evaluate_documents(settings, read_set(folder), 0)
    assert found.ranked[0] in found.gold
    assert "fees.md" not in hidden.ranked
    assert unknown == []
    with (folder / "documents.jsonl").open("a", encoding="utf-8") as more:
        more.write('{"id": "fees", "text": "Another one."}\n')
    with pytest.raises(ConfigError, match="an earlier document has the id 'fees'"):
        keys_of(read_set(folder))
