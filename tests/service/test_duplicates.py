"""Copies are told, exact and near, and the telling follows deletes, moves and rollbacks."""

import pytest

WORDS = " ".join(
    f"Step {n} of the calibration needs tool {n * 7} and part {n * 13}." for n in range(30)
)


def keys(groups):
    return [sorted(one["key"] for one in group["documents"]) for group in groups]


@pytest.fixture
def copies(empty_desk):
    """Two exact copies, an edited one, and something else."""
    empty_desk.write("a.md", f"{WORDS}\n")
    empty_desk.write("deep/b.md", f"{WORDS}\n")
    empty_desk.write("c.md", f"{WORDS} One more remark.\n")
    empty_desk.write("other.md", "The keys of the archive hang in room twelve.\n")
    assert empty_desk.ingest().code == 0
    return empty_desk


def groups(desk, *options):
    return desk.on_home("docs", "duplicates", "--json", *options).lines


def test_exact_and_near_copies_are_grouped_and_all_of_them_served(copies):
    (exact,) = groups(copies)
    assert (exact["likeness"], exact["resemblance"]) == ("exact", 1.0)
    assert keys([exact]) == [["a.md", "deep/b.md"]]
    again, near = groups(copies, "--near")
    assert again == exact
    assert near["likeness"] == "near"
    assert 0.8 <= near["resemblance"] < 1
    assert keys([near]) == [["a.md", "c.md", "deep/b.md"]]
    assert {chunk["key"] for chunk in copies.chunks()} >= {"a.md", "deep/b.md", "c.md"}
    assert "2 groups" in copies.on_home("docs", "duplicates", "--near").out


def test_a_deleted_copy_leaves_the_other_alone(copies):
    (copies.folder / "a.md").unlink()
    copies.ingest()
    assert groups(copies) == []
    assert keys(groups(copies, "--near")) == [["c.md", "deep/b.md"]]
    assert {c["key"] for c in copies.chunks()} == {"deep/b.md", "c.md", "other.md"}


def test_a_moved_copy_is_told_under_its_new_path(copies):
    (copies.folder / "a.md").rename(copies.folder / "moved.md")
    copies.ingest()
    assert keys(groups(copies)) == [["deep/b.md", "moved.md"]]


def test_a_changed_copy_is_none_any_more(copies):
    copies.write("a.md", "Something else altogether is written here now.\n")
    copies.ingest()
    assert groups(copies) == []


def test_nothing_indexed_has_no_copies(empty_desk):
    assert groups(empty_desk, "--near") == []
