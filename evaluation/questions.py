"""Question sets: questions with what a person says about them, and the documents they are about.

A set is a folder of `questions.jsonl` and, optionally, `documents.jsonl`; or one file of
questions. Both may be gzipped. Lines are read by `query/labelled.py`, as the promotion gate reads
them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from config.errors import ConfigError
from query.labelled import DOCUMENTS, LabelledQuestion, existing, read_questions, read_records


@dataclass(frozen=True, slots=True)
class LabelledDocument:
    """A document that comes with a set."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """One set."""

    name: str
    path: Path
    questions: tuple[LabelledQuestion, ...]
    documents: Path | None = None
    """File of its documents; none means that the live index is asked."""

    def read_documents(self) -> Iterator[LabelledDocument]:
        """Yield the documents.

        Raises:
            ConfigError: A line is no document.
        """
        if self.documents is None:
            return
        for where, record in read_records(self.documents):
            if not isinstance(record.get("id"), str) or not isinstance(record.get("text"), str):
                raise ConfigError(f'{where} is no document: it needs "id" and "text".')
            yield LabelledDocument(record["id"], str(record.get("title") or ""), record["text"])


def read_set(path: Path) -> QuestionSet:
    """Read a folder or a file of questions.

    Raises:
        ConfigError: There are none, one cannot be read, or two have the same id.
    """
    questions = read_questions(path)
    documents = existing(path / DOCUMENTS) if path.is_dir() else None
    name = path.name if path.is_dir() else path.name.removesuffix(".gz").removesuffix(".jsonl")
    return QuestionSet(name or path.resolve().name, path, questions, documents)


def choose(question_set: QuestionSet, limit: int, seed: int = 7) -> tuple[LabelledQuestion, ...]:
    """Return a fixed random sample where the set is larger than `limit`; 0 means all."""
    import random

    questions = list(question_set.questions)
    if not limit or len(questions) <= limit:
        return tuple(questions)
    core = [q for q in questions if q.core]
    # The balanced sample that the authors of a large set chose comes first.
    pool = core if len(core) >= limit else questions
    return tuple(random.Random(seed).sample(pool, limit))
