"""The switches of libraries are ours to set where the user has not, and to take back in a fork."""

import os

import pytest

from config import environment

NAME = "TOKENIZERS_PARALLELISM"


def in_a_fork() -> str:
    """What a forked child has in its environment."""
    told, tells = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - the child
        os.write(tells, os.environ.get(NAME, "").encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(tells)
    with os.fdopen(told) as read:
        return read.read()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("users", "childs"), [(None, "false"), ("true", "true"), ("0", "0")])
def test_the_tokenizers_of_a_forked_child_wait_for_no_threads(
    monkeypatch: pytest.MonkeyPatch, users: str | None, childs: str
) -> None:
    monkeypatch.setattr(environment, "_ours", {})
    monkeypatch.delenv(NAME, raising=False)
    if users is not None:
        monkeypatch.setenv(NAME, users)
    environment.quieten()
    assert os.environ[NAME] == (users or "true")
    assert in_a_fork() == childs
    assert os.environ[NAME] == (users or "true")
