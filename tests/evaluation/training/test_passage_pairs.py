"""Questions about passages as pairs: where the answer stands, what is beside it, the files."""

import json
from dataclasses import replace

import pytest

from evaluation.questions import DOCUMENTS, QuestionSet, read_set
from evaluation.training.openness import CONVERSATIONS
from evaluation.training.passage_pairs import (
    FILE,
    NOWHERE,
    PASSAGES,
    Pair,
    pairs_about_passages,
    read_written,
    tokens_of,
)
from evaluation.training.reader_rows import IGNORED, LENGTH, backbone
from query.networks.reader_network import encode, open_tokenizer

PAGES = {
    "loans": "Whoever misses an instalment pays a fee of 12 euro. The fee is charged once.",
    "cards": "A new card costs nine euro. A card that was stolen is replaced for nothing.",
}
HOLDING = {
    "document_id": "loans", "question": "what happens if I am late?", "before": "", "holds": True,
    "quote": "pays a fee of 12 euro",
}  # fmt: skip
LACKING = {
    "document_id": "cards", "question": "How soon do I get it?", "before": "I need a new card.",
    "holds": False, "quote": "A new card costs nine euro.",
}  # fmt: skip
FOLDERS = sorted(f.parent for base in (CONVERSATIONS, PASSAGES) for f in base.glob(f"*/{FILE}"))


@pytest.fixture
def pairs(tmp_path):
    """The pairs of the two lines above."""

    def write(*lines) -> list[Pair]:
        pages = [{"id": i, "title": i.title(), "text": text} for i, text in PAGES.items()]
        for name, rows in ((DOCUMENTS, pages), (FILE, lines)):
            (tmp_path / name).write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        return list(pairs_about_passages(QuestionSet("x", tmp_path, (), tmp_path / DOCUMENTS)))

    return write


def test_a_question_is_shown_with_its_answer_and_with_another_document(pairs):
    right, wrong = pairs(HOLDING)
    assert (right.answers, wrong.answers) == (True, False)
    assert right.question == wrong.question == HOLDING["question"]
    start, end = right.span
    assert right.passage[start:end] == HOLDING["quote"]
    assert right.passage.startswith("Loans")
    assert wrong.passage.startswith("Cards")
    assert wrong.span == NOWHERE
    assert right.weight > wrong.weight


def test_a_question_without_an_answer_is_shown_with_what_comes_closest_in_two_forms(pairs):
    topical, behind = pairs(LACKING)
    assert not topical.answers
    assert not behind.answers
    assert behind.question == "I need a new card. How soon do I get it?"
    assert "card" in topical.question
    assert topical.passage == behind.passage
    assert "nine euro" in behind.passage


def test_what_the_assistant_said_before_counts_as_in_a_conversation(pairs):
    """A follow-up takes its topic from there, too; the reader is shown what the user said."""
    asked = {**LACKING, "before": "Who runs the bank?", "question": "And when did he start?"}
    silent, told = pairs(asked)[0], pairs({**asked, "reply": "Osric Vane has run it since May."})[0]
    assert "Osric" not in silent.question
    assert "Osric" in told.question
    assert pairs({**asked, "reply": "Osric Vane has run it since May."})[1].question == (
        "Who runs the bank? And when did he start?"
    )


def test_a_quote_that_no_chunk_holds_teaches_nothing(pairs):
    assert pairs({**HOLDING, "quote": "pays 12 euro"}) == []


def test_where_nothing_is_written_nothing_is_learnt(tmp_path):
    assert read_written(tmp_path) == []
    assert list(pairs_about_passages(QuestionSet("x", tmp_path, (), None))) == []


def test_an_answer_is_pointed_at_by_its_tokens():
    tokenizer = open_tokenizer(backbone().tokenizer_file, LENGTH)
    text = PAGES["loans"]
    start = text.index("a fee")
    pair = Pair("What if I am late?", text, answers=True, span=(start, start + 16))
    _, (encoding,) = encode(tokenizer, [(pair.question, pair.passage)])
    first, last = tokens_of(pair, encoding)
    assert text[encoding.offsets[first][0] : encoding.offsets[last][1]] == "a fee of 12 euro"
    assert tokens_of(replace(pair, span=NOWHERE), encoding) == (0, 0)
    assert tokens_of(replace(pair, span=None), encoding) == (IGNORED, IGNORED)
    assert tokens_of(replace(pair, span=(9000, 9001)), encoding) == (IGNORED, IGNORED)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_quote_stands_once_in_its_document(folder):
    documents = QuestionSet(folder.name, folder, (), folder / DOCUMENTS).read_documents()
    texts = {document.id: document.text for document in documents}
    written = read_written(folder)
    assert len(written) > 200
    for one in written:
        assert texts[one.document].count(one.quote) == 1, one
    assert 0.4 < sum(one.holds for one in written) / len(written) < 0.6


def test_some_collections_have_conversations_only():
    held = {path.name for path in CONVERSATIONS.iterdir() if not (path / FILE).exists()}
    assert held == {"agencies", "databases", "hospital"}
    assert all(read_set(CONVERSATIONS / name).questions for name in held)
