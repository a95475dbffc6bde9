"""A person at the Prefect UI: fills the form of a reindex, watches it, approves its promotion.

A real server and worker, a real browser; the pictures are left under build/screenshots:
    pytest tests/flows/test_browser.py -m thorough
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import Pages, chromium, programs
from tests.support.laptop import Laptop
from tests.support.site import until

pytestmark = [
    pytest.mark.prefect,
    pytest.mark.model,
    pytest.mark.thorough,
    pytest.mark.timeout(1200),
]
DOCUMENTS = 400
"""More than a batch, so that there is something to watch."""


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    programs()
    started = Laptop(tmp_path_factory.mktemp("browser"))
    try:
        for number in range(DOCUMENTS):
            started.write(number)
        assert started.run("ingest/ingest")["name"] == "Completed"
        yield started
    finally:
        started.shut_down()


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with chromium(tmp_path / "profile") as opened:
        yield opened


def field(label: str, kind: str = "input") -> str:
    """Find the field of a form that has a label."""
    box = "ancestor::div[contains(concat(' ', normalize-space(@class), ' '), ' p-label ')][1]"
    return f"//label[starts-with(normalize-space(), '{label}')]/{box}//{kind}"


def choose(pages: Pages, label: str, option: str) -> None:
    """Pick an option of a list of a form."""
    # The page has a list of its own and a plain one; which of them is shown depends on its width.
    pages.click(field(label, "*[self::select or contains(@class, 'p-select-button__control')]"))
    shown = f"[normalize-space()='{option}']"
    pages.click(f"//option{shown} | //*[contains(@class, 'p-select-option__text')]{shown}")
    pages.settle(field(label, "select"), option)


def see_artifact(pages: Pages, run: str, key: str) -> None:
    """Look at a run's artifacts until there is one; the page does not renew its list by itself."""

    def look() -> Any:
        pages.open(run)
        pages.click("//*[contains(@class, 'p-tab')][normalize-space()='Artifacts']")
        pages.wait("//*[normalize-space()='Task runs']")
        pages.scroll()
        return pages.glance(f"//*[contains(text(), '{key}')]")

    pages.until(look, key)


def look_at(pages: Pages, site: str, key: str, shown: str, height: int = 900) -> None:
    """Open the newest artifact of a key from its history, which has the newest first."""
    pages.open(f"{site}/artifacts/key/{key}-holdfast")
    pages.open(pages.wait("//a[contains(@href, '/artifacts/artifact/')]").get_attribute("href"))
    pages.wait("//button[normalize-space()='Show raw data']")
    pages.wait(f"//*[contains(normalize-space(), '{shown}')]")
    pages.keep(key, height)


def test_a_reindex_is_started_watched_and_approved(laptop: Laptop, pages: Pages) -> None:
    site = str(laptop.api.base_url).removesuffix("/api/")
    old = laptop.holdfast("status")["generation"]
    deployment = laptop.deployment("reindex/reindex")["id"]

    pages.open(f"{site}/deployments/deployment/{deployment}/run")
    pages.wait("//*[contains(text(), 'Wait Hours')]")
    assert "Hours that the run waits in its input form for a decision" in pages.text
    pages.click("//*[contains(@class, 'schema-form')]//button[normalize-space()='Approval']")
    choose(pages, "Approval", "manual")
    pages.write(field("Wait Hours"), "2")
    pages.keep("reindex-form")
    pages.click("//button[normalize-space()='Submit']")

    (run,) = until(lambda: laptop.runs_of("reindex/reindex"))
    assert run["parameters"]["params"]["approval"] == "manual"
    assert run["parameters"]["params"]["wait_hours"] == 2
    laptop.in_state(run["id"], "RUNNING", "PAUSED")
    page = f"{site}/runs/flow-run/{run['id']}"
    see_artifact(pages, page, "ingest-progress")
    pages.keep("reindex-progress")
    laptop.in_state(run["id"], "PAUSED")
    see_artifact(pages, page, "reindex-gates")
    pages.keep("reindex-artifacts")
    assert laptop.holdfast("status")["generation"] == old
    look_at(pages, site, "ingest-progress", f"{DOCUMENTS} of {DOCUMENTS} documents")
    look_at(pages, site, "reindex-gates", "known_items", height=1300)
    look_at(pages, site, "ingest-report", f"{DOCUMENTS} / 0 / 0")

    pages.open(page)
    pages.click("//button[normalize-space()='Resume']")
    pages.wait("//*[contains(@class, 'p-modal')]//*[contains(., 'the live generation?')]")
    assert old in pages.text
    choose(pages, "Decision", "approve")
    pages.write(
        field("Comment", "textarea | //*[contains(@class, 'p-modal')]//input"), "looks right"
    )
    pages.keep("promotion-form")
    pages.click("//*[contains(@class, 'p-modal')]//button[normalize-space()='Submit']")

    assert laptop.ended(run["id"])["name"] == "Completed"
    assert laptop.holdfast("status")["generation"] != old
    look_at(pages, site, "generation", "is live")
    assert old in pages.text
