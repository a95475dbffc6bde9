"""Keys are made once, kept as hashes, compared whole, limited and expiring."""

import json
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from config.errors import ConfigError
from config.querying import ServeSettings
from service.keys import ApiKey, Gatekeeper, KeyScope, hashed, make_key, read_keys

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def test_a_new_key_is_admitted_by_what_is_configured_of_it():
    shown, entry = make_key("bot", "acme", ("staff",), ())
    line = entry.model_dump_json(exclude_defaults=True)
    assert shown not in line
    keys = read_keys(ServeSettings(keys=SecretStr(f"[{line}]")))
    assert Gatekeeper(keys).admit(shown) == entry
    assert (entry.tenant, entry.groups, entry.scopes) == ("acme", ("staff",), (KeyScope.READ,))


def test_a_key_can_be_told_as_one_and_cannot_be_guessed():
    """Its plain SHA-256 is kept, which hides nothing that has few values."""
    shown = {make_key("bot", "acme", (), ())[0] for _ in range(20)}
    assert len(shown) == 20
    assert all(key.startswith("hf_") and len(key) >= 3 + 256 / 6 for key in shown)


@pytest.mark.parametrize("shown", ["", "hf_", "hf_wrong", "x" * 10_000, "\ud800", "é"])
def test_any_other_key_is_not(shown):
    _, entry = make_key("bot", "acme", (), ())
    keeper = Gatekeeper([entry])
    assert keeper.admit(shown) is None
    assert keeper.admit(entry.sha256) is None


def test_two_keys_of_one_name_let_a_key_be_changed_without_a_gap():
    old, first = make_key("bot", "acme", (), ())
    new, second = make_key("bot", "acme", (), ())
    keeper = Gatekeeper([first, second])
    assert keeper.admit(old) == first
    assert keeper.admit(new) == second
    assert Gatekeeper([second]).admit(old) is None


@pytest.mark.parametrize(
    ("expires", "counts"),
    [
        ("2026-11-26T00:00:00Z", True),
        ("2026-11-25T00:00:01Z", True),
        ("2026-11-25T00:00:00Z", False),
        ("2026-11-24T00:00:00Z", False),
        ("2026-11-24", False),
        ("2026-11-25T01:30:00+02:00", False),
        ("2026-11-24T23:30:00-02:00", True),
    ],
)
def test_a_key_expires(expires, counts):
    entry = ApiKey(name="a", sha256=hashed("k"), tenant="t", expires=expires)
    assert (Gatekeeper([entry], now=lambda: NOW).admit("k") is not None) is counts


def test_a_key_is_limited_by_the_minute():
    time = [0.0]
    entry = ApiKey(name="a", sha256=hashed("k"), tenant="t", requests_per_minute=2)
    keeper = Gatekeeper([entry], clock=lambda: time[0])
    assert [keeper.wait_for(entry) for _ in range(3)] == [0.0, 0.0, 60.0]
    time[0] = 59.0
    assert keeper.wait_for(entry) == 1.0
    time[0] = 60.0
    assert [keeper.wait_for(entry) for _ in range(3)] == [0.0, 0.0, 60.0]


def test_who_is_turned_away_does_not_wait_longer_for_having_asked():
    time = [0.0]
    entry = ApiKey(name="a", sha256=hashed("k"), tenant="t", requests_per_minute=1)
    keeper = Gatekeeper([entry], clock=lambda: time[0])
    assert keeper.wait_for(entry) == 0.0
    for time[0] in range(1, 60):
        assert keeper.wait_for(entry) == 60.0 - time[0]
    time[0] = 60.0
    assert keeper.wait_for(entry) == 0.0


def test_each_key_is_counted_alone_whatever_it_is_called():
    keys = [
        ApiKey(name="bot", sha256=hashed(shown), tenant="t", requests_per_minute=1)
        for shown in ("old", "new")
    ]
    keeper = Gatekeeper(keys, clock=lambda: 0.0)
    assert [keeper.wait_for(key) for key in keys] == [0.0, 0.0]
    assert [keeper.wait_for(key) for key in keys] == [60.0, 60.0]


def test_a_key_without_a_limit_is_let_in_any_number_of_times():
    entry = ApiKey(name="a", sha256=hashed("k"), tenant="t")
    keeper = Gatekeeper([entry], clock=lambda: 0.0)
    assert {keeper.wait_for(entry) for _ in range(1000)} == {0.0}


@pytest.mark.parametrize(
    "text", ["s3cret", "{}", "[]", '["s3cret"]', '[{"name": "s3cret"}]', '{"a": "s3cret"}', "7"]
)
def test_what_is_no_list_of_keys_is_refused_without_showing_it(text):
    with pytest.raises(ConfigError, match="HOLDFAST_SERVE__KEYS is not a JSON list") as caught:
        read_keys(ServeSettings(keys=SecretStr(text)))
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"tenant": ""}, "key 2, tenant: string should have at least 1 character."),
        ({"tenant": None}, "key 2, tenant: should be a valid string."),
        ({"expires": "s3cret"}, "key 2, expires: should be a valid datetime"),
        ({"scopes": ["s3cret"]}, "key 2, scopes: should be 'read' or 'admin'."),
        ({"s3cret": 1}, "key 2 should be an object that has only name, sha256, tenant, groups,"),
    ],
)
def test_it_is_told_which_key_is_wrong_and_where(entry, said):
    right = {"name": "a", "sha256": hashed("k"), "tenant": "acme"}
    wrong = {"name": "b", "sha256": hashed("l"), "tenant": "acme"} | entry
    with pytest.raises(ConfigError) as caught:
        read_keys(ServeSettings(keys=SecretStr(json.dumps([right, wrong]))))
    assert said in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_the_first_of_several_wrong_keys_is_told():
    entries = [{"name": name, "sha256": hashed(name), "tenant": ""} for name in ("a", "b")]
    with pytest.raises(ConfigError, match="key 1, tenant"):
        read_keys(ServeSettings(keys=SecretStr(json.dumps(entries))))


def test_one_key_cannot_be_of_two_tenants():
    entries = [{"name": "a", "sha256": hashed("k"), "tenant": t} for t in ("acme", "bell")]
    with pytest.raises(ConfigError, match="has the same sha256 twice, of 'a' and 'a'") as caught:
        read_keys(ServeSettings(keys=SecretStr(json.dumps(entries))))
    assert hashed("k") not in str(caught.value)
    entries[1]["sha256"] = hashed("another")
    assert len(read_keys(ServeSettings(keys=SecretStr(json.dumps(entries))))) == 2


def test_without_keys_nobody_is_let_in():
    with pytest.raises(ConfigError, match="holdfast key NAME"):
        read_keys(ServeSettings())


def test_the_command_shows_a_key_once_and_what_to_configure(empty_desk):
    made = empty_desk.on_home("key", "bot", "--tenant", "acme", "--group", "staff", "--json").json
    assert made["entry"]["sha256"] == hashed(made["key"])
    assert made["entry"]["groups"] == ["staff"]
    keys = read_keys(ServeSettings(keys=SecretStr(json.dumps([made["entry"]]))))
    assert Gatekeeper(keys).admit(made["key"]).tenant == "acme"
    assert empty_desk.on_home("key", "no name!").code == 2
    # As of `--tenant "$TENANT"` with nothing in it: no key to whatever tenant the settings name.
    assert empty_desk.on_home("key", "bot", "--tenant", "").code == 2
    assert empty_desk.on_home("serve").code == 2
    assert empty_desk.on_home("serve", "--listen", "here").code == 2
