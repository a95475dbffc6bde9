"""The Dockerfile builds a pinned image from this repository that runs as an ordinary user."""

import re
from pathlib import Path

import pytest

PACKAGES = {"config", "ingestion", "indexing", "query", "evaluation", "flows", "service"}


@pytest.fixture(scope="module")
def steps(repository: Path) -> list[tuple[str, str]]:
    """Instructions of the Dockerfile as (name, rest), continued lines joined."""
    text = (repository / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip()]
    return [(name, " ".join(rest.split())) for name, rest in (line.split(" ", 1) for line in lines)]


def test_base_image_is_pinned(steps):
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", dict(steps)["FROM"])


def test_it_ends_as_an_ordinary_user(steps):
    names = [name for name, _ in steps]
    assert dict(steps)["USER"] not in {"root", "0"}
    assert "RUN" not in names[names.index("USER") :]
    assert dict(steps)["ENTRYPOINT"] == '["holdfast"]'


def test_everything_it_copies_is_in_the_repository(repository, steps):
    sources = [s for name, rest in steps if name == "COPY" for s in rest.split()[:-1]]
    assert set(sources) >= PACKAGES
    missing = [source for source in sources if not (repository / source).exists()]
    assert missing == []
    admitted = (repository / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{source}" for source in sources} == {
        line for line in admitted if line.startswith("!")
    }


def test_install_is_constrained_and_names_no_registry(repository, steps):
    (install,) = [rest for name, rest in steps if name == "RUN" and "pip install" in rest]
    assert "-c constraints.txt" in install
    text = (repository / "Dockerfile").read_text(encoding="utf-8")
    assert "://" not in text
    assert 'ARG PIP_EXTRA_INDEX_URL=""' in text


def test_reporting_is_off_in_the_image(steps):
    environment = dict(re.findall(r"(\w+)=(\S+)", dict(steps)["ENV"]))
    assert environment["DO_NOT_TRACK"] == "1"
    assert environment["SCARF_NO_ANALYTICS"] == "true"
    assert environment["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
