"""A policy is read whole or refused with every problem named; its version is its content."""

from pathlib import Path

import pytest

from config.errors import ConfigError
from config.policy import Policy, Topic, TopicAction, at_least, load_policy, shipped_policy
from config.trust import Trust


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "policy.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_the_policy_that_ships_refuses_nothing():
    policy = load_policy()
    assert policy == Policy()
    assert policy.topics == ()
    assert policy.version.startswith("policy-")


def test_every_option_of_the_shipped_file_works_once_uncommented(written):
    lines = shipped_policy().read_text(encoding="utf-8").splitlines()
    body = "\n".join(line.removeprefix("# ") for line in lines[4:] if line.startswith("# "))
    policy = load_policy(written(body))
    assert [topic.name for topic in policy.topics] == ["legal-advice", "pay"]
    assert {name for name in Policy.model_fields if f"# {name}:" in "\n".join(lines)} == set(
        Policy.model_fields
    )
    assert {name for name in Topic.model_fields if f" {name}:" in "\n".join(lines)} == set(
        Topic.model_fields
    )


def test_comments_and_layout_do_not_change_the_version(written):
    one = load_policy(written("name: house\nmin_confidence: 0.7\n"))
    other = load_policy(written("# why\nmin_confidence: 0.70\n\nname: house\n"))
    assert one.version == other.version
    assert one.version.startswith("house-")


@pytest.mark.parametrize("change", ["min_confidence: 0.71", "languages: [en]", "name: other"])
def test_any_change_of_content_changes_the_version(written, change):
    assert load_policy(written(change + "\n")).version != load_policy().version


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("topics: [{name: a, patterns: ['(']}]", "no regular expression"),
        ("topics: [{name: a, patterns: ['a{99999999999}']}]", "no regular expression"),
        ("topics: [{name: a}]", "topic a needs patterns or examples"),
        ("topics: [{name: a, patterns: [x], action: restrict}]", "topic a restricts nothing"),
        ("topics: [{name: a, patterns: [x]}, {name: a, patterns: [y]}]", "two topics are named a"),
        ("min_confidence: 2", "min_confidence"),
        ("minimum_confidence: 0.5", "minimum_confidence"),
        ("quotas: [{requests: -1, seconds: 1}]", "quotas[0].requests"),
        ("topics: [{name: a, patterns: ['']}]", "1 to 500 characters"),
    ],
)
def test_what_no_policy_can_say_is_refused_with_its_place(written, text, said):
    with pytest.raises(ConfigError) as caught:
        load_policy(written(text))
    assert said in str(caught.value)
    assert "policy.yaml" in str(caught.value)


def test_all_problems_are_told_at_once(written):
    with pytest.raises(ConfigError) as caught:
        load_policy(written("min_confidence: 2\nnonsense: 1\n"))
    assert len(str(caught.value).splitlines()) == 2


def test_a_policy_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match="policy\\.file, or the FILE"):
        load_policy(tmp_path / "none.yaml")


def test_trusts_are_ordered():
    assert at_least(None) == frozenset()
    assert at_least(Trust.HIGH) == {"high"}
    assert at_least(Trust.MEDIUM) == {"medium", "high"}
    assert at_least(Trust.LOW) == {"low", "medium", "high"}


def test_a_topic_refuses_unless_it_says_otherwise():
    assert Topic(name="a", patterns=("x",)).action is TopicAction.REFUSE


@pytest.mark.parametrize("age", [".inf", "1.0e+12"])
def test_an_age_that_no_date_can_be_counted_back_by_is_refused(written, age):
    """Every question would end as `internal_error`."""
    with pytest.raises(ConfigError, match="max_age_days: Input should be"):
        load_policy(written(f"max_age_days: {age}\n"))
    assert load_policy(written("max_age_days: 36500\n")).max_age_days == 36_500


def test_nor_may_a_quota_count_further_back(written):
    with pytest.raises(ConfigError, match=r"quotas\[0\].seconds: Input should be"):
        load_policy(written("quotas: [{requests: 9, seconds: 1.0e+12}]\n"))
    (year,) = load_policy(written("quotas: [{requests: 9, seconds: 31536000}]\n")).quotas
    assert year.seconds == 31_536_000
