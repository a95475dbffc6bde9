"""Settings come from the right place, in the right order, and know where they came from."""

from pathlib import Path
from typing import get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from config.errors import ConfigError
from config.loading import load_settings
from config.origins import options, variable_of
from config.recognition import OcrMode
from config.settings import Settings, StoreKind
from config.sources import LocalSource

PLACES = ("argument", "environment HOLDFAST_CHUNKING__MAX_TOKENS", ".env", "config/holdfast.yaml")


def test_nothing_configured_gives_the_defaults(load, tmp_path):
    loaded = load()
    assert loaded.settings == Settings(home=tmp_path / ".holdfast")
    assert type(loaded.settings) is Settings
    assert set(loaded.origins) == set(options())
    assert set(loaded.origins.values()) == {"default"}
    assert loaded.config_file is None


@pytest.mark.parametrize("winner", range(4))
def test_each_place_wins_over_those_below_it(winner, write_yaml, tmp_path):
    if winner <= 3:
        write_yaml("chunking:\n  max_tokens: 103\n")
    if winner <= 2:
        (tmp_path / ".env").write_text("HOLDFAST_CHUNKING__MAX_TOKENS=102\n")
    env = {"HOLDFAST_CHUNKING__MAX_TOKENS": "101"} if winner <= 1 else {}
    overrides = {"chunking.max_tokens": 100} if winner == 0 else {}

    loaded = load_settings(env=env, overrides=overrides, cwd=tmp_path)

    assert loaded.settings.chunking.max_tokens == 100 + winner
    assert loaded.origins["chunking.max_tokens"] == PLACES[winner]
    assert loaded.origins["chunking.min_tokens"] == "default"


def test_options_of_one_section_may_come_from_different_places(load, write_yaml, tmp_path):
    write_yaml("retrieval:\n  top_k: 3\n  prefetch: 30\n")
    (tmp_path / ".env").write_text("HOLDFAST_RETRIEVAL__PREFETCH=31\n")
    loaded = load(HOLDFAST_RETRIEVAL='{"rrf_k": 32}')
    assert loaded.settings.retrieval.model_dump(include={"top_k", "prefetch", "rrf_k"}) == {
        "top_k": 3,
        "prefetch": 31,
        "rrf_k": 32,
    }
    assert loaded.origins["retrieval.top_k"] == "config/holdfast.yaml"
    assert loaded.origins["retrieval.prefetch"] == ".env"
    assert loaded.origins["retrieval.rrf_k"] == "environment HOLDFAST_RETRIEVAL"


def test_config_file_is_searched_in_order(load, write_yaml, tmp_path):
    (tmp_path / "holdfast.yaml").write_text("tenant: second\n")
    assert load().settings.tenant == "second"
    write_yaml("tenant: first\n")
    assert load().settings.tenant == "first"
    (tmp_path / "other.yaml").write_text("tenant: named\n")
    named = load(HOLDFAST_CONFIG="other.yaml")
    assert named.settings.tenant == "named"
    assert named.origins["tenant"] == "other.yaml"
    argument = load_settings(tmp_path / "holdfast.yaml", {"HOLDFAST_CONFIG": "other.yaml"})
    assert argument.settings.tenant == "second"


def test_env_file_may_name_the_config_file(load, tmp_path):
    (tmp_path / ".env").write_text("HOLDFAST_CONFIG=other.yaml\n")
    (tmp_path / "other.yaml").write_text("tenant: named\n")
    assert load().settings.tenant == "named"


@pytest.mark.parametrize("where", ["argument", "variable"])
def test_named_config_file_must_exist(where, tmp_path):
    file = Path("gone.yaml") if where == "argument" else None
    env = {"HOLDFAST_CONFIG": "gone.yaml"} if where == "variable" else {}
    with pytest.raises(ConfigError, match=r"gone\.yaml .*does not exist"):
        load_settings(file, env, cwd=tmp_path)


@pytest.mark.parametrize("named", ["~nobody-here/holdfast.yaml", "x" * 300])
def test_a_name_that_no_config_file_can_have_is_none_that_exists(named, load, tmp_path):
    with pytest.raises(ConfigError, match=r"named by HOLDFAST_CONFIG.*does not exist"):
        load(HOLDFAST_CONFIG=named)
    with pytest.raises(ConfigError, match=r"given as an argument.*does not exist"):
        load_settings(config_file=Path(named), env={}, cwd=tmp_path)


@pytest.mark.parametrize("languages", ["eng+deu", '["eng", "deu"]'])
def test_a_list_may_be_given_to_a_variable_as_a_text(languages, load):
    found = load(HOLDFAST_OCR__LANGUAGES=languages)
    assert found.settings.ocr.languages == ("eng", "deu")
    assert found.origins["ocr.languages"] == "environment HOLDFAST_OCR__LANGUAGES"


@pytest.mark.parametrize(
    ("text", "complaint"), [("none", "valid tuple; given: 'none'"), ("[{", "is not valid JSON")]
)
def test_a_list_that_cannot_be_read_is_told_with_its_variable(text, complaint, load):
    with pytest.raises(ConfigError, match=f"HOLDFAST_GENERATION__PROVIDERS.*{complaint}"):
        load(HOLDFAST_GENERATION__PROVIDERS=text)


def test_home_is_in_the_project_if_the_file_names_it_else_in_the_working_folder(
    load, write_yaml, tmp_path
):
    file = write_yaml("home: data\n")
    assert load().settings.home == tmp_path / "data"
    elsewhere = tmp_path / "elsewhere"
    assert load_settings(file, {}, cwd=elsewhere).settings.home == tmp_path / "data"
    here = load_settings(file, {"HOLDFAST_HOME": "data"}, cwd=elsewhere)
    assert here.settings.home == elsewhere / "data"
    write_yaml("tenant: a\n")
    assert load_settings(file, {}, cwd=elsewhere).settings.home == elsewhere / ".holdfast"
    assert load(HOLDFAST_HOME=str(tmp_path / "abs")).settings.home == tmp_path / "abs"
    assert load(HOLDFAST_HOME="~/hf").settings.home == Path.home() / "hf"


def test_source_paths_start_at_the_project_of_the_file(tmp_path):
    text = "sources:\n  - {name: a, path: docs}\n  - {name: b, path: /srv/docs}\n"
    for folder, root in (("config", tmp_path), ("settings", tmp_path / "settings")):
        (tmp_path / folder).mkdir()
        file = tmp_path / folder / "holdfast.yaml"
        file.write_text(text)
        elsewhere = tmp_path / "elsewhere"
        paths = [s.path for s in load_settings(file, {}, cwd=elsewhere).settings.sources]
        assert paths == [root / "docs", Path("/srv/docs")]


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ('home: ""\n', "home"),
        ('sources:\n  - {name: a, path: ""}\n', "sources[0].path"),
        ('sources:\n  - {kind: table, name: a, path: ""}\n', "sources[0].path"),
    ],
)
def test_an_empty_path_is_not_the_whole_project(load, write_yaml, text, option):
    write_yaml(text)
    with pytest.raises(ConfigError, match=r"must not be empty; write \.") as refused:
        load()
    assert str(refused.value).startswith(f"{option} (from config/holdfast.yaml)")
    write_yaml(text.replace('""', "."))
    assert load().settings


PATHS = sorted(
    name
    for name, field in options().items()
    if Path in (field.annotation, *get_args(field.annotation))
)


def value_of(settings, option):
    for name in option.split("."):
        settings = getattr(settings, name)
    return settings


def test_the_same_file_by_another_way_has_the_same_project(load, write_yaml, tmp_path):
    write_yaml("sources:\n  - {name: a, path: docs}\n")
    below = tmp_path / "config" / "drafts"
    below.mkdir()
    for way in ("config/holdfast.yaml", "config/drafts/../holdfast.yaml"):
        (source,) = load(HOLDFAST_CONFIG=way).settings.sources
        assert source.path == tmp_path / "docs"
    loaded = load_settings(Path("../holdfast.yaml"), env={}, cwd=below)
    assert loaded.settings.sources[0].path == tmp_path / "docs"


@pytest.mark.parametrize("option", [*PATHS, "blobs.url", "orchestration.backup_to"])
def test_every_path_starts_where_what_names_it_stands(option, write_yaml, tmp_path):
    """As the paths of sources in the same file do, whatever folder a command runs in."""
    section, _, name = option.rpartition(".")
    file = write_yaml(f"{section}:\n  {name}: x/y\n" if section else f"{name}: x/y\n")
    elsewhere = tmp_path / "elsewhere"
    by_file = load_settings(file, {}, cwd=elsewhere).settings
    assert Path(value_of(by_file, option)) == tmp_path / "x/y"
    by_variable = load_settings(file, {variable_of(option): "x/y"}, cwd=elsewhere).settings
    assert Path(value_of(by_variable, option)) == elsewhere / "x/y"
    absolute = load_settings(file, {variable_of(option): "/srv/x"}, cwd=elsewhere).settings
    assert Path(value_of(absolute, option)) == Path("/srv/x")


def test_urls_are_no_paths_and_the_file_of_a_sqlite_ledger_is_one(write_yaml, tmp_path):
    elsewhere = tmp_path / "elsewhere"

    def ledger(url):
        file = write_yaml(f"ledger:\n  url: {url}\nblobs:\n  url: s3://bucket/x\n")
        settings = load_settings(file, {}, cwd=elsewhere).settings
        assert settings.blobs.url == "s3://bucket/x"
        return settings.ledger.url.get_secret_value()

    assert ledger("sqlite:///x.sqlite") == f"sqlite:///{tmp_path}/x.sqlite"
    for url in (
        "sqlite:////srv/x.sqlite",
        "sqlite://",
        '"sqlite:///:memory:"',
        "postgresql://db/x",
    ):
        assert ledger(url) == url.strip('"')


def test_source_paths_from_elsewhere_start_at_the_working_folder(load, write_yaml, tmp_path):
    write_yaml("sources:\n  - {name: a, path: docs}\n")
    loaded = load(HOLDFAST_SOURCES='[{"name": "b", "path": "more"}]')
    assert [(s.name, s.path) for s in loaded.settings.sources] == [("b", tmp_path / "more")]
    assert loaded.origins["sources"] == "environment HOLDFAST_SOURCES"
    ad_hoc = (LocalSource(name="c", path=Path("c")),)
    overridden = load_settings(env={}, overrides={"sources": ad_hoc}, cwd=tmp_path)
    assert overridden.settings.sources[0].path == tmp_path / "c"


@pytest.mark.parametrize("place", ["environment", ".env"])
def test_borrowed_names_count_when_ours_are_absent(place, tmp_path):
    borrowed = {
        "QDRANT_URL": "http://q:6333",
        "QDRANT_API_KEY": "k3y",
        "PREFECT_API_URL": "http://p:4200/api",
    }
    if place == ".env":
        lines = (f"{name}={value}\n" for name, value in borrowed.items())
        (tmp_path / ".env").write_text("".join(lines))
    loaded = load_settings(env=borrowed if place == "environment" else {}, cwd=tmp_path)
    assert loaded.settings.store.url == "http://q:6333"
    assert loaded.settings.store.kind is StoreKind.SERVER
    assert loaded.settings.store.api_key is not None
    assert loaded.settings.store.api_key.get_secret_value() == "k3y"
    assert loaded.settings.orchestration.api_url == "http://p:4200/api"
    expected = "environment QDRANT_URL" if place == "environment" else ".env"
    assert loaded.origins["store.url"] == expected


def test_our_name_wins_over_a_borrowed_one_even_from_below(load, tmp_path):
    (tmp_path / ".env").write_text("HOLDFAST_STORE__URL=http://ours\n")
    loaded = load(QDRANT_URL="http://theirs")
    assert loaded.settings.store.url == "http://ours"
    assert loaded.origins["store.url"] == ".env"


def test_borrowed_name_wins_over_the_file(load, write_yaml):
    write_yaml("store:\n  url: http://file\n  collection: kept\n")
    loaded = load(QDRANT_URL="http://theirs")
    assert (loaded.settings.store.url, loaded.settings.store.collection) == (
        "http://theirs",
        "kept",
    )


def test_empty_variables_count_as_not_set(load, write_yaml, tmp_path):
    write_yaml("tenant: file\n")
    (tmp_path / ".env").write_text("HOLDFAST_HOME=\nHOLDFAST_STORE__API_KEY=\n")
    loaded = load(HOLDFAST_TENANT="", QDRANT_URL="", PREFECT_API_URL="", HOLDFAST_CONFIG="")
    assert loaded.settings.tenant == "file"
    assert loaded.settings.store.url is None
    assert loaded.settings.orchestration.api_url is None


def test_foreign_variables_are_ignored(load, tmp_path):
    (tmp_path / ".env").write_text("POSTGRES_PASSWORD=x\nPREFECT_HOME=/p\nQDRANT__LOG_LEVEL=1\n")
    loaded = load(PREFECT_LOGGING_LEVEL="DEBUG", PATH="/bin")
    assert set(loaded.origins.values()) == {"default"}


def test_process_environment_is_read_by_default(monkeypatch, tmp_path):
    monkeypatch.setenv("HOLDFAST_TENANT", "mine")
    monkeypatch.chdir(tmp_path)
    loaded = load_settings()
    assert (loaded.settings.tenant, loaded.settings.home) == ("mine", tmp_path / ".holdfast")
    assert load_settings(env={}).settings.tenant == "default"


@pytest.mark.parametrize("written", ["off", "'off'", "false"])
def test_off_needs_no_quotes(load, write_yaml, written):
    write_yaml(f"ocr:\n  mode: {written}\n")
    assert load().settings.ocr.mode is OcrMode.OFF


def test_sections_without_options_are_fine(load, write_yaml):
    write_yaml("store:\n  # url: null\nsources:\nchunking:\n")
    assert load().settings.store == Settings().store


@given(st.integers(16, 8192), st.integers(0, 500), st.sampled_from(["lower", "upper"]))
def test_a_value_survives_any_place(tokens, minimum, case):
    assume(minimum <= tokens)
    names = {"chunking.max_tokens": tokens, "chunking.min_tokens": minimum}
    variables = {getattr(variable_of(n), case)(): str(v) for n, v in names.items()}
    cwd = Path("nowhere")
    by_variable = load_settings(env=variables, cwd=cwd).settings
    by_argument = load_settings(env={}, overrides=names, cwd=cwd).settings
    assert by_variable == by_argument
    assert by_variable.chunking.max_tokens == tokens
