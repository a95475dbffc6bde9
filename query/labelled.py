"""Questions with what a person says about them, one JSON object per line: the one reader of them.

The promotion gate, `holdfast eval`, `calibrate` and the nightly evaluation all read questions
here, so that a line means the same to each of them.
"""

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from config.errors import ConfigError
from config.fields import refuse_unknown
from query.decision import Verdict

QUESTIONS = "questions.jsonl"
DOCUMENTS = "documents.jsonl"
MAX_LINE_CHARS = 16_000_000

LABELS = (
    Verdict.ANSWERABLE,
    Verdict.PARTIALLY_SUPPORTED,
    Verdict.AMBIGUOUS,
    Verdict.UNANSWERABLE,
)
"""What a person can say of a question. That a policy refuses it lies in the policy."""

READ = frozenset({
    "question", "id", "label", "expected", "gold_document_ids", "gold_keys",
    "exclude_document_ids", "exclude_keys", "answers", "answer", "tier", "kind", "lang", "history",
    "core", "reviewed", "removed_document_ids", "source_keys",
})  # fmt: skip
NOTED = frozenset({
    "note", "quote", "request_ids", "feedback_ids", "state", "turn", "collection", "reason",
    "yes_no", "wrong_answers", "incorrect_answer", "near_document_ids", "candidate_document_ids",
    "poisoned_document_ids",
})  # fmt: skip
"""What drafts and the sets of the measurements carry beside it; nothing reads it."""
OWN = "x_"
"""A field that begins so is its author's own."""
TURN = frozenset({"speaker", "role", "text", "content"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledQuestion:
    """A question and what a person says about it."""

    id: str
    question: str
    label: Verdict | None = None
    """None: only retrieval is judged."""
    gold: frozenset[str] = frozenset()
    """Ids or keys of the documents that answer it."""
    exclude: frozenset[str] = frozenset()
    """Ids or keys of documents hidden for this question."""
    answers: tuple[str, ...] = ()
    tier: str = ""
    lang: str = ""
    history: tuple[Any, ...] = ()
    core: bool | None = None
    """Whether it belongs to the quick sample; none where the set has no such sample."""
    reviewed: bool = True
    """False for a draft that no person has looked at."""
    source_ids: frozenset[str] = frozenset()
    """Documents it was made from although they are not in the collection."""

    @property
    def group(self) -> str:
        """What it fails together with: its document, or itself."""
        about = self.gold or self.source_ids or self.exclude
        return min(about) if about else self.id

    @property
    def says_something(self) -> bool:
        """Whether it can fare well or badly: it has a label, or names a document."""
        return self.label is not None or bool(self.gold)


def is_document_id(name: str) -> bool:
    """Tell whether a name is a Holdfast document id rather than a key."""
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False


def read_questions(path: Path) -> tuple[LabelledQuestion, ...]:
    """Read the questions of a file, or of the `questions.jsonl` of a folder.

    Raises:
        ConfigError: There are none, one cannot be read, or two have the same id.
    """
    file = existing(path / QUESTIONS) if is_folder(path) else existing(path)
    if file is None:
        raise ConfigError(f"{path} is no question set: it has no {QUESTIONS} (or {QUESTIONS}.gz).")
    questions = tuple(read_question(record, where) for where, record in read_records(file))
    if not questions:
        raise ConfigError(f"{file} has no question.")
    seen: set[str] = set()
    for question in questions:
        if question.id in seen:
            raise ConfigError(f"{file}: two questions have the id {question.id!r}.")
        seen.add(question.id)
    return questions


def existing(file: Path) -> Path | None:
    """Return the file, or its gzipped form, whichever is there.

    Raises:
        ConfigError: It cannot be looked for.
    """
    packed = file.with_name(file.name + ".gz")
    try:
        return next((place for place in (file, packed) if place.is_file()), None)
    except OSError as error:
        raise _hidden(file, error) from error


def is_folder(path: Path) -> bool:
    """Tell whether a set is a folder.

    Raises:
        ConfigError: It cannot be looked for.
    """
    try:
        return path.is_dir()
    except OSError as error:
        raise _hidden(path, error) from error


def _hidden(path: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"{path} cannot be looked for: {error.strerror}. Name a set that this user may read."
    )


def read_records(file: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield where it stands, and the object, of every line that is not blank.

    Raises:
        ConfigError: The file cannot be read, or a line is no object.
    """
    opener = gzip.open if file.suffix == ".gz" else open
    try:
        # Editors of Windows put a mark before UTF-8, which JSON does not know.
        with opener(file, "rt", encoding="utf-8-sig") as lines:
            number = 0
            while line := lines.readline(MAX_LINE_CHARS):
                number += 1
                if not line.strip():
                    continue
                where = f"{file}, line {number}"
                try:
                    record = json.loads(line, object_pairs_hook=_undoubled)
                except (ValueError, RecursionError) as error:
                    raise ConfigError(f"{where} cannot be read as JSON ({error}).") from error
                if not isinstance(record, dict):
                    raise ConfigError(f"{where} is no JSON object.")
                _refuse_half_characters(line, record, where)
                yield where, record
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read as UTF-8 text ({error}).") from error


def _refuse_half_characters(line: str, record: Mapping[str, Any], where: str) -> None:
    """Refuse half of a surrogate pair, which JSON can name and no file or database can hold."""
    if "\\ud" not in line.lower():
        return
    try:
        json.dumps(record, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        half = json.dumps(error.object[error.start])
        raise ConfigError(
            f"{where} holds {half}, half of a character, which is no text. Remove it."
        ) from error


def _undoubled(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a field that is given twice: JSON would silently keep only the last one."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the field {twice!r} is given twice")
    return found


def read_question(record: Mapping[str, Any], where: str) -> LabelledQuestion:
    """Read one question.

    Raises:
        ConfigError: It is none; the message says what is wrong.
    """
    text = record.get("question")
    if not isinstance(text, str):
        # Said first where the field is misspelt, since that is what to mend.
        refuse_unknown(_foreign(record), READ, where)
        raise ConfigError(f'{where} is no question: "question" must be a text.')
    refuse_unknown(_foreign(record), READ, where)
    answer = record.get("answer")
    return LabelledQuestion(
        id=_id(record, where),
        question=text,
        label=_label(record, where),
        gold=_names(record, where, "gold_document_ids", "gold_keys"),
        exclude=_names(record, where, "exclude_document_ids", "exclude_keys"),
        answers=tuple(_list(record, where, "answers")) or ((str(answer),) if answer else ()),
        tier=str(record.get("tier") or record.get("kind") or ""),
        lang=str(record.get("lang") or ""),
        history=read_history(record, where),
        core=_flag(record, where, "core"),
        reviewed=_flag(record, where, "reviewed") is not False,
        source_ids=_names(record, where, "removed_document_ids", "source_keys"),
    )


def _foreign(record: Mapping[str, Any]) -> list[str]:
    return [name for name in record if name not in NOTED and not name.startswith(OWN)]


def _id(record: Mapping[str, Any], where: str) -> str:
    given = record.get("id")
    # Programs count from 0, which is an id like any other.
    return where.rsplit(" ", 1)[-1] if given is None or given == "" else str(given)


def _label(record: Mapping[str, Any], where: str) -> Verdict | None:
    given = [record[field] for field in ("label", "expected") if record.get(field) is not None]
    if not given:
        return None
    for value in given:
        if value not in LABELS:
            known = ", ".join(label.value for label in LABELS)
            raise ConfigError(f"{where}: {value!r} is no label; it must be one of {known}.")
    if len(set(given)) > 1:
        raise ConfigError(f'{where}: "label" and "expected" contradict each other; keep one.')
    return Verdict(given[0])


def _flag(record: Mapping[str, Any], where: str, field: str) -> bool | None:
    given = record.get(field)
    if given is not None and not isinstance(given, bool):
        # A text would count as yes, "false" included.
        raise ConfigError(f'{where}: "{field}" must be true or false, and is {given!r}.')
    return given


def read_history(record: Mapping[str, Any], where: str) -> tuple[Any, ...]:
    """Read the earlier turns of a question.

    Raises:
        ConfigError: They are no list of turns; the message says what is wrong.
    """
    turns = record.get("history") or ()
    if not isinstance(turns, list | tuple):
        raise ConfigError(f'{where}: "history" must be a list of earlier turns.')
    for number, turn in enumerate(turns, 1):
        if isinstance(turn, Mapping):
            refuse_unknown(turn, TURN, f"{where}, turn {number} of history")
        said = turn.get("text", turn.get("content")) if isinstance(turn, Mapping) else turn
        if not isinstance(said, str):
            raise ConfigError(
                f'{where}: turn {number} of "history" must be a text, or an object with "speaker" '
                f'and "text", and is {turn!r}.'
            )
    return tuple(turns)


def _list(record: Mapping[str, Any], where: str, field: str) -> list[str]:
    given = record.get(field)
    if given is None:
        return []
    if not isinstance(given, list | tuple):
        raise ConfigError(f'{where}: "{field}" must be a list of texts, and is {given!r}.')
    for value in given:
        if not isinstance(value, str):
            raise ConfigError(f'{where}: "{field}" must hold texts only, and holds {value!r}.')
    return list(given)


def _names(record: Mapping[str, Any], where: str, *fields: str) -> frozenset[str]:
    return frozenset(name for field in fields for name in _list(record, where, field))
