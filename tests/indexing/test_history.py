"""The history of a document: its versions, its places, and what changed between them."""

from typing import Any

import pytest

from config.errors import ConfigError
from indexing.history import differences, find_standing, list_versions, text_of


@pytest.fixture
def told(rig: Any) -> Any:
    """A document that was edited, moved, and edited again."""
    rig.write("a.md", "# Rota\n\nThe night shift begins at ten.\n\nIt ends at six.")
    rig.ingest()
    rig.write("a.md", "# Rota\n\nThe night shift begins at nine.\n\nIt ends at six.")
    rig.ingest()
    (rig.folder / "a.md").rename(rig.folder / "rota.md")
    rig.ingest()
    rig.write("rota.md", "# Rota\n\nThe night shift begins at nine.\n\nIt ends at five.")
    rig.ingest()
    return rig


def test_versions_are_listed_with_their_places_and_epochs(told: Any) -> None:
    live = told.corpus.live()
    standing = find_standing(told.corpus, live, "rota.md")
    assert find_standing(told.corpus, live, str(standing.document_id)) == standing
    versions = list_versions(told.corpus, live, standing.document_id)
    assert [(v.number, v.key) for v in versions] == [
        (1, "a.md"), (2, "a.md"), (2, "rota.md"), (3, "rota.md"),
    ]  # fmt: skip
    assert [v.valid_to for v in versions[:-1]] == [v.valid_from for v in versions[1:]]
    assert all(v.committed_at is not None for v in versions)
    assert versions[-1].to_json()["valid_to"] is None


@pytest.mark.parametrize("blobs", ["kept", "gone"])
def test_the_diff_shows_exactly_what_changed(told: Any, blobs: str) -> None:
    if blobs == "gone":
        for path in (told.settings.home / "blobs").rglob("*.zst"):
            path.unlink()
    live = told.corpus.live()
    document = find_standing(told.corpus, live, "rota.md").document_id
    versions = list_versions(told.corpus, live, document)
    changed = [
        [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]
        for _, _, lines in differences(told.corpus, live, document, versions)
    ]
    assert changed == [
        ["-The night shift begins at ten.", "+The night shift begins at nine."],
        [],
        ["-It ends at six.", "+It ends at five."],
    ]


def test_a_text_that_is_kept_nowhere_is_said_to_be_gone(told: Any) -> None:
    live = told.corpus.live()
    document = find_standing(told.corpus, live, "rota.md").document_id
    versions = list_versions(told.corpus, live, document)
    for path in (told.settings.home / "blobs").rglob("*.zst"):
        path.unlink()
    told.corpus.store.drop("holdfast__g1")
    told.corpus.store.create("holdfast__g1", told.corpus.collection_spec())
    assert text_of(told.corpus, live, document, versions[0]) is None
    (_, _, lines), *_ = differences(told.corpus, live, document, versions)
    assert "not kept" in lines[0]


def test_a_document_that_is_not_there_or_not_one_is_refused(told: Any) -> None:
    live = told.corpus.live()
    with pytest.raises(ConfigError, match="no document nothing"):
        find_standing(told.corpus, live, "nothing")
    with pytest.raises(ConfigError, match="in source other"):
        find_standing(told.corpus, live, "rota.md", "other")
