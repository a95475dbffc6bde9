"""`holdfast redteam`: the live index by questions, an own home by documents, cases of users."""

from pathlib import Path
from typing import Any

import pytest

from indexing.errors import StoreUnavailableError
from indexing.stores.edge import EdgeStore

OWN = """
suites:
  mine:
    floor: {floor}
    cases:
      - {{id: shift, question: "When does the night shift begin?", never: [answerable]}}
      - {{id: nothing, question: "", verdicts: [unanswerable]}}
"""


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_live_index_is_attacked_by_questions_alone(desk: Any) -> None:
    ended = desk.on_home("redteam", "--live", "--json")
    card = ended.json
    assert {s["suite"] for s in card["suites"]} == {"noise", "exhaustion", "leakage"}
    assert card["holds"], card["defeats"]
    assert ended.code == 0
    assert len(desk.chunks()) == 2


def test_cases_of_users_can_stop_a_release(desk: Any, tmp_path: Path) -> None:
    strict = write(tmp_path / "strict.yaml", OWN.format(floor=1.0))
    lax = write(tmp_path / "lax.yaml", OWN.format(floor=0.0))
    found = desk.on_home("redteam", "--live", "--cases", lax, "--json")
    mine = next(s for s in found.json["suites"] if s["suite"] == "mine")
    assert mine["cases"] == 2
    assert mine["holds"]
    if mine["share"] < 1:
        assert desk.on_home("redteam", "--live", "--cases", strict).code == 4


@pytest.mark.thorough
@pytest.mark.timeout(600)
def test_an_own_home_is_attacked_by_documents_and_nothing_is_left(
    empty_desk: Any, tmp_path: Path
) -> None:
    ended = empty_desk.on_home("redteam", "--json", "--seed", "2")
    card = ended.json
    suites = {s["suite"]: s for s in card["suites"]}
    assert set(suites) >= {
        "noise", "trick_questions", "injection", "leakage", "exhaustion", "failing_parts",
        "poisoned_1", "poisoned_5", "tenants", "crowding",
    }  # fmt: skip
    for name in ("injection", "tenants", "failing_parts", "noise", "exhaustion"):
        assert suites[name]["share"] == 1.0, card["defeats"]
    assert "before" in suites["crowding"]["note"]
    assert ended.code == (0 if card["holds"] else 4)
    assert not empty_desk.home.exists()


def test_bad_input_is_explained(desk: Any, empty_desk: Any, tmp_path: Path) -> None:
    assert "cannot be read" in desk.on_home("redteam", "--cases", tmp_path / "x.yaml").complaint
    case = "{question: x, never: [answerable]}"
    planting = f"suites: {{s: {{cases: [{case}], documents: [{{key: a.md, text: t}}]}}}}"
    file = write(tmp_path / "p.yaml", planting)
    assert "brings documents" in desk.on_home("redteam", "--live", "--cases", file).complaint
    nothing = empty_desk.call("redteam", "--live", "--home", tmp_path / "new")
    assert "Nothing is indexed" in nothing.complaint


def test_an_outage_does_not_look_like_a_defence(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise StoreUnavailableError("down")

    monkeypatch.setattr(EdgeStore, "search", fail)
    ended = desk.on_home("redteam", "--live")
    assert ended.code == 1
    told = " ".join(ended.out.split())
    assert "NOT ASKED" in told
    assert "attacks could not be made" in told
    assert "store_unavailable" in told
