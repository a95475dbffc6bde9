"""The example handbook, its second state and its questions fit together."""

import importlib.util
import json
import re
import shutil
import sys
from collections import Counter
from email import message_from_bytes, policy
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
HANDBOOK = EXAMPLES / "handbook"
OVERLAY = EXAMPLES / "handbook-second-state"
QUESTION_LINES = (EXAMPLES / "questions.jsonl").read_text("utf-8").splitlines()
QUESTIONS = [json.loads(line) for line in QUESTION_LINES]
VERDICTS = {"answerable", "partially_supported", "ambiguous", "unanswerable"}
KINDS = {
    *("direct", "paraphrase", "table", "number", "list", "multi_part"),
    *("near_miss", "far", "conflict", "second_state"),
}
ZERO_WIDTH = "\u200b\u200c\u2060\ufeff"


@cache
def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"examples_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def keys_of(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def docx_text(path: Path) -> str:
    from docx import Document

    document = Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def pptx_text(path: Path) -> str:
    from pptx import Presentation

    lines = []
    for slide in Presentation(str(path)).slides:
        for shape in slide.shapes:
            if shape.has_text_frame:
                lines.append(shape.text_frame.text)
            if shape.has_table:
                lines += [cell.text for row in shape.table.rows for cell in row.cells]
    return "\n".join(lines)


def xlsx_text(path: Path) -> str:
    from openpyxl import load_workbook

    lines = []
    for sheet in load_workbook(path).worksheets:
        lines.append(sheet.title)
        for row in sheet.iter_rows(values_only=True):
            lines += [str(cell) for cell in row if cell is not None]
    return "\n".join(lines)


def pdf_text(path: Path) -> str:
    from pypdfium2 import PdfDocument

    with PdfDocument(path) as pdf:
        return "\n".join(page.get_textpage().get_text_bounded() for page in pdf)


def eml_text(path: Path) -> str:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


READERS = {
    ".docx": docx_text,
    ".pptx": pptx_text,
    ".xlsx": xlsx_text,
    ".pdf": pdf_text,
    ".eml": eml_text,
}


@cache
def text_of(path: Path) -> str:
    """Visible text, on one line, without zero-width characters."""
    text = READERS[path.suffix](path) if path.suffix in READERS else path.read_text("utf-8")
    text = re.sub(r"<[^>]+>", " ", text).replace("&euro;", "€").replace("&pound;", "£")
    text = text.replace("**", "").replace("&nbsp;", " ")
    return " ".join(text.translate({ord(mark): None for mark in ZERO_WIDTH}).split())


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    second = tmp_path_factory.mktemp("second") / "handbook"
    shutil.copytree(HANDBOOK, second)
    load("second_state").apply_second_state(second)
    return {1: HANDBOOK, 2: second}


def test_there_are_enough_documents_in_enough_formats() -> None:
    formats = Counter(Path(key).suffix for key in keys_of(HANDBOOK))
    assert 40 <= formats.total() <= 48
    assert len(formats) >= 9
    assert formats.most_common(1)[0][0] == ".md"
    assert set(formats) >= {".html", ".txt", ".rst", ".docx", ".pptx", ".xlsx", ".csv", ".eml"}


def test_the_handbook_has_the_intended_size() -> None:
    words = {key: len(text_of(HANDBOOK / key).split()) for key in keys_of(HANDBOOK)}
    assert 22_000 <= sum(words.values()) <= 35_000
    assert min(words.values()) > 50
    assert sum(count >= 1_500 for count in words.values()) >= 2


def test_no_paragraph_stands_in_two_documents() -> None:
    seen: dict[str, str] = {}
    for path in sorted(HANDBOOK.rglob("*.md")):
        for paragraph in path.read_text("utf-8").split("\n\n"):
            if len(paragraph) > 120:
                assert seen.setdefault(paragraph, path.name) == path.name, paragraph[:80]


def test_questions_have_the_promised_shape() -> None:
    assert len({question["id"] for question in QUESTIONS}) == len(QUESTIONS)
    assert len({(each["question"], each["state"]) for each in QUESTIONS}) == len(QUESTIONS)
    for question in QUESTIONS:
        assert question["expected"] in VERDICTS, question["id"]
        assert question["kind"] in KINDS, question["id"]
        unanswerable = question["expected"] == "unanswerable"
        assert (question["answer"] is None) == unanswerable, question["id"]
        assert (question["gold_keys"] == []) == unanswerable, question["id"]


def test_the_mix_of_questions() -> None:
    assert len(QUESTIONS) >= 60
    unanswerable = [each for each in QUESTIONS if each["expected"] == "unanswerable"]
    kinds = Counter(each["kind"] for each in unanswerable)
    assert 0.28 <= len(unanswerable) / len(QUESTIONS) <= 0.38
    assert 0.4 <= kinds["near_miss"] / len(unanswerable) <= 0.6
    expected = Counter(each["expected"] for each in QUESTIONS)
    assert expected["partially_supported"] >= 4
    assert expected["ambiguous"] >= 4


def test_questions_cover_every_format_and_most_documents() -> None:
    gold = {key for each in QUESTIONS for key in each["gold_keys"]}
    assert {Path(key).suffix for key in gold} == {Path(key).suffix for key in keys_of(HANDBOOK)}
    assert len(gold & keys_of(HANDBOOK)) >= 40


def test_gold_documents_exist_in_their_state(states: dict[int, Path]) -> None:
    for question in QUESTIONS:
        for key in question["gold_keys"]:
            assert (states[question["state"]] / key).is_file(), (question["id"], key)


def as_written(text: str) -> str:
    """Lower case, and thousands without separators, as a spreadsheet holds them."""
    return re.sub(r"(?<=\d),(?=\d{3}\b)", "", text.lower())


def test_answers_stand_in_their_gold_documents(states: dict[int, Path]) -> None:
    for question in QUESTIONS:
        if question["answer"] is None:
            continue
        answer = as_written(question["answer"])
        folder = states[question["state"]]
        gold = " ".join(text_of(folder / key) for key in question["gold_keys"]).lower()
        gold += as_written(gold)
        terms = re.findall(r"[\d.:-]*\d", answer)
        terms = terms or [max(answer.split(), key=len).strip(",.")]
        for term in terms:
            found = re.search(rf"(?<![\d.]){re.escape(term)}(?!\d)", gold)
            assert found, (question["id"], term)


def test_second_state_changes_what_it_says(states: dict[int, Path]) -> None:
    changes = load("second_state").read_changes()
    first, second = keys_of(states[1]), keys_of(states[2])
    renamed_from = {old for old, _ in changes.renamed}
    renamed_to = {new for _, new in changes.renamed}
    assert first - second == set(changes.deleted) | renamed_from
    assert second - first == set(changes.added) | renamed_to
    assert keys_of(OVERLAY) == {"changes.json", *changes.edited, *changes.added}
    for old, new in changes.renamed:
        assert (states[1] / old).read_bytes() == (states[2] / new).read_bytes()
    differing = {
        key
        for key in first & second
        if (states[1] / key).read_bytes() != (states[2] / key).read_bytes()
    }
    assert differing == set(changes.edited)
    assert 4 <= len(changes.edited) <= 6


def test_an_edit_touches_few_lines(states: dict[int, Path]) -> None:
    for key in load("second_state").read_changes().edited:
        before, after = text_of(states[1] / key).split(), text_of(states[2] / key).split()
        changed = Counter(before) - Counter(after)
        assert 0 < changed.total() <= 25, key


def test_applying_is_deterministic_and_refuses_a_second_time(
    tmp_path: Path, states: dict[int, Path]
) -> None:
    copy = tmp_path / "handbook"
    shutil.copytree(HANDBOOK, copy)
    load("second_state").apply_second_state(copy)
    assert keys_of(copy) == keys_of(states[2])
    for key in keys_of(copy):
        assert (copy / key).read_bytes() == (states[2] / key).read_bytes()
    with pytest.raises(FileNotFoundError, match="not the first state"):
        load("second_state").apply_second_state(copy)


def test_the_handbook_itself_is_never_changed() -> None:
    with pytest.raises(ValueError, match="copy it first"):
        load("second_state").apply_second_state(HANDBOOK)


def test_the_traps_are_set(states: dict[int, Path]) -> None:
    second = states[2]
    injected = (second / "support/case-51077-nordvik.md").read_text("utf-8")
    assert "Ignore all previous instructions" in injected
    hidden = (second / "support/battery-faq.html").read_text("utf-8")
    assert "display:none" in hidden
    assert "twelve years" in hidden
    checklist = (second / "product/field-kit-checklist.md").read_text("utf-8")
    for mark in ZERO_WIDTH:
        assert re.search(rf"[a-z]{mark}[a-z]", checklist), f"U+{ord(mark):04X}"
    assert "30 days, then deleted" in text_of(second / "security/data-retention.md")
    assert "90 days after the end" in text_of(second / "security/tideline-offboarding.md")


def test_the_first_state_has_no_traps() -> None:
    for key in keys_of(HANDBOOK):
        text = (HANDBOOK / key).read_bytes().decode("utf-8", "replace")
        assert "previous instructions" not in text, key
        assert "display:none" not in text, key
        if Path(key).suffix not in {".docx", ".pptx", ".xlsx", ".pdf"}:
            assert not set(text) & set(ZERO_WIDTH), key


def test_binary_documents_say_what_their_source_says(tmp_path: Path) -> None:
    maker = load("make_handbook")
    for number, (sources, target) in enumerate(maker.STATES.items()):
        written = maker.write_documents(sources, tmp_path / str(number))
        assert written
        for relative in written:
            fresh, kept = tmp_path / str(number) / relative, target / relative
            assert text_of(fresh) == text_of(kept), relative
            source = (sources / f"{relative}.md").read_text("utf-8")
            for block in maker.read_blocks(source):
                cells = [cell for row in block.rows for cell in row] or [block.text]
                for cell in cells:
                    spoken = cell.removesuffix("0") if "." in cell else cell
                    assert squeezed(spoken) in squeezed(text_of(kept)), (relative, cell)


def squeezed(text: str) -> str:
    """Without white space, hyphens and PDF footers: what line and page breaks put in between."""
    text = re.sub(r"Larkspur Instruments - page \d+", "", text)
    return re.sub(r"[\s\-\u00ad\ufffe\x02]", "", text)


def test_every_binary_document_has_a_source() -> None:
    maker = load("make_handbook")
    for sources, target in maker.STATES.items():
        binary = {key for key in keys_of(target) if Path(key).suffix in maker.WRITERS}
        assert binary == {key.removesuffix(".md") for key in keys_of(sources)}


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    maker = load("make_handbook")
    sources = next(iter(maker.STATES))
    first = maker.write_documents(sources, tmp_path / "a")
    second = maker.write_documents(sources, tmp_path / "b")
    assert first == second
    for relative in first:
        assert (tmp_path / "a" / relative).read_bytes() == (tmp_path / "b" / relative).read_bytes()
