"""What a home keeps for a source can be forgotten, down to the last byte."""

import shutil

import pytest

from config.sources import KINDS
from ingestion.sources.forgetting import forget_documents
from tests.support.shelves import LIMIT, GitShelf, LocalShelf, PushShelf
from tests.support.shelves_served import WebShelf

SECRET = "canary-7d1f"


def holders(shelf):
    """Files of the home that hold the secret."""
    files = [f for f in shelf.settings.home.rglob("*") if f.is_file()]
    return [f for f in files if SECRET.encode() in f.read_bytes()]


@pytest.mark.parametrize("kind", [PushShelf, WebShelf, GitShelf, LocalShelf])
def test_nothing_is_left_of_what_is_forgotten_and_all_of_the_rest(kind, tmp_path):
    if kind is GitShelf and shutil.which("git") is None:
        pytest.skip("needs the git command")
    shelf = kind(tmp_path)
    shelf.start()
    try:
        shelf.put("a.md", f"The password is {SECRET}.")
        shelf.put("b.md", "The door is green.")
        source = shelf.source()
        listing = source.list_entries()
        other = next(e for e in listing.entries if e.key == shelf.key("b.md"))
        settings = KINDS[kind.kind].model_validate({"name": "shelf", **shelf.options()})
        assert kind in {LocalShelf, GitShelf} or holders(shelf)
        forget_documents(shelf.settings, settings, [shelf.key("a.md"), "never.md"])
        assert holders(shelf) == []
        if kind is GitShelf:
            assert list((shelf.settings.home / "sources" / "git").iterdir()) == []
        else:
            assert b"The door is green." in source.read(other, LIMIT)
    finally:
        shelf.stop()
