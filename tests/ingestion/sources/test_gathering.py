"""Gathering: every key ends in one place, whatever it looks like; problems are not lost."""

from hypothesis import given
from hypothesis import strategies as st

from ingestion.document import LONGEST_KEY, Reason, SourceEntry, Stat
from ingestion.sources.gathering import Gathering, is_hidden, key_fault, storable

KEYS = st.text(max_size=30) | st.from_regex(r"(\.\.?/|a/|\x00|\udc80){0,5}b?", fullmatch=True)


def entry(key):
    return SourceEntry(key, Stat(1, 1))


@given(st.lists(KEYS, unique=True, max_size=12))
def test_every_key_is_accounted_for_once_and_can_be_stored(keys):
    gathering = Gathering(("**/*",), ("**/a*",))
    for key in keys:
        gathering.take(entry(key))
    listing = gathering.listing()
    found = [x.key for group in (listing.entries, listing.skipped, listing.refused) for x in group]
    assert len(found) == len(set(found))
    assert len(found) <= len(keys)
    for key in found:
        assert "\0" not in key
        key.encode("utf-8")
    assert {storable(key) for key in keys} == set(found)
    for taken in listing.entries:
        assert not {".", ".."} & set(taken.key.split("/"))


@given(st.text(min_size=2040, max_size=2060), st.text(min_size=1, max_size=5))
def test_long_keys_stay_different(key, more):
    long, longer = storable(key), storable(key + more)
    assert longer != long
    # Of three or four bytes each, so many characters were more than an index of PostgreSQL takes.
    assert max(len(long.encode()), len(longer.encode())) <= LONGEST_KEY
    assert (storable(long), storable(longer)) == (long, longer)


def test_a_key_that_leads_out_is_refused():
    gathering = Gathering(("**/*",), ())
    gathering.take(entry("../x"))
    (refusal,) = gathering.listing().refused
    assert refusal.reason is Reason.OUTSIDE_SOURCE
    assert gathering.listing().complete
    assert key_fault("a..b/c.") is None


def test_a_problem_makes_the_listing_incomplete_and_is_told_once():
    gathering = Gathering(("**/*",), ())
    gathering.problem("no answer")
    gathering.problem("no answer")
    assert not gathering.listing().complete
    assert gathering.listing().problems == ("no answer",)


def test_a_key_listed_twice_is_a_problem_and_the_first_one_counts():
    gathering = Gathering(("**/*",), ())
    gathering.take(SourceEntry("a", Stat(1, 1)))
    gathering.take(SourceEntry("a", Stat(2, 2)))
    listing = gathering.listing()
    assert [e.stat.size for e in listing.entries] == [1]
    assert not listing.complete


def test_hidden_names():
    assert [is_hidden(key) for key in (".a", "a/.b/c", "a.b", "../a")] == [True, True, False, False]
