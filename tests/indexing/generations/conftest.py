"""A home whose every view, under whatever settings, has the same hashing encoder and parsers."""

from collections.abc import Callable
from typing import Any

import pytest

from config.settings import ChunkingSettings
from indexing.corpus import Corpus
from indexing.generations.reindex import Rebuilt, promote, reindex
from indexing.ledger.generations import find_generation
from indexing.points import PointFilter, visible
from ingestion.parsing.pool import ParserPool


@pytest.fixture
def homes(
    make_home: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, parsers: Any
) -> Callable[[str], Any]:
    """Make homes; derived corpora share the encoder of the first one."""
    made: list[Any] = []

    def make(name: str) -> Any:
        home = make_home(name)
        made.append(home)
        return home

    pools: dict[Any, ParserPool] = {}

    def pool_of(corpus: Corpus) -> ParserPool:
        """The shared children, or ones of their own where texts are cut otherwise."""
        if corpus.settings.chunking == ChunkingSettings():
            return parsers
        if corpus.chunk_spec not in pools:
            pools[corpus.chunk_spec] = ParserPool(
                corpus.settings.ingestion, argument=corpus.chunk_spec
            )
        return pools[corpus.chunk_spec]

    monkeypatch.setattr(Corpus, "encoder", property(lambda _: made[0].encoder))
    monkeypatch.setattr(Corpus, "parsers", property(pool_of))
    yield make
    for pool in pools.values():
        pool.close()


@pytest.fixture
def make_rig(homes: Callable[[str], Any]) -> Callable[[str], Any]:
    """Make homes with what these tests ask of them."""
    return lambda name: Rig(homes(name))


@pytest.fixture
def rig(make_rig: Callable[[str], Any]) -> Any:
    """One such home."""
    return make_rig("main")


class Rig:
    """One home, and what can be done with its generations."""

    def __init__(self, home: Any) -> None:
        self.home = home
        self.corpus: Corpus = home.corpus

    def __getattr__(self, name: str) -> Any:
        return getattr(self.home, name)

    def reindex(self, **options: Any) -> Rebuilt:
        return reindex(self.corpus, **options)

    def promote(self, name: str | None = None) -> Rebuilt:
        return promote(self.corpus, name)

    def seen(self, name: str, epoch: int | None = None) -> dict[str, list[str]]:
        """The texts a reader of this generation sees, by key and in order."""
        generation = find_generation(self.corpus.ledger, name)
        assert generation is not None
        at = generation.epoch if epoch is None else epoch
        where = visible(at, "default", aborted=generation.aborted)
        found: dict[str, list[tuple[int, str]]] = {}
        for point in self.corpus.store.scroll(name, where):
            payload = point.payload
            found.setdefault(payload["key"], []).append((payload["ordinal"], payload["text"]))
        return {key: [text for _, text in sorted(parts)] for key, parts in found.items()}

    def count(self, name: str) -> int:
        return self.corpus.store.count(name, PointFilter())

    @property
    def live(self) -> str:
        live = self.corpus.live()
        assert live is not None
        return live.name
