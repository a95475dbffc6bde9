"""The repository under test and the Python that runs in it."""

import re
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the checkout."""
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def pinned(repository: Path) -> dict[str, str]:
    """Versions in constraints.txt by lower-case package name."""
    lines = (repository / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if re.match(r"^[A-Za-z0-9_.-]+==", line))
    return {name.lower().replace("_", "-"): version.strip() for name, version in pairs}
