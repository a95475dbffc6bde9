"""A document full of words that are nowhere else, its neighbour, and where the words are found."""

from typing import Any
from uuid import UUID

from indexing.upkeep.purge_targets import find_target
from ingestion.sources.local import LocalFolderSource
from query.opening import open_engine
from tests.support.traces import traces_in

SECRETS = ("zymurgical", "quokka", "Brontotherium", "Wolpertinger", "Plumbago")
KEY = "Wolpertinger notes.md"
MOVED = "deep/Wolpertinger notes.md"
TEXT = "# Brontotherium\n\nThe zymurgical quokka in Plumbago Street owes {} florins to the bank.\n"
OWED = "How many florins are owed to the bank?"
LEAVES = "When does the ferry to Halmstad leave?"
OTHER = "# Ferries\n\nThe ferry to Halmstad leaves at nine from the northern pier.\n"


def id_at(rig: Any, key: str) -> UUID:
    return find_target(rig.corpus, key).document_id


def source_of(rig: Any) -> LocalFolderSource:
    return LocalFolderSource("docs", rig.folder)


def ask(rig: Any, question: str, **options: Any) -> Any:
    return open_engine(rig.corpus).answer(question, **options)


def traces(rig: Any) -> list[str]:
    """Where any of the secrets is, in any byte under the home."""
    rig.corpus.store.close()
    return traces_in(rig.settings.home, SECRETS)
