"""A site on loopback, and what crawls it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.crawler import Crawler
from tests.support.web_site import WebSite


@pytest.fixture
def site() -> Iterator[WebSite]:
    made = WebSite()
    yield made
    made.close()


@pytest.fixture
def crawler(site: WebSite, tmp_path: Path) -> Crawler:
    return Crawler(site, tmp_path)
