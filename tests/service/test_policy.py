"""`holdfast policy`: reading one, trying one on the log, and being under one."""

import pytest

TEXT = r"""
name: house
topics:
  - {name: keys, patterns: ['\bkeys?\b'], message: Ask the porter.}
"""
KEYS = "In which room do the keys of the archive hang?"


@pytest.fixture
def policy(tmp_path):
    path = tmp_path / "policy.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_the_policy_in_force_is_the_one_that_ships(desk):
    found = desk.on_home("policy", "check", "--json").json
    assert found["version"].startswith("policy-")
    assert found["policy"]["topics"] == []


def test_a_policy_is_read_and_named(desk, policy):
    found = desk.on_home("policy", "check", policy, "--json").json
    assert found["version"].startswith("house-")
    assert "keys" in desk.on_home("policy", "check", policy).out


def test_a_policy_that_is_wrong_is_a_usage_error(desk, policy):
    policy.write_text("topics: [{name: a}]", encoding="utf-8")
    ended = desk.on_home("policy", "check", policy)
    assert ended.code == 2
    assert "needs patterns or examples" in ended.complaint


def test_a_dry_run_shows_what_would_change_and_changes_nothing(desk, policy):
    before = desk.on_home("ask", KEYS, "--json").json
    desk.on_home("ask", "When does the night shift begin?", "--json")
    found = desk.on_home("policy", "dry-run", policy, "--json").json
    assert found["requests"] == 2
    assert found["changes"]["refused"] == 1
    (changed,) = found["changed"]
    assert changed["request_id"] == before["request_id"]
    assert changed["topics"] == ["keys"]
    assert "refused" in desk.on_home("policy", "dry-run", policy).out
    assert desk.on_home("policy", "dry-run", policy, "--limit", "1", "--json").json["requests"] == 1


def test_a_home_under_a_policy_refuses_and_can_be_replayed(desk, policy, monkeypatch):
    monkeypatch.setenv("HOLDFAST_POLICY__FILE", str(policy))
    told = desk.on_home("ask", KEYS, "--json").json
    assert told["verdict"] == "refused_by_policy"
    assert told["suggested_action"] == "refuse"
    assert told["reasons"] == [{"code": "policy_topic", "detail": "Ask the porter."}]
    assert "/house-" in told["policy_version"]
    assert "Ask the porter." in desk.on_home("ask", KEYS).out
    monkeypatch.delenv("HOLDFAST_POLICY__FILE")  # a replay goes by the policy of then
    assert desk.on_home("replay", told["request_id"], "--json").json["identical"]


def test_a_restricted_document_is_seen_by_its_group(empty_desk, monkeypatch):
    import json

    sources = [{"name": "docs", "path": str(empty_desk.folder), "acl": ["porters"]}]
    monkeypatch.setenv("HOLDFAST_SOURCES", json.dumps(sources))
    empty_desk.write("keys.txt", "The keys of the archive hang in room twelve.\n")
    assert empty_desk.on_home("ingest", "--json").code == 0
    stranger = empty_desk.on_home("ask", KEYS, "--json").json
    assert stranger["evidence"] == []
    member = empty_desk.on_home("ask", KEYS, "--group", "porters", "--json").json
    assert [item["key"] for item in member["evidence"]] == ["keys.txt"]
    again = empty_desk.on_home("replay", member["request_id"], "--json").json
    assert again["identical"]
    assert again["searched_alike"]
    claim = "The keys of the archive hang in room twelve."
    for options, verdict in (((), "unsupported"), (("--group", "porters"), "supported")):
        request = ("--request", member["request_id"], *options)
        checked = empty_desk.on_home("check", claim, *request, "--json").json
        assert checked["claims"][0]["verdict"] == verdict


def test_quotas_count_the_log_and_need_one(desk, policy, monkeypatch):
    policy.write_text("quotas: [{requests: 2, seconds: 3600}]", encoding="utf-8")
    monkeypatch.setenv("HOLDFAST_POLICY__FILE", str(policy))
    told = [desk.on_home("ask", KEYS, "--json").json for _ in range(4)]
    assert [t["verdict"] == "refused_by_policy" for t in told] == [False, False, True, True]
    assert told[2]["suggested_action"] == "retry_later"
    assert told[2]["reasons"][0]["code"] == "policy_quota"
    monkeypatch.setenv("HOLDFAST_AUDIT__ENABLED", "false")
    ended = desk.on_home("ask", KEYS)
    assert ended.code == 2
    assert "audit.enabled" in ended.complaint
