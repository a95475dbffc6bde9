"""Question sets: both formats are read, and what is wrong is said with its line."""

import gzip
import json
from pathlib import Path

import pytest

from config.errors import ConfigError
from evaluation.questions import QuestionSet, choose, read_set, told_apart
from query.decision import Verdict


def write(path: Path, *records: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in records)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


ONE = {"id": "q1", "question": "How long?", "label": "answerable", "gold_document_ids": ["d1"]}


def test_a_folder_with_documents_is_a_set(tmp_path):
    write(tmp_path / "s" / "questions.jsonl.gz", ONE, {**ONE, "id": "q2", "tier": "far"})
    write(tmp_path / "s" / "documents.jsonl", {"id": "d1", "title": "T", "text": "Two weeks."})
    found = read_set(tmp_path / "s")
    assert found.name == "s"
    assert [q.id for q in found.questions] == ["q1", "q2"]
    assert found.questions[0].label is Verdict.ANSWERABLE
    assert [d.text for d in found.read_documents()] == ["Two weeks."]


def test_two_documents_of_one_id_are_refused(tmp_path):
    write(tmp_path / "questions.jsonl", ONE)
    document = {"id": "d1", "title": "T", "text": "Two weeks."}
    write(tmp_path / "documents.jsonl", document, {**document, "text": "Three weeks."})
    with pytest.raises(ConfigError, match=r"line 2: an earlier document has the id 'd1'"):
        list(read_set(tmp_path).read_documents())


@pytest.mark.parametrize("place", ["question", "gold_document_ids", "x_\ud83d"])
def test_half_of_a_character_is_refused_and_a_whole_one_taken(tmp_path, place):
    """Further on it would be a crash, or a ledger that seems to be damaged."""
    text = json.dumps({**ONE, place: ["d\ud800"] if place.startswith("gold") else "\ud83d?"})
    file = write(tmp_path / "golden.jsonl", ONE, text)
    with pytest.raises(ConfigError, match=r'line 2 holds "\\ud8(00|3d)", half of a character'):
        read_set(file)
    write(tmp_path / "documents.jsonl", {"id": "d1", "text": "Two \ud800weeks."})
    write(tmp_path / "questions.jsonl", {**ONE, "question": "Is it \N{GRINNING FACE}?"})
    found = read_set(tmp_path)
    assert found.questions[0].question == "Is it \N{GRINNING FACE}?"
    with pytest.raises(ConfigError, match="half of a character"):
        list(found.read_documents())


def test_golden_questions_are_a_set_too(tmp_path):
    golden = {
        "question": "Where?",
        "gold_keys": ["a.md"],
        "expected": "unanswerable",
        "answer": "x",
    }
    found = read_set(write(tmp_path / "golden.jsonl", golden))
    (question,) = found.questions
    assert found.documents is None
    assert question.gold == {"a.md"}
    assert question.label is Verdict.UNANSWERABLE
    assert question.answers == ("x",)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "line 2 cannot be read as JSON"),
        (
            '{"question": "?", "label": "answerable", "label": "ambiguous"}',
            "'label' is given twice",
        ),
        ("[1]", "line 2 is no JSON object"),
        ({"id": "x"}, '"question" must be a text'),
        ({"question": "?", "label": "maybe"}, "'maybe' is no label"),
        ({"question": "?", "gold_document_ids": "d1"}, '"gold_document_ids" must be a list'),
        ({"question": "?", "history": "earlier"}, '"history" must be a list'),
        ({"id": "q1", "question": "?"}, "two questions have the id 'q1'"),
        ({"question": "?", "labell": "answerable"}, "no field 'labell'; did you mean 'label'?"),
        ({"questoin": "?"}, "no field 'questoin'; did you mean 'question'?"),
        ({"question": "?", "reviewed": "false"}, '"reviewed" must be true or false'),
        ({"question": "?", "core": 1}, '"core" must be true or false'),
        ({"question": "?", "history": ["a", 5]}, 'turn 2 of "history" must be a text'),
        ({"question": "?", "history": [{"txt": "a"}]}, "no field 'txt'; did you mean 'text'?"),
        ({"question": "?", "answers": 5}, 'line 2: "answers" must be a list'),
        ({"question": "?", "gold_keys": [5]}, '"gold_keys" must hold texts only'),
        ({"question": "?", "label": "answerable", "expected": "ambiguous"}, "contradict"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, complaint):
    file = write(tmp_path / "questions.jsonl", ONE, line)
    with pytest.raises(ConfigError, match=r"questions\.jsonl") as caught:
        read_set(file)
    assert complaint in str(caught.value)


def test_only_labels_that_a_question_can_have_are_offered(tmp_path):
    for wrong in ("refused_by_policy", ["answerable"]):
        file = write(tmp_path / "questions.jsonl", {"question": "?", "label": wrong})
        with pytest.raises(ConfigError) as caught:
            read_set(file)
        offered = "must be one of answerable, partially_supported, ambiguous, unanswerable."
        assert str(caught.value).endswith(offered)


def test_what_an_author_keeps_for_himself_is_left_alone(tmp_path):
    line = {**ONE, "note": "look again", "x_ticket": 7, "history": [{"role": "user", "text": "?"}]}
    (question,) = read_set(write(tmp_path / "questions.jsonl", line)).questions
    assert question.history == ({"role": "user", "text": "?"},)


def test_ids_may_be_counted_from_0(tmp_path):
    file = write(tmp_path / "questions.jsonl", *({**ONE, "id": number} for number in range(3)))
    assert [q.id for q in read_set(file).questions] == ["0", "1", "2"]


def test_without_an_id_the_number_of_the_line_counts(tmp_path):
    file = write(tmp_path / "questions.jsonl", {"question": "?"}, "", {**ONE, "id": ""})
    assert [q.id for q in read_set(file).questions] == ["1", "3"]


@pytest.mark.parametrize("name", ["questions.jsonl", "questions.jsonl.gz"])
def test_a_file_of_a_windows_editor_is_read(tmp_path, name):
    content = f"\ufeff{json.dumps(ONE)}\r\n\r\n{json.dumps({**ONE, 'id': 'q2'})}\r\n".encode()
    file = tmp_path / name
    file.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert [q.id for q in read_set(file).questions] == ["q1", "q2"]


def test_sets_of_one_name_are_named_by_their_paths(tmp_path):
    files = [tmp_path / "en" / "golden.jsonl", tmp_path / "fr" / "golden.jsonl", tmp_path / "x"]
    sets = told_apart([QuestionSet(file.stem, file, ()) for file in files])
    assert [one.name for one in sets] == [files[0].as_posix(), files[1].as_posix(), "x"]


def test_what_is_no_set_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="is no question set"):
        read_set(tmp_path)
    with pytest.raises(ConfigError, match="has no question"):
        read_set(write(tmp_path / "questions.jsonl", ""))
    broken = tmp_path / "b.jsonl.gz"
    whole = gzip.compress(
        b"".join(json.dumps({**ONE, "id": n}).encode() + b"\n" for n in range(99))
    )
    flipped = bytes(byte ^ 0x55 if 30 <= n < 50 else byte for n, byte in enumerate(whole))
    for content in (b"this is no gzip file", whole[:60], flipped):
        broken.write_bytes(content)
        with pytest.raises(ConfigError, match="cannot be read"):
            read_set(broken)


def test_a_sample_is_always_the_same_and_prefers_the_core(tmp_path):
    lines = [{**ONE, "id": f"q{i}", "core": i % 2 == 0} for i in range(40)]
    found = read_set(write(tmp_path / "questions.jsonl", *lines))
    first = choose(found, 10)
    assert first == choose(found, 10)
    assert all(question.core for question in first)
    assert len(choose(found, 0)) == 40
    assert len(choose(found, 30)) == 30


def test_questions_on_one_document_fail_together(tmp_path):
    lines = [ONE, {**ONE, "id": "q2"}, {"id": "q3", "question": "?"}]
    groups = [q.group for q in read_set(write(tmp_path / "q.jsonl", *lines)).questions]
    assert groups == ["d1", "d1", "q3"]
