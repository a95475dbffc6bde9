"""The Python of README.md, docs/query.md and docs/agents.md runs as it stands."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def python_of(page: str) -> list[str]:
    """The blocks of Python of a page, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def names(desk: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What the blocks of a page leave to the next, on a home that knows of keys and shifts."""
    monkeypatch.setenv("HOLDFAST_HOME", str(desk.home))
    left: dict[str, Any] = {}
    yield left
    if "corpus" in left:
        left["corpus"].close()


def test_the_readme_asks_from_python(
    names: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    (block,) = python_of("README.md")
    exec(compile(block, "README.md", "exec"), names)
    assert names["decision"].status == "ok"
    assert capsys.readouterr().out.strip()


def test_the_engine_is_used_as_its_page_says(names: dict[str, Any]) -> None:
    first, second = python_of("docs/query.md")
    exec(compile(first, "docs/query.md", "exec"), names)
    assert (names["decision"].status, names["decision"].epoch) == ("ok", 1)
    assert names["engine"].evidence(names["decision"].request_id) is not None
    exec(compile(second, "docs/query.md", "exec"), names)
    assert names["decision"].evidence[0].key == "rota.md"


def test_both_retrievers_take_that_engine(names: dict[str, Any]) -> None:
    pytest.importorskip("llama_index.core")
    exec(compile(python_of("docs/query.md")[0], "docs/query.md", "exec"), names)
    for block in python_of("docs/agents.md"):
        exec(compile(block, "docs/agents.md", "exec"), names)
    assert names["documents"][0].metadata["key"] == "rota.md"
    assert names["nodes"][0].metadata["key"] == "rota.md"
