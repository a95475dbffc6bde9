"""Questions whose documents are named by id: what is hidden and what is mixed gets its key."""

from types import SimpleNamespace
from typing import Any

import pytest

from query import labelled_keys
from query.labelled import LabelledQuestion
from query.labelled_keys import by_key

ROTA, GONE = "6f1c0bd4-5f0e-5f0e-9d3e-2f3a5b7c9d11", "00000000-0000-5000-8000-000000000000"


def asked(**fields: Any) -> LabelledQuestion:
    named = {name: frozenset(values) for name, values in fields.items()}
    return LabelledQuestion(id="1", question="When?", **named)


@pytest.fixture
def keyed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give one question its keys, in a ledger that knows one document."""

    def look(_ledger: Any, generation: str, names: Any, epoch: int | None) -> Any:
        assert (generation, epoch) == ("g1", 3)
        return {ROTA: SimpleNamespace(key="rota.md")} if ROTA in names else {}

    monkeypatch.setattr(labelled_keys, "versions_named", look)
    return lambda question: by_key([question], SimpleNamespace(), "g1", 3)[0]


def test_a_hidden_document_has_its_key_whatever_names_it(keyed: Any) -> None:
    found = keyed(asked(exclude=[ROTA, GONE, "keys.txt"], gold=[ROTA]))
    assert found.exclude == {"rota.md", GONE, "keys.txt"}
    assert found.gold == {ROTA}, "ids alone are looked for among ids"


def test_gold_documents_are_named_alike(keyed: Any) -> None:
    assert keyed(asked(gold=[ROTA, "keys.txt"])).gold == {"rota.md", "keys.txt"}
    assert keyed(asked(gold=["keys.txt"])).gold == {"keys.txt"}
