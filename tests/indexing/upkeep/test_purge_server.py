"""A purge on a server: the points are gone for everybody, and who decides about bytes is said."""

from collections.abc import Callable
from typing import Any

import pytest

from config.settings import StoreSettings
from indexing.corpus import open_corpus
from indexing.points import PointFilter
from indexing.stores import server_erase
from indexing.upkeep.purge import purge
from indexing.upkeep.verify import verify
from tests.support.marked import KEY, OTHER, TEXT, id_at
from tests.support.qdrant_standin import Standin


def test_points_leave_a_server_and_the_receipt_says_who_decides_about_their_bytes(
    make_home: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_erase, "POLL_SECONDS", 0.001)
    with Standin() as standin:
        home = make_home("main")
        parsers, encoder = home.corpus.parsers, home.encoder
        home.close()
        settings = home.settings.model_copy(update={"store": StoreSettings(url=standin.url)})
        home.corpus = open_corpus(settings)
        home.corpus.__dict__.update(parsers=parsers, encoder=encoder)
        home.write("ferry.md", OTHER)
        for number in (40, 4711):
            home.write(KEY, TEXT.format(number))
            home.ingest()
        (receipt,) = purge(home.corpus, [id_at(home, KEY)])
        assert receipt.complete
        assert receipt.removed.points_deleted == {"holdfast__g1": 2}
        assert receipt.bound["index"].startswith("decided by the Qdrant server")
        assert receipt.bound["ledger"].startswith("at once")
        assert home.corpus.store.count("holdfast__g1", PointFilter()) == 1
        assert list(home.chunks()) == ["ferry.md"]
        assert verify(home.corpus).sound
        home.corpus.store.close()
