"""Damaged settings files are refused with the file and the line, never half read."""

import errno
import os
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.files import read_env_file, read_yaml
from config.loading import load_settings


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chunking:\n  max_tokens: [1,\n", r"not valid YAML: line 3"),
        ("tenant: a\n\tb: 1\n", r"not valid YAML: line 2"),
        ("a: 'b\n", r"not valid YAML: line"),
        ("- one\n- two\n", r"holds a list at its top level"),
        ("just text\n", r"holds a str at its top level"),
        ("tenant: a\ntenant: b\n", r"gives `tenant` twice, on line 1 and on line 2"),
        ("store:\n  url: a\n  url: b\n", r"gives `url` twice, on line 2 and on line 3"),
        ("home: 2024-02-31\n", r"not valid YAML"),
        ("a: !!python/object:os.system x\n", r"not valid YAML"),
        ("a: 1\n---\nb: 2\n", r"not valid YAML"),
        ("a: b\x07c\n", r"not valid YAML"),
    ],
)
def test_broken_yaml_is_refused(text, message, tmp_path):
    file = tmp_path / "holdfast.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=message) as caught:
        read_yaml(file)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "null\n"])
def test_empty_yaml_is_an_empty_mapping(text, tmp_path):
    file = tmp_path / "holdfast.yaml"
    file.write_text(text)
    assert read_yaml(file) == {}


def test_a_byte_order_mark_is_no_error(tmp_path):
    file = tmp_path / "holdfast.yaml"
    file.write_bytes(b"\xef\xbb\xbftenant: a\n")
    assert read_yaml(file) == {"tenant": "a"}
    file.write_bytes(b"\xef\xbb\xbfHOLDFAST_TENANT=a\n")
    assert read_env_file(file) == {"HOLDFAST_TENANT": "a"}


@pytest.mark.parametrize("read", [read_yaml, read_env_file])
def test_unreadable_files_are_refused(read, tmp_path, monkeypatch):
    latin = tmp_path / "latin"
    latin.write_bytes("tenant: caf\u00e9\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"not UTF-8 text \(byte 11\)"):
        read(latin)
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        read(tmp_path)

    def refuse(path: Path) -> bytes:  # a chmod would not stop root, who often runs tests
        raise PermissionError(13, os.strerror(13), str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(ConfigError, match="cannot be read: Permission denied"):
        read(latin)


def test_env_file_is_read_like_other_tools_read_it(tmp_path):
    file = tmp_path / ".env"
    file.write_text("# note\nexport A=1\nB='two words'\nC=\nD\nE=x${A}\n\n")
    assert read_env_file(file) == {"A": "1", "B": "two words", "C": "", "E": "x1"}
    assert read_env_file(tmp_path / "none") == {}


def test_broken_line_of_env_file_is_refused(tmp_path):
    file = tmp_path / ".env"
    file.write_text('A=1\nHOLDFAST_TENANT="open\n')
    with pytest.raises(ConfigError, match="line 2, is not NAME=value"):
        read_env_file(file)


@pytest.mark.parametrize("name", ["config/holdfast.yaml", "holdfast.yaml", ".env"])
def test_a_link_that_leads_nowhere_is_not_taken_for_no_settings(name, tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / name).symlink_to("unmounted/holdfast")
    with pytest.raises(ConfigError, match=r"cannot be read: .*link to unmounted/holdfast"):
        load_settings(env={}, cwd=tmp_path)


@pytest.mark.parametrize("name", ["config/holdfast.yaml", ".env"])
def test_a_folder_that_may_not_be_entered_is_a_wrong_setting(name, tmp_path, monkeypatch):
    def forbidden(path: Path, **_: object) -> os.stat_result:
        if path == tmp_path / name:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return os.lstat(path)

    for ask in ("stat", "lstat"):  # root may enter every folder
        monkeypatch.setattr(Path, ask, forbidden)
    with pytest.raises(ConfigError, match=r"cannot be looked for: Permission denied"):
        load_settings(env={}, cwd=tmp_path)
