"""`holdfast doctor`: finds what is broken, says so with its exit code, and keeps secrets."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.loading import load_settings
from ingestion.parsing.ocr import tesseract
from query.networks.trained_file import SHIPPED
from service.checkup import check_generation
from tests.support.qdrant_standin import Standin

PARTS = [
    *("home", "model", "ledger", "store", "generation", "blobs", "sources", "programs"),
    *("policy", "readers", "golden", "calibration", "prefect"),
]


def findings(ended: Any) -> dict[str, dict[str, Any]]:
    return {finding["part"]: finding for finding in ended.json["findings"]}


def test_a_sound_home_is_sound(desk: Any) -> None:
    ended = desk.on_home("doctor", "--json")
    assert ended.code == 0
    assert set(ended.json) == {"sound", "findings", "settings"}
    assert ended.json["sound"] is True
    assert list(findings(ended)) == PARTS
    assert all(set(f) == {"part", "sound", "detail"} for f in ended.json["findings"])
    assert all(set(o) == {"name", "value", "origin"} for o in ended.json["settings"])
    assert "2 chunks" in findings(ended)["generation"]["detail"]


def test_where_there_is_no_home_the_folder_and_the_setting_are_named(empty_desk: Any) -> None:
    ended = empty_desk.on_home("doctor", "--json")
    assert ended.code == 0
    found = findings(ended)
    assert list(found) == PARTS
    assert "is not there yet" in found["home"]["detail"]
    assert "none yet" in found["ledger"]["detail"]
    assert f"There is no home at {empty_desk.home} (setting `home`" in " ".join(ended.err.split())
    assert not empty_desk.home.exists()


def test_a_home_that_cannot_be_made_fails(empty_desk: Any) -> None:
    empty_desk.home.write_text("a file")
    ended = empty_desk.on_home("doctor", "--json")
    assert ended.code == 1
    assert "choose another HOLDFAST_HOME" in findings(ended)["home"]["detail"]


def test_a_damaged_ledger_fails_without_stopping_the_other_checks(
    desk: Any, spoil: Callable[[Path], None]
) -> None:
    spoil(desk.home / "ledger.sqlite")
    ended = desk.on_home("doctor", "--json")
    assert ended.code == 1
    assert ended.json["sound"] is False
    found = findings(ended)
    assert list(found) == PARTS
    assert not found["ledger"]["sound"]
    assert "is damaged" in found["ledger"]["detail"]
    assert found["home"]["sound"]
    assert found["model"]["sound"]


def test_blobs_that_are_not_where_the_settings_say_fail(
    desk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "2 of 2 documents" in findings(desk.on_home("doctor", "--json"))["blobs"]["detail"]
    monkeypatch.setenv("HOLDFAST_BLOBS__URL", str(tmp_path / "elsewhere"))
    ended = desk.on_home("doctor", "--json")
    blobs = findings(ended)["blobs"]
    assert (ended.code, blobs["sound"]) == (1, False)
    assert "blobs.url" in blobs["detail"]
    assert str(tmp_path / "elsewhere") in blobs["detail"]


def test_raw_bytes_that_are_gone_fail_only_where_they_are_kept(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(desk.home / "blobs" / "raw")
    assert not findings(desk.on_home("doctor", "--json"))["blobs"]["sound"]
    monkeypatch.setenv("HOLDFAST_BLOBS__KEEP_RAW", "false")
    assert findings(desk.on_home("doctor", "--json"))["blobs"]["sound"]


@pytest.mark.parametrize(
    ("option", "record", "weights"),
    [
        ("gate.reader", "reader.json", "reader.safetensors"),
        ("claims.reader", "claims.json", "claims.safetensors"),
    ],
)
def test_a_reader_that_is_damaged_or_not_there_fails(
    desk: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    option: str,
    record: str,
    weights: str,
) -> None:
    readers = findings(desk.on_home("doctor", "--json"))["readers"]
    assert readers["sound"]
    assert "claims by reader" in readers["detail"]
    monkeypatch.setenv(f"HOLDFAST_{option.replace('.', '__').upper()}", str(tmp_path))
    ended = desk.on_home("doctor", "--json")
    readers = findings(ended)["readers"]
    assert (ended.code, readers["sound"]) == (1, False)
    assert f"folder in {option}" in readers["detail"]
    shutil.copy(SHIPPED / record, tmp_path)
    (tmp_path / weights).write_bytes((SHIPPED / weights).read_bytes()[:-1])
    ended = desk.on_home("doctor", "--json")
    readers = findings(ended)["readers"]
    assert (ended.code, readers["sound"]) == (1, False)
    assert f"{weights} is damaged" in readers["detail"]
    assert f"the folder that {option} names" in readers["detail"]


def test_a_damaged_index_fails(desk: Any, spoil: Callable[[Path], None]) -> None:
    for path in desk.home.glob("index/collections/*/shard/edge_config.json"):
        spoil(path)
    ended = desk.on_home("doctor", "--json")
    assert ended.code == 1
    assert not findings(ended)["generation"]["sound"]


@pytest.mark.parametrize("lost", ["index", "index/aliases", "index/collections"])
def test_an_index_that_is_gone_is_not_taken_for_an_empty_one(desk: Any, lost: str) -> None:
    shutil.rmtree(desk.home / lost)
    ended = desk.on_home("doctor", "--json")
    assert ended.code == 1
    found = findings(ended)["generation"]
    assert not found["sound"]
    assert "holdfast verify --repair" in found["detail"]


def test_an_index_and_a_ledger_that_disagree_fail(desk: Any) -> None:
    from indexing.points import visible
    from indexing.stores.edge import EdgeStore

    store = EdgeStore(desk.home / "index", 5.0)
    lost = next(iter(store.scroll("holdfast__g1", visible(1, "default"))))
    store.delete("holdfast__g1", [lost.id])
    store.close()
    ended = desk.on_home("doctor", "--json")
    assert ended.code == 1
    assert "1 visible chunks" in findings(ended)["generation"]["detail"]


def test_what_an_ingest_commits_meanwhile_is_no_disagreement(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from indexing.stores.edge import EdgeStore

    monkeypatch.setenv("HOLDFAST_HOME", str(desk.home))
    settings = load_settings().settings
    counted = EdgeStore.count

    def and_commit(store: EdgeStore, *arguments: Any) -> int:
        monkeypatch.setattr(EdgeStore, "count", counted)
        seen = counted(store, *arguments)
        desk.write("more.md", "The purple elephant sleeps in room nine.\n")
        assert desk.ingest().json["counts"]["indexed"] == 1
        return seen

    monkeypatch.setattr(EdgeStore, "count", and_commit)
    assert "at epoch 2, 3 chunks" in check_generation(settings)


def test_the_documents_of_several_tenants_are_no_disagreement(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as theirs:
        theirs.setenv("HOLDFAST_TENANT", "other")
        desk.write("theirs.md", "The purple elephant sleeps in room nine.\n")
        ended = desk.on_home("ingest", desk.folder / "theirs.md", "--source", "theirs", "--json")
        assert ended.json["counts"]["indexed"] == 1
        assert desk.on_home("doctor", "--json").code == 0
    ended = desk.on_home("doctor", "--json")
    assert ended.code == 0
    assert "3 chunks" in findings(ended)["generation"]["detail"]


def test_the_store_is_shown_with_its_version(desk: Any) -> None:
    detail = findings(desk.on_home("doctor", "--json"))["store"]["detail"]
    assert re.match(r"Qdrant Edge \d+\.\d+\.\d+ ", detail)
    assert "holdfast__g1" in detail


def test_a_server_is_shown_with_its_version_and_an_old_one_fails(
    empty_desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version, sound in (("1.20.1", True), ("1.18.0", False)):
        with Standin(version=version) as standin:
            monkeypatch.setenv("HOLDFAST_STORE__URL", standin.url)
            store = findings(empty_desk.on_home("doctor", "--json"))["store"]
        assert store["sound"] is sound
        assert version in store["detail"]
        assert standin.url.removeprefix("http://") in store["detail"]


def test_a_missing_source_fails(desk: Any, tmp_path: Path) -> None:
    config = tmp_path / "settings.yaml"
    gone = tmp_path / "gone"
    config.write_text(f"sources:\n  - name: papers\n    path: {gone}\n", encoding="utf-8")
    ended = desk.on_home("doctor", "--json", "--config", config)
    assert ended.code == 1
    assert not findings(ended)["sources"]["sound"]
    assert str(gone) in findings(ended)["sources"]["detail"]


def test_another_pipeline_than_the_live_one_fails(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_CHUNKING__MAX_TOKENS", "180")
    ended = desk.on_home("doctor", "--json")
    assert ended.code == 1
    assert "holdfast reindex" in findings(ended)["generation"]["detail"]


def test_what_was_set_for_the_live_generation_alone_is_no_disagreement(desk: Any) -> None:
    assert desk.on_home("reindex", "--set", "chunking.max_tokens=120").code == 0
    ended = desk.on_home("doctor", "--json")
    assert ended.code == 0, findings(ended)["generation"]["detail"]
    assert "holdfast__g2 at epoch 1" in findings(ended)["generation"]["detail"]


SECRETS = {
    "HOLDFAST_STORE__URL": "http://me:sekret@127.0.0.1:1",
    "HOLDFAST_STORE__API_KEY": "sekret",
    "HOLDFAST_LEDGER__URL": "postgresql://me:sekret@127.0.0.1:1/x?password=sekret&sslmode=disable",
    "HOLDFAST_ORCHESTRATION__API_URL": "http://me:sekret@127.0.0.1:1/api",
    "HOLDFAST_BLOBS__URL": "s3://me:sekret@bucket/x",
}


@pytest.mark.parametrize("options", [["--json"], ["--settings"], []])
def test_no_secret_is_ever_printed(
    empty_desk: Any, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "200")
    ended = empty_desk.on_home("doctor", *options)
    assert ended.code == 1
    assert "127.0.0.1" in ended.out
    assert "sekret" not in ended.out
    assert "sekret" not in ended.err


@pytest.mark.parametrize("command", [["status"], ["docs", "list"], ["plan", "."], ["ingest", "."]])
def test_no_command_prints_a_secret_when_a_part_is_down(
    empty_desk: Any, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    ended = empty_desk.on_home(*command)
    assert ended.code == 1
    assert "127.0.0.1" in ended.complaint
    assert "sekret" not in ended.err


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("HOLDFAST_LEDGER__URL", "postgresql://me@host:notaport/x", "ledger"),
        ("HOLDFAST_LEDGER__URL", "nodialect://me@host/x", "ledger"),
        ("HOLDFAST_STORE__URL", "nonsense", "store"),
        ("HOLDFAST_EMBEDDING__MODEL", "nobody/knows-it", "model"),
        ("PREFECT_API_URL", "nonsense", "prefect"),
        ("PREFECT_API_URL", "http://[broken", "prefect"),
    ],
)
def test_whatever_is_wrong_with_a_part_is_a_finding(
    empty_desk: Any, monkeypatch: pytest.MonkeyPatch, name: str, value: str, part: str
) -> None:
    monkeypatch.setenv(name, value)
    ended = empty_desk.on_home("doctor", "--json")
    assert ended.code == 1
    assert list(findings(ended)) == PARTS
    assert not findings(ended)[part]["sound"]
    assert findings(ended)[part]["detail"]


def test_a_home_that_is_a_file_is_a_finding(empty_desk: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    ended = empty_desk.call("doctor", "--json", "--home", tmp_path / "file")
    assert ended.code == 1
    assert "HOLDFAST_HOME" in findings(ended)["home"]["detail"]


def test_it_says_which_programs_of_others_are_there(
    desk: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """None of them is a fault: documents that need one are refused with a reason."""
    monkeypatch.setenv("PATH", str(tmp_path))
    tesseract._found.cache_clear()
    nothing = findings(desk.on_home("doctor", "--json"))["programs"]
    tesseract._found.cache_clear()
    assert nothing["sound"]
    assert "no scans: Tesseract is not installed" in nothing["detail"]
    assert "no LibreOffice" in nothing["detail"]
    monkeypatch.setenv("HOLDFAST_OCR__MODE", "off")
    off = findings(desk.on_home("doctor", "--json"))["programs"]
    assert "recognition of scans is off" in off["detail"]


def test_golden_questions_that_cannot_be_read_are_told_before_a_promotion(
    desk: Any, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    (project / "config").mkdir(parents=True)
    config = project / "config" / "holdfast.yaml"
    config.write_text("promotion:\n  golden: golden.jsonl\n", encoding="utf-8")
    golden = project / "golden.jsonl"
    for line, sound, said in (
        (None, False, str(golden)),
        ('{"question": "When does it open?", "label": "answerable"}', True, "1 questions"),
        ("{}", False, "line 1"),
    ):
        if line:
            golden.write_text(line, encoding="utf-8")
        found = findings(desk.on_home("doctor", "--json", "--config", config))["golden"]
        assert (found["sound"], said in found["detail"]) == (sound, True)


def test_a_wrong_policy_or_key_is_told_before_a_question_is(
    desk: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("topics: [{name: a}]", encoding="utf-8")
    monkeypatch.setenv("HOLDFAST_POLICY__FILE", str(policy))
    found = findings(desk.on_home("doctor", "--json"))["policy"]
    assert not found["sound"]
    assert "needs patterns or examples" in found["detail"]
    monkeypatch.delenv("HOLDFAST_POLICY__FILE")
    monkeypatch.setenv("HOLDFAST_GENERATION__API_KEYS", '{"far": "s3cret"}')
    provider = '[{"name": "near", "url": "http://127.0.0.1:9", "model": "m"}]'
    monkeypatch.setenv("HOLDFAST_GENERATION__PROVIDERS", provider)
    ended = desk.on_home("doctor", "--json")
    assert not findings(ended)["policy"]["sound"]
    assert "s3cret" not in ended.out + ended.err
