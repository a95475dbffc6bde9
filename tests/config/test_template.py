"""config/holdfast.yaml shows every option with its default, and works once uncommented."""

import re
from pathlib import Path
from typing import Any

import yaml

from config.loading import config_template, load_settings
from config.origins import options
from config.settings import Settings
from config.sources import KINDS, LocalSource, SourceSettings

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


def other_kinds() -> dict[str, Any]:
    """The commented sources of the other kinds, with the comments taken off."""
    text = config_template()
    block = text[text.index("  # - kind:") : text.index("\n\n", text.index("  # - kind:"))]
    parsed = yaml.safe_load(re.sub(r"^  # ", "", block, flags=re.MULTILINE))
    return {source["kind"]: source for source in parsed}


def test_every_kind_of_source_is_shown_with_all_its_options_and_loads(tmp_path):
    shown = other_kinds()
    assert set(shown) == set(KINDS) - {"local"}
    common = set(SourceSettings.model_fields)
    for kind, source in shown.items():
        own = set(KINDS[kind].model_fields) - common
        assert set(source) - {"name"} == own, kind
        for name, field in KINDS[kind].model_fields.items():
            if name in own and not field.is_required() and (kind, name) != ("web", "start"):
                assert KINDS[kind].model_validate(source).model_dump()[name] == field.default
    loaded = load_settings(env={}, overrides={"sources": list(shown.values())}, cwd=tmp_path)
    assert [type(s) for s in loaded.settings.sources] == [KINDS[kind] for kind in shown]


def test_every_option_of_every_kind_has_an_explanation():
    text = config_template()
    named = re.findall(r"^  #   (?!name)([a-z_]+): (.*)$", text, re.MULTILINE)
    assert len(named) > 20
    assert [name for name, rest in named if not re.search(r" # \S", rest)] == []


def test_every_option_has_an_explanation():
    for line in (match.group(2) for match in OPTION.finditer(config_template())):
        assert re.search(r" # \S", line), f"no explanation: {line}"


def test_env_example_names_only_known_variables(tmp_path):
    text = (REPOSITORY / ".env.example").read_text(encoding="utf-8")
    values = re.findall(r"^[A-Z_]+=(.*)$", text, re.MULTILINE)
    assert values
    assert set(values) == {""}, ".env.example holds a value"
    fill = {"HOLDFAST_HOME": "h", "HOLDFAST_STORE__API_KEY": "k", "HOLDFAST_LEDGER__URL": "l"}
    filled = re.sub(r"^([A-Z_]+)=$", lambda m: f"{m[1]}={fill.get(m[1], '')}", text, flags=re.M)
    (tmp_path / ".env").write_text(filled, encoding="utf-8")
    assert load_settings(env={}, cwd=tmp_path).settings.home == tmp_path / "h"
