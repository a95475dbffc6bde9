"""What is in force is shown completely, and without secrets."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import ConfigError
from config.loading import describe
from config.origins import MASK, has_password, mask_url, options


def test_every_option_is_described_once(load):
    described = describe(load())
    assert [option.name for option in described] == list(options())
    assert "store.url" in options()
    assert len(described) > 50


def test_values_origins_and_masks(load, write_yaml):
    write_yaml("sources:\n  - {name: a, path: /docs}\nembedding:\n  offline: false\n")
    loaded = load(
        HOLDFAST_STORE__API_KEY="k3y",
        HOLDFAST_STORE__URL="https://reader:pw@q:6333",
        HOLDFAST_LEDGER__URL="postgresql+psycopg://holdfast:s3cret@db:5432/holdfast",
    )
    shown = {o.name: (o.value_text, o.origin) for o in describe(loaded)}
    assert shown["store.api_key"] == (MASK, "environment HOLDFAST_STORE__API_KEY")
    assert shown["store.url"][0] == f"https://reader:{MASK}@q:6333"
    assert shown["ledger.url"][0] == f"postgresql+psycopg://holdfast:{MASK}@db:5432/holdfast"
    assert shown["embedding.offline"] == ("false", "config/holdfast.yaml")
    assert shown["embedding.precision"] == ("auto", "default")
    assert shown["embedding.query_prefix"] == ('""', "default")
    assert shown["blobs.url"] == ("none", "default")
    assert '"name": "a"' in shown["sources"][0]


def test_secrets_among_the_options_of_a_source_are_masked(load):
    given = {"secret": "s3cret", "client_keys": None, "client_kwargs": {"api_key": "s3cret"}}
    source = {"name": "a", "kind": "fsspec", "url": "s3://b", "options": given}
    loaded = load(HOLDFAST_SOURCES=json.dumps([source]))
    shown = {o.name: o.value_text for o in describe(loaded)}["sources"]
    (masked,) = json.loads(shown)
    assert masked["options"] == {
        "secret": MASK,
        "client_keys": None,
        "client_kwargs": {"api_key": MASK},
    }
    assert loaded.settings.sources[0].options["secret"] == "s3cret"


@pytest.mark.parametrize(
    ("variable", "secret"),
    [
        ("HOLDFAST_SOURCE_SECRETS", '{"a": {"secret": "s3cret", "endpoint_url": "https://minio"}}'),
        ("HOLDFAST_GENERATION__API_KEYS", '{"a": "s3cret://"}'),
        ("HOLDFAST_SERVE__KEYS", '[{"name": "https://s3cret"}]'),
        ("HOLDFAST_STORE__API_KEY", "s3cret://"),
    ],
)
def test_a_secret_in_which_a_url_stands_is_masked_whole(load, variable, secret):
    shown = {o.value_text for o in describe(load(**{variable: secret}))}
    assert not any("s3cret" in text for text in shown)
    assert MASK in shown


def test_an_option_of_a_source_that_is_named_a_secret_is_masked(load):
    source = '{"kind": "fsspec", "name": "a", "url": "s3://b", "options": {"secret": "s3cret"}}'
    shown = {o.name: o.value_text for o in describe(load(HOLDFAST_SOURCES=f"[{source}]"))}
    assert "s3cret" not in shown["sources"]
    assert "s3://b" in shown["sources"]
    with pytest.raises(ConfigError, match="valid tuple") as wrong:
        load(HOLDFAST_SOURCES=source)
    assert "s3cret" not in str(wrong.value)
    assert "s3://b" in str(wrong.value)


def test_what_only_sounds_like_a_secret_elsewhere_is_shown(load):
    provider = '[{"name": "a", "url": "https://a", "model": "m", "context_tokens": 4096}]'
    described = describe(load(HOLDFAST_GENERATION__PROVIDERS=provider))
    shown = {option.name: option.value_text for option in described}
    assert '"context_tokens": 4096' in shown["generation.providers"]


def test_ledger_secret_that_is_no_url_is_masked_whole(load):
    shown = {o.name: o.value_text for o in describe(load(HOLDFAST_LEDGER__URL="s3cret"))}
    assert shown["ledger.url"] == MASK


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_no_password_survives_the_mask(password):
    url = f"postgresql://holdfast:<{password}>@db/holdfast"
    assert mask_url(url) == f"postgresql://holdfast:{MASK}@db/holdfast"
    assert has_password(url)


@pytest.mark.parametrize(
    "name",
    [
        "password", "sslpassword", "passwd", "pwd", "passphrase", "secret", "client_secret",
        "secret_key", "aws_secret_access_key", "access_key", "account-key", "api_key", "apikey",
        "token", "access_token", "credentials", "sig", "X-Amz-Signature",
    ],
)  # fmt: skip
def test_no_secret_survives_behind_the_question_mark(name):
    url = f"s3://bucket/day?region=eu&{name}=hunter2&ssl=true"
    assert mask_url(url) == f"s3://bucket/day?region=eu&{name}={MASK}&ssl=true"


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:6333",
        "s3://bucket/a:b",
        "sqlite:///a.db",
        "postgresql://u@h/d",
        "https://h/list?page_key=3&max_tokens=5&tokenizer=x&design=1",
    ],
)
def test_urls_without_a_password_stay_as_they_are(url):
    assert mask_url(url) == url
    assert not has_password(url)


def test_an_address_of_many_question_marks_is_masked_at_once():
    # As a page that is crawled may name it; each question mark was once compared to the end.
    url = "https://h/" + "?a" * 100_000 + "?token=hunter2"
    assert mask_url(url) == "https://h/" + "?a" * 100_000 + f"?token={MASK}"
    assert mask_url("://" * 100_000) == "://" * 100_000
