"""The spool: a pushed document is there as a whole or not at all, and its groups are its own."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import ConfigError
from config.settings import Settings
from config.sources import PushSource
from config.trust import Trust
from ingestion.document import Labels
from ingestion.errors import SourceUnavailableError
from ingestion.sources.configured import make_source
from ingestion.sources.pushing import Withdrawal, counter_of, hand_over, read_pushed
from ingestion.sources.spool import Pushed, PushedDocument, PushError, Spool
from tests.support.shelves import LIMIT


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path / "push" / "crm.sqlite")


def test_the_same_again_changes_nothing(spool):
    document = PushedDocument("a.md", b"one", {"b": "2", "a": "1"}, ("x",))
    assert spool.put(document, LIMIT) is Pushed.ADDED
    (first,) = spool.documents()
    assert spool.put(PushedDocument("a.md", b"one", {"a": "1", "b": "2"}, ("x", "x")), LIMIT) is (
        Pushed.UNCHANGED
    )
    assert list(spool.documents()) == [first]
    assert spool.put(PushedDocument("a.md", b"two"), LIMIT) is Pushed.REPLACED
    assert spool.withdraw("a.md")
    assert not spool.withdraw("a.md")
    assert not spool.withdraw("a\udcff.md")
    assert list(spool.documents()) == []


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (PushedDocument("", b"x"), "no name"),
        (PushedDocument("/etc/passwd", b"x"), "slash"),
        (PushedDocument("a/../b", b"x"), "lead out"),
        (PushedDocument("a\0b", b"x"), "cannot be stored"),
        (PushedDocument("x" * 5000, b"x"), "too long"),
        (PushedDocument("a", b"x" * 11), "11 bytes; at most 10"),
        (PushedDocument("a", b"x", {"": "y"}), "metadata"),
        (PushedDocument("a", b"x", {"n": "y\0"}), "NUL"),
        (PushedDocument("a", b"x", {"n": "y" * 5000}), "too long"),
        (PushedDocument("a", b"x", {str(n): "" for n in range(60)}), "60 pieces"),
        (PushedDocument("a", b"x", {"n": "y\udcff"}), "metadata 'n' is no valid Unicode"),
        (PushedDocument("a", b"x", {}, (" ",)), "group"),
        (PushedDocument("a", b"x", {}, ("staff\udcff",)), "group is no valid Unicode"),
        (PushedDocument("a\udcff", b"x"), "cannot be stored"),
    ],
)
def test_what_is_not_as_it_has_to_be_is_refused_and_changes_nothing(spool, document, said):
    with pytest.raises(PushError, match=said):
        spool.put(document, 10)
    assert list(spool.documents()) == []


def test_a_damaged_spool_is_a_passing_failure_with_its_name(spool):
    spool.put(PushedDocument("a", b"x"), LIMIT)
    spool.path.write_bytes(b"no database at all" * 500)
    with pytest.raises(SourceUnavailableError, match=r"crm\.sqlite"):
        list(spool.documents())


def test_many_programs_may_push_at_once(spool):
    def push(number):
        for at in range(20):
            spool.put(PushedDocument(f"{number}/{at}.md", b"x"), LIMIT)

    threads = [threading.Thread(target=push, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(spool.documents())) == 80


def test_many_programs_may_make_the_spool_at_once(tmp_path):
    for at in range(15):
        spool, ready = Spool(tmp_path / str(at) / "crm.sqlite"), threading.Barrier(6)

        def push(number, spool=spool, ready=ready):
            ready.wait()
            spool.put(PushedDocument(f"{number}.md", b"x"), LIMIT)

        threads = [threading.Thread(target=push, args=(n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(list(spool.documents())) == 6


def test_groups_of_a_document_come_before_those_of_the_source(tmp_path):
    settings = PushSource(name="crm", kind="push", acl=("staff",), trust="high")
    home = Settings(home=tmp_path, sources=(settings,))
    counter = counter_of(home, "crm")
    hand_over(counter, PushedDocument("a.md", b"x"))
    hand_over(counter, PushedDocument("b.md", b"x", {}, ("board",)))
    listing = make_source(home, settings).list_entries()
    labels = {entry.key: entry.labels for entry in listing.entries}
    assert labels == {
        "a.md": Labels(Trust.HIGH, ("staff",)), "b.md": Labels(Trust.HIGH, ("board",)),
    }  # fmt: skip
    # Or a document that is not listed just now would get groups that were never its own.
    assert listing.labels is None


def test_pushed_objects_are_read():
    assert read_pushed('{"key": "a", "text": "é", "acl": ["x"]}') == PushedDocument(
        "a", "é".encode(), {}, ("x",)
    )
    assert read_pushed(b'{"key": "a", "base64": "AAE="}') == PushedDocument("a", b"\0\1")
    assert read_pushed('{"key": "a", "withdraw": true}') == Withdrawal("a")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "JSON"),
        ("[]", "it"),
        ('{"text": "x"}', "key"),
        ('{"key": "a"}', "exactly one"),
        ('{"key": "a", "text": "x", "base64": ""}', "exactly one"),
        ('{"key": "a", "base64": "?"}', "base64"),
        ('{"key": "a", "text": "x", "tenant": "b"}', "tenant"),
        ('{"key": "a", "text": "x", "metadata": {"n": 1}}', "metadata.n"),
        ('{"key": 1, "text": "x"}', "key"),
    ],
)
def test_a_wrong_object_says_what_is_wrong(line, said):
    with pytest.raises(PushError, match=said):
        read_pushed(line)


@given(st.text(max_size=50))
def test_any_text_is_an_object_or_a_clear_error(text):
    with pytest.raises(PushError, match="Nothing was taken"):
        read_pushed(text)


def test_a_source_of_one_name_is_of_one_tenant(tmp_path):
    def of(tenant):
        crm = PushSource(name="crm", kind="push")
        settings = Settings(home=tmp_path, tenant=tenant, sources=(crm,))
        return counter_of(settings, "crm"), make_source(settings, crm)

    (mine, my_source), (theirs, their_source) = of("a"), of("b")
    assert their_source.list_entries().entries == ()
    hand_over(mine, PushedDocument("notes.md", b"Alpha"))
    for use in (
        lambda: hand_over(theirs, PushedDocument("notes.md", b"Beta")),
        lambda: hand_over(theirs, Withdrawal("notes.md")),
        their_source.list_entries,
    ):
        with pytest.raises(ConfigError, match=r"source crm .*tenant 'a'.*is 'b'.*another name"):
            use()
    (entry,) = my_source.list_entries().entries
    assert my_source.read(entry, LIMIT) == b"Alpha"
    assert hand_over(mine, PushedDocument("notes.md", b"Gamma")) == "replaced"


def test_documents_of_before_there_was_an_owner_stay_and_get_one(spool):
    spool.put(PushedDocument("a.md", b"one"), LIMIT)
    assert [d.key for d in Spool(spool.path, "a").documents()] == ["a.md"]
    with pytest.raises(ConfigError):
        list(Spool(spool.path, "b").documents())
    assert Spool(spool.path).withdraw("a.md")  # a purge is about the whole home
