"""A wrong setting is named, with its place and the nearest right one; a secret is never shown."""

import contextlib
import sqlite3
import subprocess
import sys

import pytest

from config.errors import ConfigError, is_transient
from config.loading import load_settings
from config.secrets import secrets_of

SECRET = "hunter2-do-not-show"


def refusal(load, **variables) -> str:
    with pytest.raises(ConfigError) as caught:
        load(**variables)
    assert not is_transient(caught.value)
    assert caught.value.__context__ is None  # a chained error would print the values
    return str(caught.value)


def test_unknown_variable_names_the_nearest(load):
    assert refusal(load, HOLDFAST_CHUNKING__MAX_TOKEN="3") == (
        "HOLDFAST_CHUNKING__MAX_TOKEN is not an option; did you mean HOLDFAST_CHUNKING__MAX_TOKENS?"
    )


def test_options_that_do_not_go_together_are_found_where_they_stand(load, write_yaml):
    write_yaml("chunking:\n  min_tokens: 300\n")
    assert refusal(load) == (
        "chunking (from config/holdfast.yaml): min_tokens must not be larger than max_tokens; "
        'given: {"min_tokens": 300}'
    )
    assert "(from config/holdfast.yaml, environment HOLDFAST_CHUNKING__MAX_TOKENS)" in refusal(
        load, HOLDFAST_CHUNKING__MAX_TOKENS="100"
    )


@pytest.mark.parametrize(
    ("variable", "near"),
    [
        ("HOLDFAST_CHUNKNG__MAX_TOKENS", "HOLDFAST_CHUNKING__MAX_TOKENS"),
        ("HOLDFAST_STORE_URL", "HOLDFAST_STORE__URL"),
        ("HOLDFAST_HOMES", "HOLDFAST_HOME"),
        ("holdfast_tenent", "HOLDFAST_TENANT"),
    ],
)
def test_misspelt_variables_are_caught_in_both_places(variable, near, load, tmp_path):
    assert f"{variable} is not an option; did you mean {near}?" in refusal(load, **{variable: "1"})
    (tmp_path / ".env").write_text(f"{variable}=1\n")
    assert f"{variable} (in .env) is not an option; did you mean {near}?" in refusal(load)


def test_variable_like_nothing_points_to_the_list(load):
    assert "config/holdfast.yaml lists all options" in refusal(load, HOLDFAST_ZZZZZZ="1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "chunking:\n  max_token: 3\n",
            "chunking.max_token (from config/holdfast.yaml) is not an "
            "option; did you mean chunking.max_tokens?",
        ),
        ("chunkin:\n  max_tokens: 3\n", "chunkin (from config/holdfast.yaml) is not an option"),
        ("max_tokens: 3\n", "did you mean chunking.max_tokens?"),
        (
            "sources:\n  - {name: a, pth: x}\n",
            "sources[0].pth (from config/holdfast.yaml) is not "
            "an option; did you mean sources[0].path?",
        ),
        ("sources:\n  - {name: a}\n", "sources[0].path (from config/holdfast.yaml) is missing"),
        (
            "sources:\n  - {name: a, kind: web, start: [https://e.org], max_page: 3}\n",
            "sources[0].max_page (from config/holdfast.yaml) is not an option; did you mean "
            "sources[0].max_pages?",
        ),
        (
            "sources:\n  - {name: a, kind: wep}\n",
            "sources[0].kind (from config/holdfast.yaml): 'wep' is no kind of source; did you mean "
            "web?",
        ),
        (
            "sources:\n  - {name: a, kind: 7}\n",
            "'7' is no kind of source; there are: local, fsspec, web, git, table, push.",
        ),
        ("sources:\n  - {name: a, kind: git}\n", "sources[0].url (from config/holdfast.yaml) is"),
        ("sources:\n  - {name: a, kind: web}\n", "give `start` pages or `sitemaps`"),
        (
            "sources:\n  - {name: a, kind: fsspec, url: 'http://e.org/'}\n",
            "for http:// use a source of kind web",
        ),
        (
            "sources:\n  - {name: a, kind: git, url: 'ext::sh -c x', ref: --upload-pack=x}\n",
            "sources[0].ref (from config/holdfast.yaml)",
        ),
        ("sources:\n  - {name: a, kind: push, trust: huge}\n", "'high', 'medium' or 'low'"),
        ("sources:\n  - {name: a, kind: push, acl: ['']}\n", "every group needs a name"),
        ("3: x\n", "3 (from config/holdfast.yaml) is not an option"),
    ],
)
def test_unknown_and_missing_keys_of_the_file(text, message, load, write_yaml):
    write_yaml(text)
    assert message in refusal(load)


def test_wrong_value_says_what_where_expected_and_given(load, write_yaml):
    assert refusal(load, HOLDFAST_CHUNKING__MAX_TOKENS="many") == (
        "chunking.max_tokens (from environment HOLDFAST_CHUNKING__MAX_TOKENS): should be a valid "
        "integer, unable to parse string as an integer; given: 'many'"
    )
    write_yaml("embedding:\n  precision: fp8\n")
    message = refusal(load)
    assert message.startswith("embedding.precision (from config/holdfast.yaml): should be 'auto'")
    assert message.endswith("given: 'fp8'")


def test_all_problems_are_reported_at_once(load, write_yaml):
    write_yaml("chunking:\n  max_tokens: 1\n  min_token: 2\nguards: 7\n")
    lines = refusal(load, HOLDFAST_TENENT="x", HOLDFAST_SOURCES="[").splitlines()
    assert lines[0] == "5 settings are wrong:"
    assert sorted(line.split(" ")[0] for line in lines[1:]) == [
        "HOLDFAST_SOURCES",
        "HOLDFAST_TENENT",
        "chunking.max_tokens",
        "chunking.min_token",
        "guards",
    ]


def test_wrong_override_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"store\.upsert_batch \(from argument\)"):
        load_settings(env={}, overrides={"store.upsert_batch": 0}, cwd=tmp_path)
    with pytest.raises(ConfigError, match=r"did you mean store\.upsert_batch\?"):
        load_settings(env={}, overrides={"store.upsert_bach": 5}, cwd=tmp_path)


def test_two_sources_of_one_name_are_refused(load, write_yaml):
    write_yaml("sources:\n  - {name: a, path: x}\n  - {name: a, path: y}\n")
    assert refusal(load) == "Two sources are named a; give each source its own name."


@pytest.mark.parametrize(
    "text",
    [
        f"store:\n  api_key: {SECRET}\n",
        f"ledger:\n  url: postgresql://holdfast:{SECRET}@db/holdfast\n",
        f"ledger:\n  url: postgresql://holdfast:a/b@{SECRET}@db/holdfast\n",
        f"ledger:\n  url: postgresql://db/holdfast?user=h&password={SECRET}\n",
        f"store:\n  url: https://user:{SECRET}@qdrant:6333\n",
        f"blobs:\n  url: s3://key:{SECRET}@bucket\n",
    ],
)
def test_secrets_in_the_file_are_refused_and_not_shown(text, load, write_yaml):
    write_yaml(text)
    message = refusal(load)
    option = "store.api_key" if "api_key" in text else f"{text.split(':')[0]}.url"
    assert f"{option} in config/holdfast.yaml holds a secret" in message
    assert f"as HOLDFAST_{option.replace('.', '__').upper()}." in message
    assert SECRET not in message


@pytest.mark.parametrize(
    ("source", "place"),
    [
        (f"{{kind: fsspec, url: 's3://key:{SECRET}@bucket'}}", "sources[0].url"),
        (f"{{kind: fsspec, url: 's3://b', options: {{secret: {SECRET}}}}}", "options.secret"),
        (f"{{kind: fsspec, url: 's3://b', options: {{key: {SECRET}}}}}", "options.key"),
        (
            f"{{kind: fsspec, url: 's3://b', options: {{client_kwargs: {{password: {SECRET}}}}}}}",
            "options.client_kwargs.password",
        ),
        (
            f"{{kind: fsspec, url: 's3://b', options: {{client_kwargs: {{p: 'x://u:{SECRET}@h'}}}}}}",
            "options.client_kwargs.p",
        ),
        (
            f"{{kind: fsspec, url: 's3://b', options: {{client_kwargs: {{api_key: {SECRET}}}}}}}",
            "options.client_kwargs.api_key",
        ),
        (f"{{kind: web, start: ['https://u:{SECRET}@example.org/']}}", "sources[0].start[0]"),
    ],
)
def test_secrets_of_sources_in_the_file_are_refused_and_not_shown(source, place, load, write_yaml):
    write_yaml(f"sources:\n  - {source.replace('{kind', '{name: a, kind', 1)}\n")
    message = refusal(load)
    assert place in message
    assert "as HOLDFAST_SOURCE_SECRETS." in message
    assert SECRET not in message


def test_an_option_without_a_value_holds_no_secret(load, write_yaml):
    options = "{client_keys: null, password: null, known_hosts: null}"
    write_yaml(f"sources:\n  - {{name: a, kind: fsspec, url: 'sftp://h/x', options: {options}}}\n")
    assert load().settings.sources[0].options["client_keys"] is None


@pytest.mark.parametrize(
    "given",
    [
        f'{{"name": "a", "kind": "fsspec", "url": "s3://b", "options": {{"key": "{SECRET}"}}}}',
        f'[{{"name": "a", "kind": "fsspec", "url": "s3://b", "options": [{{"key": "{SECRET}"}}]}}]',
        f'[{{"name": "a", "kind": "git", "url": {{"options": {{"key": "{SECRET}"}}}}}}]',
    ],
)
def test_options_given_in_a_wrong_place_show_no_secret(given, load):
    with pytest.raises(ConfigError, match="HOLDFAST_SOURCES") as caught:
        load(HOLDFAST_SOURCES=given)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("url", [f"https://me:{SECRET}@llm/v1", f"https://llm/v1?api_key={SECRET}"])
def test_a_secret_in_the_url_of_a_provider_is_refused_and_not_shown(url, load, write_yaml):
    write_yaml(f"generation:\n  providers: [{{name: a, model: m, url: '{url}'}}]\n")
    with pytest.raises(ConfigError) as caught:
        load()
    message = str(caught.value)
    assert "generation.providers[0].url in config/holdfast.yaml holds a secret" in message
    assert "HOLDFAST_GENERATION__PROVIDERS" in message
    assert SECRET not in message


def test_secrets_of_sources_come_from_the_environment(load, write_yaml):
    write_yaml("sources:\n  - {name: a, kind: fsspec, url: 's3://bucket'}\n")
    loaded = load(HOLDFAST_SOURCE_SECRETS='{"a": {"key": "k", "secret": "s"}}')
    assert secrets_of(loaded.settings, "a") == {"key": "k", "secret": "s"}
    assert secrets_of(loaded.settings, "b") == {}


@pytest.mark.parametrize("text", [SECRET, f'["{SECRET}"]', f'{{"a": "{SECRET}"}}'])
def test_secrets_of_sources_that_cannot_be_read_are_not_shown(text, load):
    with pytest.raises(ConfigError, match="HOLDFAST_SOURCE_SECRETS is not JSON") as caught:
        secrets_of(load(HOLDFAST_SOURCE_SECRETS=text).settings, "a")
    assert SECRET not in str(caught.value)
    assert caught.value.__context__ is None


def test_ledger_url_without_a_password_may_stand_in_the_file(load, write_yaml):
    write_yaml("ledger:\n  url: postgresql+psycopg://holdfast@db:5432/holdfast\n")
    url = load().settings.ledger.url
    assert url is not None
    assert url.get_secret_value() == "postgresql+psycopg://holdfast@db:5432/holdfast"


@pytest.mark.parametrize(
    "variables",
    [
        {"HOLDFAST_STORE": f'{{"api_key": ["{SECRET}"]}}'},
        {"HOLDFAST_STORE": f'["{SECRET}"]'},
        {"HOLDFAST_LEDGER": f'"{SECRET}"'},
        {"HOLDFAST_LEDGER": SECRET},
        {"HOLDFAST_STORE__API_KEYS": SECRET},
        {"HOLDFAST_STORE__API_KEY": SECRET, "HOLDFAST_STORE__UPSERT_BATCH": "0"},
        {"HOLDFAST_STORE": f'{{"api_keys": "{SECRET}"}}'},
    ],
)
def test_no_message_shows_a_secret(variables, load):
    message = refusal(load, **variables)
    assert SECRET not in message
    assert "store" in message.lower() or "ledger" in message.lower()


@pytest.mark.parametrize("value", [".inf", "1.0e+12"])
@pytest.mark.parametrize(
    "option",
    [
        "retention.history_days", "promotion.soak_hours", "promotion.wait_seconds",
        "guards.lease_seconds", "audit.keep_days", "ledger.busy_timeout_seconds",
        "deadlines.encoder_seconds", "deadlines.judge_seconds", "store.timeout_seconds",
        "ingestion.parse_timeout_seconds", "generation.deadline_seconds",
        "generation.longest_wait_seconds", "serve.longest_wait_seconds",
        "ocr.page_timeout_seconds",
    ],
)  # fmt: skip
def test_a_time_that_no_clock_can_count_is_refused_before_it_ends_a_command(
    option, value, load, write_yaml
):
    section, name = option.split(".")
    write_yaml(f"{section}:\n  {name}: {value}\n")
    message = refusal(load)
    assert message.startswith(f"{option} (from config/holdfast.yaml): should be ")


@pytest.mark.parametrize(
    "listed",
    [
        "sources:\n"
        "  - {name: a, kind: web, start: ['https://a.example'], timeout_seconds: 1.0e+12}\n",
        "sources:\n"
        "  - {name: a, kind: git, url: 'https://a.example/b', timeout_seconds: 1.0e+12}\n",
        "generation:\n  providers:\n"
        "    - {name: a, url: 'https://a.example', model: m, timeout_seconds: 1.0e+12}\n",
    ],
)
def test_nor_in_a_list(listed, load, write_yaml):
    write_yaml(listed)
    message = refusal(load)
    assert "timeout_seconds" in message
    assert "should be less than or equal to 1728000" in message


def test_the_longest_limit_of_time_is_one_that_all_clocks_can_count(load):
    longest = load(HOLDFAST_LEDGER__BUSY_TIMEOUT_SECONDS="1728000").settings.ledger
    with contextlib.closing(
        sqlite3.connect(":memory:", timeout=longest.busy_timeout_seconds)
    ) as database:
        (waits,) = database.execute("PRAGMA busy_timeout").fetchone()
    assert waits == 1000 * longest.busy_timeout_seconds
    done = subprocess.run(
        [sys.executable, "-c", "print(input())"],
        input=b"it waits", capture_output=True, timeout=longest.busy_timeout_seconds, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == b"it waits"
    refused = refusal(load, HOLDFAST_LEDGER__BUSY_TIMEOUT_SECONDS="2147484")
    assert "less than or equal to 1728000" in refused


@pytest.mark.parametrize(
    ("option", "value"),
    [("parse_memory_mb", "1" * 14), ("max_document_mb", "1.0e+15"), ("max_parts", "1" * 20)],
)
def test_a_size_that_no_parser_can_be_told_is_refused(option, value, load, write_yaml):
    """Every document was refused as `parser_crashed`, or the run ended with a traceback."""
    write_yaml(f"ingestion:\n  {option}: {value}\n")
    message = refusal(load)
    assert message.startswith(f"ingestion.{option} (from config/holdfast.yaml): should be less")


def test_infinity_is_no_size_either(load, write_yaml):
    write_yaml("ingestion:\n  max_document_mb: .inf\n")
    assert "max_document_mb (from config/holdfast.yaml): should be a finite" in refusal(load)


@pytest.mark.parametrize("option", ["retention.history_days", "audit.keep_days"])
def test_for_ever_is_a_hundred_years(option, load, write_yaml):
    section, name = option.split(".")
    write_yaml(f"{section}:\n  {name}: 36500\n")
    assert getattr(getattr(load().settings, section), name) == 36_500


@pytest.mark.parametrize(
    ("variable", "longest"),
    [("HOLDFAST_TENANT", 200), ("HOLDFAST_STORE__COLLECTION", 72), ("HOLDFAST_SOURCES", 200)],
)
def test_a_name_that_no_ledger_takes_is_refused_with_its_option(variable, longest, load):
    """SQLite took it, and PostgreSQL ended the first ingest without saying which one it meant."""

    def given(length):
        name = "a" * length
        return f'[{{"name": "{name}", "path": "x"}}]' if variable.endswith("SOURCES") else name

    load(**{variable: given(longest)})
    assert f"at most {longest} characters" in refusal(load, **{variable: given(longest + 1)})
