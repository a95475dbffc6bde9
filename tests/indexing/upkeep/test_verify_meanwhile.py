"""An audit, and a repair, beside others that write: no false fault, and nothing is lost."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from indexing.upkeep.verify import verify

Act = Callable[[], object]
Arrange = Callable[..., None]


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> Arrange:
    """Let something happen before or after the first call of a function."""

    def arrange(owner: Any, name: str, *, before: Act = str, after: Act = str) -> None:
        real = getattr(owner, name)

        def called(*args: Any, **options: Any) -> Any:
            monkeypatch.setattr(owner, name, real)
            before()
            found = real(*args, **options)
            found = list(found) if isinstance(found, Iterator) else found
            after()
            return found

        monkeypatch.setattr(owner, name, called)

    return arrange


def ingest_another(rig: Any) -> None:
    rig.write("new.md", "# New\n\nSomething wholly new.\n")
    rig.ingest()


def test_what_is_ingested_after_the_blobs_were_listed_is_not_missed(two: Any, once: Any) -> None:
    once(type(two.corpus.blobs), "names", after=lambda: ingest_another(two))
    assert verify(two.corpus).sound
    assert "new.md" in two.chunks()
    for name in list(two.corpus.blobs.names()):
        two.corpus.blobs.delete(name)
    assert verify(two.corpus).counts == {"blob_missing": 8}, "of all four versions"
