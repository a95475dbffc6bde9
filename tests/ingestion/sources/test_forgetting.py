"""What a home keeps for a source can be forgotten, down to the last byte."""

import os
import shutil

import pytest

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
        assert kind in {LocalShelf, GitShelf} or holders(shelf)
        forget_documents(shelf.settings.home, "shel", [shelf.key("a.md")])
        assert kind in {LocalShelf, GitShelf} or holders(shelf), "it is of another source"
        forget_documents(shelf.settings.home, "shelf", [shelf.key("a.md"), "never.md"])
        assert holders(shelf) == []
        if kind is GitShelf:
            assert list((shelf.settings.home / "sources" / "git").iterdir()) == []
        else:
            assert b"The door is green." in source.read(other, LIMIT)
    finally:
        shelf.stop()


@pytest.mark.parametrize("change", ["drop", "replace"])
def test_what_a_page_said_before_is_forgotten_as_well(tmp_path, change):
    shelf = WebShelf(tmp_path)
    shelf.start()
    try:
        shelf.put("a.md", f"The password is {SECRET}.")
        shelf.put("b.md", "The door is green.")
        shelf.source().list_entries()
        if change == "drop":
            shelf.drop("a.md")
        else:
            shelf.put("a.md", "There is no password.")
        source = shelf.source()
        listing = source.list_entries()
        (body,) = holders(shelf)
        os.utime(body, (2e9, 2e9))  # the clock was wrong once
        half_written = body.with_name(".part-x")
        half_written.write_text(SECRET)
        forget_documents(shelf.settings.home, "shelf", [shelf.key("a.md")])
        assert holders(shelf) == []
        assert not half_written.exists()
        other = next(e for e in listing.entries if e.key == shelf.key("b.md"))
        assert b"The door is green." in source.read(other, LIMIT)
    finally:
        shelf.stop()


def test_a_copy_is_found_whatever_became_of_its_source(tmp_path):
    shelf = PushShelf(tmp_path)
    shelf.put("a.md", f"The password is {SECRET}.")
    for folder in ("git/shelf-0123456789ab", "git/shelf-ba9876543210", "git/shelf-2-0123456789ab"):
        copy = shelf.settings.home / "sources" / folder
        copy.mkdir(parents=True)
        (copy / "HEAD").write_text(SECRET)
    assert len(holders(shelf)) > 3
    forget_documents(shelf.settings.home, "shelf", ["a.md"])
    assert [path.parent.name for path in holders(shelf)] == ["shelf-2-0123456789ab"]
