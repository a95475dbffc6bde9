"""kill -9 at every boundary of the commit protocol, and one rerun: as if nothing had happened."""

import os
import random
import signal
import time
from typing import Any

import pytest

BOUNDARIES = [
    "stage:2",
    "before_set_valid_to:2",
    "closed:5",
    "commit:2",
]


def kill_at(home: Any, event: str) -> None:
    """Run an ingest that kills itself there."""
    status, _, err = home.ingest("--at", event)
    assert status == -signal.SIGKILL, f"{event} never came: {err}"


def assert_recovered(home: Any, wanted: Any) -> None:
    """One rerun ends like an undisturbed run, with nothing left over."""
    status, _, err = home.ingest()
    assert status == 0, err
    audit = home.audit()
    assert audit.chunks == wanted.after
    assert audit.faults == (0, 0, 0)
    assert audit.leftovers == (0, 0)
    assert home.run_states()["Running"] == 0, "the killed run is over too"


def assert_nothing_torn(home: Any, wanted: Any) -> Any:
    """What readers see meanwhile: of every document the state before or the state after."""
    audit = home.audit()
    assert audit.faults == (0, 0, 0)
    before, after = by_key(wanted.before), by_key(wanted.after)
    for key, texts in audit.texts.items():
        assert texts in (before.get(key), after.get(key)), key
    assert set(audit.texts) >= set(before) & set(after), "a document vanished"
    return audit


def by_key(chunks: Any) -> dict[str, list[str]]:
    """Texts per key, in order."""
    found: dict[str, list[str]] = {}
    for key, _, _, text in chunks:
        found.setdefault(key, []).append(text)
    return found


@pytest.mark.parametrize("event", BOUNDARIES)
def test_a_kill_at_a_boundary_costs_one_rerun(disturbed: Any, undisturbed: Any, event: str) -> None:
    kill_at(disturbed, event)
    assert_nothing_torn(disturbed, undisturbed)
    assert_recovered(disturbed, undisturbed)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_kill_at_a_random_moment_costs_one_rerun(
    disturbed: Any, undisturbed: Any, seed: int
) -> None:
    child = disturbed.start()
    assert child.stdout.readline() == "started\n"
    time.sleep(random.Random(seed).uniform(0, 0.8 * undisturbed.seconds))
    child.kill()
    child.communicate()
    assert_nothing_torn(disturbed, undisturbed)
    assert_recovered(disturbed, undisturbed)


def test_kills_during_the_reruns_cost_no_more(disturbed: Any, undisturbed: Any) -> None:
    """The recovery is interrupted too: while deleting leftovers, while reopening, while writing."""
    kill_at(disturbed, "closed:2")
    left = assert_nothing_torn(disturbed, undisturbed)
    assert left.staged > 4, "more than one store call has to be cleared"
    assert left.closed > 0
    kill_at(disturbed, "delete:1")
    kill_at(disturbed, "set_valid_to:1")
    kill_at(disturbed, "verify:1")
    assert_nothing_torn(disturbed, undisturbed)
    assert_recovered(disturbed, undisturbed)


def test_a_rerun_that_begins_with_a_batch_of_no_points_clears_all_the_same(
    disturbed: Any, undisturbed: Any
) -> None:
    """A file that was only touched is settled first, and moves no epoch."""
    kill_at(disturbed, "closed:4")
    path = disturbed.folder / "part2/doc11.txt"
    os.utime(path, ns=(1, 1))
    assert_recovered(disturbed, undisturbed)


def test_a_closing_of_a_killed_deletion_is_not_committed_by_other_changes(
    disturbed: Any, undisturbed: Any
) -> None:
    """The deleted files are back before the rerun, so nothing closes their points any more."""
    kill_at(disturbed, "closed:5")
    disturbed.write("part0/doc9.txt", "d9 says 0", "d9 says 1", "d9 says 2")
    disturbed.write("part1/doc10.txt", *(f"d10 says {part}" for part in range(4)))
    disturbed.write("late.txt", "one more")
    assert disturbed.ingest()[0] == 0
    audit = disturbed.audit()
    assert (audit.faults, audit.leftovers) == ((0, 0, 0), (0, 0))
    wanted = by_key(undisturbed.before)
    for key in ("part0/doc9.txt", "part1/doc10.txt"):
        assert audit.texts[key] == wanted[key]


def test_a_first_ingest_that_was_killed_is_only_late(make_home: Any) -> None:
    home = make_home("killed")
    wanted = {f"{number}.txt": [f"{number} one", f"{number} two"] for number in range(7)}
    for key, texts in wanted.items():
        home.write(key, *texts)
    kill_at(home, "closed:2")
    assert home.audit().faults == (0, 0, 0)
    assert home.ingest()[0] == 0
    audit = home.audit()
    assert (audit.texts, audit.faults, audit.leftovers) == (wanted, (0, 0, 0), (0, 0))
