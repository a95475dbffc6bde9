"""Documents that questions name by their Holdfast ids, as the keys that a request can hide."""

from collections.abc import Sequence
from dataclasses import replace

from indexing.ledger.database import Ledger
from indexing.ledger.named import versions_named
from query.labelled import LabelledQuestion, is_document_id


def by_key(
    questions: Sequence[LabelledQuestion], ledger: Ledger, generation: str, epoch: int | None = None
) -> tuple[LabelledQuestion, ...]:
    """Return the questions with keys where a document id could not be told from what is searched.

    Only keys can be hidden, so that a hidden document must have one. Gold documents that are all
    named by ids are looked for by these; beside keys an id would never be found.

    Args:
        questions: As they were read.
        ledger: Knows which key an id has.
        generation: Whose documents they are about.
        epoch: The state that is asked; none means what is open now.
    """
    ids = {name for q in questions for name in (*q.exclude, *_mixed(q)) if is_document_id(name)}
    if not ids:
        return tuple(questions)
    versions = versions_named(ledger, generation, ids, epoch)
    keys = {name: version.key for name, version in versions.items()}
    return tuple(
        replace(
            q,
            exclude=frozenset(keys.get(name, name) for name in q.exclude),
            gold=frozenset(keys.get(name, name) for name in _mixed(q)) or q.gold,
        )
        for q in questions
    )


def _mixed(question: LabelledQuestion) -> frozenset[str]:
    """Return the gold documents where some are named by id and some by key."""
    kinds = set(map(is_document_id, question.gold))
    return question.gold if len(kinds) > 1 else frozenset()
