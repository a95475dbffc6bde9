"""Two processes that want to write: one does, the other changes nothing and says why."""

import os
import signal
from typing import Any

import pytest

DOCUMENTS = {f"{number}.txt": [f"{number} one", f"{number} two"] for number in range(8)}


def fill(home: Any) -> None:
    for key, texts in DOCUMENTS.items():
        home.write(key, *texts)


def test_of_two_first_ingests_at_once_exactly_one_writes(make_home: Any) -> None:
    """Both start on an empty home; the winner waits in the middle until the loser has ended."""
    home = make_home("main")
    fill(home)
    children = [home.start("--gate", "--at", "stage:1", "--then", "wait") for _ in range(2)]
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    said = {child.stdout.readline(): child for child in children}
    assert sorted(said) == ["", "started\n"]
    loser, winner = said[""], said["started\n"]
    _, complaint = loser.communicate(timeout=60)
    assert loser.returncode == 1
    assert complaint.startswith("WriterBusyError: Run ")
    assert "Nothing was changed." in complaint
    _, err = winner.communicate("go\n", timeout=60)
    assert winner.returncode == 0, err
    audit = home.audit()
    assert (audit.texts, audit.faults, audit.leftovers) == (DOCUMENTS, (0, 0, 0), (0, 0))
    assert len(home.generations()) == 1


def stop_at(home: Any, event: str, *, how: str = "stop") -> Any:
    """Start an ingest, wait until it has stopped itself there, and let its lease run out."""
    child = home.start("--at", event, "--then", how)
    _, status = os.waitpid(child.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    home.expire_lease()
    return child


def resume(child: Any) -> tuple[int, str]:
    """Let a stopped run go on to its end."""
    os.kill(child.pid, signal.SIGCONT)
    _, err = child.communicate(timeout=60)
    return child.returncode, err


@pytest.mark.parametrize(
    "event",
    ["before_upsert:3", "before_set_valid_to:2", "closed:3"],
)
def test_a_writer_that_slept_past_its_lease_changes_nothing(
    disturbed: Any, undisturbed: Any, event: str
) -> None:
    """Even one that stopped between proving its lease and the store call it was about to make."""
    child = stop_at(disturbed, event)
    status, _, err = disturbed.ingest()
    assert status == 0, err
    finished = disturbed.audit()
    assert (finished.chunks, finished.faults) == (undisturbed.after, (0, 0, 0))
    status, err = resume(child)
    assert status == 1
    assert err.startswith("LeaseLostError: Run ")
    audit = disturbed.audit()
    assert audit == finished


def test_a_writer_frozen_with_the_shard_in_its_hands_blocks_but_breaks_nothing(
    disturbed: Any, undisturbed: Any
) -> None:
    child = stop_at(disturbed, "upsert:3", how="freeze")
    status, _, err = disturbed.ingest("--turn", "1")
    assert status == 1
    assert err.startswith("StoreBusyError: ")
    assert str(child.pid) in err
    status, err = resume(child)
    assert status == 1, err
    assert err.startswith("LeaseLostError: Run ")
    assert disturbed.ingest()[0] == 0
    audit = disturbed.audit()
    assert (audit.chunks, audit.faults, audit.leftovers) == (undisturbed.after, (0, 0, 0), (0, 0))
