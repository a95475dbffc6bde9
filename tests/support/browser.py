"""A headless Chromium for tests: looks at pages of this machine only, and keeps pictures."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.laptop import ROOT

PICTURES = ROOT / "build" / "screenshots"
"""Where pictures are kept as the output of a test; not part of the repository."""
PATIENCE_SECONDS = 120
GLANCE_SECONDS = 5
WIDTH, HEIGHT = 1280, 900


def programs() -> tuple[str, str]:
    """Return driver and browser; skips the test where one is not installed."""
    driver = shutil.which("chromedriver")
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), "")
    if driver is None or not browser:
        pytest.skip("Chromium and chromedriver, which show the Prefect UI, are not installed")
    return driver, browser


@contextmanager
def chromium(profile: Path) -> Iterator["Pages"]:
    """Start a browser that resolves no name and talks to no machine but this one."""
    driver, browser = programs()
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    options = ChromeOptions()
    options.binary_location = browser
    for argument in (
        "--headless=new",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"--window-size={WIDTH},{HEIGHT}",
        f"--user-data-dir={profile}",
        *(["--no-sandbox"] if os.getuid() == 0 else []),
    ):
        options.add_argument(argument)
    # With the path of the driver given, Selenium looks for none, and downloads none.
    started = Chrome(options=options, service=Service(executable_path=driver))
    try:
        step_back(started.service.process.pid)
        started.set_page_load_timeout(PATIENCE_SECONDS)
        yield Pages(started)
    finally:
        started.quit()


def step_back(driver: int) -> None:
    """Take from the browser the priority that it gives itself, before what it looks at starves."""
    for process in psutil.Process(driver).children(recursive=True):
        with suppress(psutil.Error):
            process.nice(max(process.nice(), psutil.Process().nice()))


class Pages:
    """What a test sees and does in the browser."""

    def __init__(self, browser: Any) -> None:
        self._browser = browser

    def open(self, url: str) -> None:
        self._browser.get(url)

    def find(self, xpath: str) -> list[Any]:
        """Return what is shown of an XPath."""
        from selenium.common.exceptions import StaleElementReferenceException

        try:
            return [e for e in self._browser.find_elements("xpath", xpath) if e.is_displayed()]
        except StaleElementReferenceException:
            return []  # the page is being drawn

    def wait(self, xpath: str, seconds: float = PATIENCE_SECONDS) -> Any:
        """Return the first shown element of an XPath, as soon as there is one."""
        return self.until(lambda: next(iter(self.find(xpath)), None), xpath, seconds)

    def glance(self, xpath: str) -> Any:
        """Return the first shown element of an XPath, or none after a moment."""
        deadline = time.monotonic() + GLANCE_SECONDS
        while not (found := self.find(xpath)) and time.monotonic() < deadline:
            time.sleep(0.3)
        return next(iter(found), None)

    def until(self, look: Callable[[], Any], what: str, seconds: float = PATIENCE_SECONDS) -> Any:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := look():
                return found
            time.sleep(0.3)
        self.keep("not-found")
        shown = self._browser.find_element("tag name", "body").text[-3000:]
        raise AssertionError(f"{what} was not shown at {self._browser.current_url}:\n{shown}")

    def scroll(self) -> None:
        """Scroll to the end of everything, where lists are continued."""
        self._browser.execute_script(
            "document.querySelectorAll('*').forEach(e => { e.scrollTop = e.scrollHeight })"
        )

    def click(self, xpath: str) -> None:
        """Click what is shown, wherever it is on the page."""
        found = self.wait(xpath)
        self._browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
        self._browser.execute_script("arguments[0].click()", found)

    def write(self, xpath: str, text: str) -> None:
        """Replace what a field holds, key by key."""
        field = self.wait(xpath)
        self._browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", field)
        field.send_keys("\ue009a\ue000")  # control and a: all of it
        field.send_keys(text)

    def settle(self, xpath: str, option: str) -> None:
        """Choose in a plain list, where the page shows one."""
        from selenium.webdriver.support.select import Select

        for found in self.find(xpath)[:1]:
            Select(found).select_by_visible_text(option)

    @property
    def text(self) -> str:
        return str(self._browser.find_element("tag name", "body").text)

    @property
    def source(self) -> str:
        return str(self._browser.page_source)

    def keep(self, name: str, height: int = HEIGHT) -> Path:
        """Take a picture, of a window that is high enough for what it is to show."""
        self._browser.set_window_size(WIDTH, height)
        PICTURES.mkdir(parents=True, exist_ok=True)
        file = PICTURES / f"{name}.png"
        self._browser.save_screenshot(str(file))
        self._browser.set_window_size(WIDTH, HEIGHT)
        return file
