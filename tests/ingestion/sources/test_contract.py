"""What every kind of source promises, held against all of them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.trust import Trust
from ingestion.document import Labels, Listing, Reason, Refusal
from ingestion.errors import SourceError
from tests.support.shelves import LIGHT, LIMIT, GitShelf, ParquetShelf, Shelf
from tests.support.shelves_served import SERVED

HOSTILE = (
    "-rf.md",
    "ünïcode ✓ 文書.md",
    "a b #1 100% ?x=1&y.md",
    "quote\"'`$(id).md",
    "right\u202eleft.md",
    "x" * 180 + ".md",
)


@pytest.fixture(params=[*LIGHT, *SERVED], ids=lambda kind: kind.__name__)
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    kind = request.param
    if kind is GitShelf and shutil.which("git") is None:
        pytest.skip("needs the git command")
    if kind is ParquetShelf:
        pytest.importorskip("pyarrow", reason="needs pyarrow")
    made = kind(tmp_path)
    made.start()
    yield made
    made.stop()


def keys(listing: Listing) -> list[str]:
    return sorted(entry.key for entry in listing.entries)


def test_lists_what_is_there_and_reads_it(shelf):
    shelf.put("a.md", "The first text.")
    shelf.put("b.md", "The second text.")
    seen = []
    source = shelf.source()
    listing = source.list_entries(seen.append)
    assert listing.complete
    assert keys(listing) == [shelf.key("a.md"), shelf.key("b.md")]
    assert seen[-1] == 2
    texts = {e.key: source.read(e, LIMIT).decode() for e in listing.entries}
    assert "The first text." in texts[shelf.key("a.md")]
    assert "The second text." in texts[shelf.key("b.md")]
    assert source.name == "shelf"
    assert source.location


def test_what_is_untouched_has_the_same_stat_in_the_next_run(shelf):
    shelf.put("a.md", "The first text.")
    shelf.put("b.md", "The second text.")
    before = {e.key: e.stat for e in shelf.source().list_entries().entries}
    shelf.put("b.md", "Another text.")
    after = {e.key: e.stat for e in shelf.source().list_entries().entries}
    assert after[shelf.key("a.md")] == before[shelf.key("a.md")]
    assert after[shelf.key("b.md")] != before[shelf.key("b.md")]


def test_text_of_equal_length_has_another_stat(shelf):
    shelf.put("a.md", "Ten in the morning.")
    (before,) = shelf.source().list_entries().entries
    shelf.put("a.md", "Ten in the evening.")
    (after,) = shelf.source().list_entries().entries
    assert before.key == after.key
    assert before.stat != after.stat


def test_what_is_gone_is_not_listed_in_a_complete_listing(shelf):
    shelf.put("a.md", "The first text.")
    shelf.put("b.md", "The second text.")
    shelf.source().list_entries()
    shelf.drop("b.md")
    listing = shelf.source().list_entries()
    assert listing.complete
    assert keys(listing) == [shelf.key("a.md")]


def test_a_source_made_anew_reads_what_another_has_listed(shelf):
    shelf.put("a.md", "The first text.")
    (entry,) = shelf.source().list_entries().entries
    assert b"The first text." in shelf.source().read(entry, LIMIT)


def test_patterns_choose_and_nothing_is_lost(shelf):
    for name in ("a.md", "b.md", "bb.md"):
        shelf.put(name, f"Text of {name}.")
    listing = shelf.source(include=("**/b*",), exclude=("**/bb*",)).list_entries()
    assert listing.complete
    assert keys(listing) == [shelf.key("b.md")]
    skipped = {s.key for s in listing.skipped}
    assert {shelf.key("a.md"), shelf.key("bb.md")} <= skipped


def test_what_is_too_large_is_refused(shelf):
    shelf.put("a.md", "Short.")
    shelf.put("b.md", "Long. " * 1000)
    source = shelf.source(max_document_mb=0.002)
    listing = source.list_entries()
    assert listing.complete
    refused = {r.key: r.reason for r in listing.refused}
    for entry in listing.entries:
        read = source.read(entry, LIMIT)
        if isinstance(read, Refusal):
            refused[read.key] = read.reason
    assert refused == {shelf.key("b.md"): Reason.TOO_LARGE}


def test_labels_of_the_settings_hold_for_every_document(shelf):
    shelf.put("a.md", "The first text.")
    listing = shelf.source(trust="low", acl=("staff", "board")).list_entries()
    (entry,) = listing.entries
    assert (entry.labels or listing.labels) == Labels(Trust.LOW, ("board", "staff"))


def attempt(shelf: Shelf) -> Listing | SourceError:
    """List, or return why that is not possible."""
    try:
        return shelf.source().list_entries()
    except SourceError as error:
        return error


def test_a_partial_listing_is_never_complete(shelf):
    shelf.put("a.md", "The first text.")
    shelf.put("b.md", "The second text.")
    assert shelf.source().list_entries().complete
    with shelf.broken():
        listing = attempt(shelf)
    if isinstance(listing, SourceError):
        assert "shelf" in str(listing)
    else:
        assert not listing.complete
        assert listing.problems


def test_what_changes_after_the_listing_never_passes_for_what_was_listed(shelf):
    shelf.put("a.md", "Ten in the morning.")
    source = shelf.source()
    (entry,) = source.list_entries().entries
    shelf.put("a.md", "Ten in the evening.")
    read = source.read(entry, LIMIT)
    if isinstance(read, Refusal):
        assert read.reason.retried
    elif entry.stat.is_exact:
        assert b"morning" in read
    else:
        assert b"evening" in read
    (now,) = source.list_entries().entries
    assert b"evening" in source.read(now, LIMIT)


def test_what_vanishes_after_the_listing_is_refused_or_still_what_was_listed(shelf):
    shelf.put("a.md", "The first text.")
    shelf.put("b.md", "The second text.")
    source = shelf.source()
    entry = next(e for e in source.list_entries().entries if e.key == shelf.key("b.md"))
    shelf.drop("b.md")
    read = source.read(entry, LIMIT)
    assert read.reason.retried if isinstance(read, Refusal) else b"The second text." in read


def test_hostile_names_become_keys_that_can_be_stored_and_read(shelf):
    for name in HOSTILE:
        shelf.put(name, f"Text of {name!a}.")
    source = shelf.source()
    listing = source.list_entries()
    assert listing.complete
    assert keys(listing) == sorted(shelf.key(name) for name in HOSTILE)
    for entry in listing.entries:
        assert entry.key.encode("utf-8")
        assert "\0" not in entry.key
        assert isinstance(source.read(entry, LIMIT), bytes)


@pytest.mark.parametrize("key", ["../../etc/passwd", "..", "/etc/passwd", ""])
def test_a_made_up_key_reaches_nothing(shelf, key):
    shelf.put("a.md", "The first text.")
    source = shelf.source()
    (entry,) = source.list_entries().entries
    read = source.read(type(entry)(key, entry.stat), LIMIT)
    assert isinstance(read, Refusal) or b"The first text." in read
