"""`holdfast quarantine`: what was refused can be looked into and handed on, and nothing is lost."""

import errno
import json

import pytest

from service.commands.quarantine import write_rows


def test_show_says_why_and_what_became_of_it_in_each_run(desk):
    desk.on_home("quarantine", "retry", "empty.txt")
    waiting = desk.on_home("quarantine", "show", "empty.txt").out
    assert "tries it again" in waiting
    assert "-1 bytes" not in waiting
    desk.ingest()
    shown = desk.on_home("quarantine", "show", "empty.txt", "--json").json
    assert (shown["key"], shown["reason"], shown["bytes"]) == ("empty.txt", "empty_file", 0)
    assert shown["detail"]
    assert [one["state"] for one in shown["runs"]] == ["quarantined", "quarantined"]
    assert len({one["run_id"] for one in shown["runs"]}) == 2
    assert "empty_file" in desk.on_home("quarantine", "show", "empty.txt").out


def test_what_is_tried_again_is_not_called_changed(desk):
    desk.on_home("quarantine", "retry", "empty.txt")
    planned = desk.on_home("plan", desk.folder, "--source", "docs", "--json").json
    assert (planned["changed"], planned["retried"]) == ([], ["empty.txt"])
    shown = desk.on_home("plan", desk.folder, "--source", "docs").out
    assert "1 tried again" in shown
    assert "changed\n" not in shown.replace("Nothing was changed", "")
    assert desk.on_home("verify", desk.folder, "--source", "docs").code == 0


def test_show_says_what_is_served_instead(desk):
    desk.write("rota.md", b"")
    desk.ingest()
    shown = desk.on_home("quarantine", "show", "rota.md", "--json").json
    assert shown["serves_version"] == 1
    assert [one["state"] for one in shown["runs"]] == ["quarantined", "indexed"]
    told = desk.on_home("quarantine", "show", "rota.md").out
    assert "last good version, 1" in told
    assert "None" not in told


def test_show_refuses_what_is_not_in_quarantine(desk):
    ended = desk.on_home("quarantine", "show", "rota.md")
    assert ended.code == 2
    assert "not in quarantine" in ended.complaint
    assert "no document nowhere.md" in desk.on_home("quarantine", "show", "nowhere.md").complaint


def test_the_list_ends_with_the_reasons(desk):
    assert "1 documents in quarantine: 1 empty_file" in desk.on_home("quarantine", "list").out


def test_export_writes_what_list_says(desk, tmp_path):
    file = tmp_path / "refused.jsonl"
    ended = desk.on_home("quarantine", "export", file, "--json")
    assert ended.json == {"file": str(file), "documents": 1}
    written = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert written == desk.on_home("quarantine", "list", "--json").lines


def test_export_takes_only_the_wanted_reasons_and_sources(desk, tmp_path):
    counts = {
        name: desk.on_home("quarantine", "export", tmp_path / name, *wanted, "--json").json[
            "documents"
        ]
        for name, wanted in {
            "a": ("--reason", "empty_file"),
            "b": ("--reason", "corrupt"),
            "c": ("--source", "docs"),
        }.items()
    }
    assert counts == {"a": 1, "b": 0, "c": 1}


def test_what_there_is_not_is_refused_and_no_file_is_written(desk, tmp_path):
    file = tmp_path / "refused.jsonl"
    for wanted, said in (
        (("export", file, "--source", "nosuch"), "no source named 'nosuch'; there are: docs"),
        (("export", file, "--reason", "nosuch"), "no reason 'nosuch'; there are: empty_file"),
        (("retry", "--source", "nosuch"), "no source named 'nosuch'"),
    ):
        ended = desk.on_home("quarantine", *wanted)
        assert (ended.code, said in ended.complaint) == (2, True)
    assert not file.exists()


def test_export_leaves_no_half_file_on_a_full_disk(tmp_path):
    def rows():
        yield "one\n"
        raise OSError(errno.ENOSPC, "No space left on device")

    file = tmp_path / "refused.jsonl"
    with pytest.raises(OSError, match="No space left") as full:  # no wrong setting, so no code 2
        write_rows(file, rows())
    assert full.value.filename == str(file)
    assert not file.exists()


def test_export_leaves_a_file_alone_that_exists(desk, tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text("precious", encoding="utf-8")
    ended = desk.on_home("quarantine", "export", file)
    assert ended.code == 2
    assert "left alone" in ended.complaint
    assert file.read_text(encoding="utf-8") == "precious"
    assert "cannot be written" in desk.on_home("quarantine", "export", tmp_path / "no/x").complaint
