"""Evidence that repeats better evidence of another document is marked and never dropped."""

from dataclasses import dataclass

import pytest

from config.settings import Duplicates
from query.decision import Evidence
from query.evidence.copies import mark_copies

LONG = "The guarantee of a Heron lasts for thirty months from the day on which it was delivered."
EDITED = LONG.replace("thirty", "twelve")


@dataclass(frozen=True)
class Passage:
    """As much of a passage as matters here."""

    chunk_id: str
    text: str


def marked(*texts: tuple[str, str], policy: Duplicates = Duplicates.MARK) -> list[bool]:
    evidence = [
        Evidence(str(at), document, f"{document}.md", 1, None, 0, 5, text[:5], 1.0, ("kept",))
        for at, (document, text) in enumerate(texts)
    ]
    passages = [Passage(str(at), text) for at, (_, text) in enumerate(texts)]
    done = mark_copies(evidence, passages, policy)
    assert [one.chunk_id for one in done] == [one.chunk_id for one in evidence]
    assert all(one.flags[0] == "kept" for one in done)
    return ["duplicate" in one.flags for one in done]


def test_the_second_of_two_copies_is_marked():
    assert marked(("a", LONG), ("b", "Something else is said here."), ("c", LONG)) == [
        False, False, True,
    ]  # fmt: skip


def test_what_one_document_says_twice_is_not_a_copy_of_another():
    assert marked(("a", LONG), ("a", LONG)) == [False, False]


def test_other_numbers_are_no_copy():
    assert marked(("a", LONG), ("b", EDITED)) == [False, False]


@pytest.mark.parametrize("texts", [(), (("a", ""), ("b", ""))])
def test_nothing_to_compare(texts):
    assert marked(*texts) == [False] * len(texts)


def test_the_policy_may_keep_everything_as_it_is():
    assert marked(("a", LONG), ("b", LONG), policy=Duplicates.KEEP) == [False, False]
