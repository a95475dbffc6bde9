"""What holds for a configured source of any kind."""

import pytest

from config.settings import Settings
from config.sources import GitSource, LocalSource, PushSource, WebSource
from ingestion.document import Refusal
from ingestion.errors import SourceUnavailableError
from ingestion.sources.configured import MEGABYTE, make_source
from ingestion.sources.pushing import counter_of
from ingestion.sources.spool import PushedDocument


@pytest.mark.parametrize(
    ("kept", "source"),
    [
        ("git", GitSource(name="code", kind="git", url="/nowhere")),
        ("web", WebSource(name="site", kind="web", start="https://site.example/")),
    ],
)
def test_where_the_home_cannot_be_written_only_this_source_is_unavailable(tmp_path, kept, source):
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / kept).write_text("in the way")
    with pytest.raises(SourceUnavailableError, match=rf"'{source.name}' could not be listed.*home"):
        make_source(Settings(home=tmp_path), source).list_entries()


def test_where_the_home_cannot_be_written_nothing_is_pushed(tmp_path):
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "push").write_text("in the way")
    settings = Settings(home=tmp_path, sources=[PushSource(name="crm", kind="push")])
    with pytest.raises(SourceUnavailableError, match=r"of the spool cannot be made"):
        counter_of(settings, "crm").spool.put(PushedDocument("a.md", b"x"), 10)


@pytest.mark.parametrize(("own", "least"), [(None, 2), (1, 1), (50, 2)])
def test_the_smaller_of_both_limits_on_documents_holds(tmp_path, own, least):
    (tmp_path / "fits.md").write_bytes(b"x" * least * MEGABYTE)
    (tmp_path / "large.md").write_bytes(b"x" * (least * MEGABYTE + 1))
    options = {} if own is None else {"max_document_mb": own}
    local = LocalSource(name="docs", path=tmp_path, **options)
    push = PushSource(name="crm", kind="push", **options)
    settings = Settings(
        home=tmp_path / "home", ingestion={"max_document_mb": 2}, sources=[local, push]
    )
    source = make_source(settings, local)
    read = [source.read(entry, 2 * MEGABYTE) for entry in source.list_entries().entries]
    assert [type(one) for one in read] == [bytes, Refusal]
    assert counter_of(settings, "crm").max_bytes == least * MEGABYTE
