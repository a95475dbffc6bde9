"""config/holdfast.yaml shows every option with its default, and works once uncommented."""

import re
from pathlib import Path

import pytest
import yaml

from config.loading import config_template, load_settings
from config.origins import options
from config.settings import LocalSource, Settings

REPOSITORY = Path(__file__).resolve().parents[2]
OPTION = re.compile(r"^( *)# ([a-z_]+: .*)$", re.MULTILINE)


def uncommented() -> str:
    return OPTION.sub(r"\1\2", config_template())


def test_template_is_the_file_in_the_repository():
    assert config_template() == (REPOSITORY / "config/holdfast.yaml").read_text(encoding="utf-8")


def test_only_the_handbook_source_is_active():
    active = {k: v for k, v in yaml.safe_load(config_template()).items() if v is not None}
    assert active == {"sources": [{"name": "handbook", "path": "examples/handbook"}]}


def test_every_option_is_listed_with_its_default():
    tree = yaml.safe_load(uncommented())
    listed = {
        f"{name}.{key}" if isinstance(value, dict) else name
        for name, value in tree.items()
        for key in (value if isinstance(value, dict) else [name])
    }
    assert listed == set(options())
    assert set(tree["sources"][0]) == set(LocalSource.model_fields)


def test_uncommenting_everything_equals_the_defaults(tmp_path):
    file = tmp_path / "config" / "holdfast.yaml"
    file.parent.mkdir()
    file.write_text(uncommented(), encoding="utf-8")
    loaded = load_settings(env={}, cwd=tmp_path)
    handbook = LocalSource(name="handbook", path=tmp_path / "examples/handbook")
    assert loaded.settings == Settings(home=tmp_path / ".holdfast", sources=(handbook,))
    assert set(loaded.origins.values()) == {"config/holdfast.yaml"}


def test_every_option_has_an_explanation():
    for line in (match.group(2) for match in OPTION.finditer(config_template())):
        assert re.search(r" # \S", line), f"no explanation: {line}"


@pytest.mark.parametrize("path", ["docs", "my docs: all #1", "a/b", "../x\u00e9"])
def test_template_with_another_source_loads(path, tmp_path):
    (tmp_path / "holdfast.yaml").write_text(config_template("mine", path), encoding="utf-8")
    (source,) = load_settings(env={}, cwd=tmp_path).settings.sources
    assert (source.name, source.path) == ("mine", tmp_path / path)


def test_env_example_names_only_known_variables(tmp_path):
    text = (REPOSITORY / ".env.example").read_text(encoding="utf-8")
    values = re.findall(r"^[A-Z_]+=(.*)$", text, re.MULTILINE)
    assert values
    assert set(values) == {""}, ".env.example holds a value"
    fill = {"HOLDFAST_HOME": "h", "HOLDFAST_STORE__API_KEY": "k", "HOLDFAST_LEDGER__URL": "l"}
    filled = re.sub(r"^([A-Z_]+)=$", lambda m: f"{m[1]}={fill.get(m[1], '')}", text, flags=re.M)
    (tmp_path / ".env").write_text(filled, encoding="utf-8")
    assert load_settings(env={}, cwd=tmp_path).settings.home == tmp_path / "h"
