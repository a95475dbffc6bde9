"""The history of a git repository, as far back as it matters: last commits, and former names."""

from collections import defaultdict
from dataclasses import dataclass, field

MAX_COMMITS = 2000
LOG = (
    "log", f"--max-count={MAX_COMMITS}", "-z", "-M", "--no-ext-diff", "--no-textconv",
    "--name-status", "--format=%x01%H %cI",
)  # fmt: skip
"""Arguments of the git command whose output is read here; a commit follows."""


@dataclass(slots=True)
class History:
    """What the history says about the files of one commit, by path in bytes."""

    last_commits: dict[bytes, tuple[str, str]] = field(default_factory=dict)
    """The newest commit that touched a file, and when that was."""
    formerly: dict[bytes, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    """Earlier paths of a file, newest first."""


def read_history(output: bytes) -> History:
    """Read the output of the git command `LOG`, newest commit first."""
    history = History()
    now: dict[bytes, bytes] = {}  # path before the commits read so far -> path of today
    commit, when = "", ""
    renames: list[tuple[bytes, bytes]] = []
    tokens = iter(output.split(b"\0"))
    for token in tokens:
        status = token.lstrip(b"\n")
        if status.startswith(b"\x01"):
            _apply(renames, now, history)
            renames = []
            commit, _, when = status[1:].decode("ascii", "replace").partition(" ")
        elif status[:1] in {b"R", b"C"}:
            old, new = next(tokens, b""), next(tokens, b"")
            history.last_commits.setdefault(now.get(new, new), (commit, when))
            if status.startswith(b"R"):
                renames.append((old, new))
        elif status:
            path = next(tokens, b"")
            history.last_commits.setdefault(now.get(path, path), (commit, when))
    _apply(renames, now, history)
    return history


def _apply(renames: list[tuple[bytes, bytes]], now: dict[bytes, bytes], history: History) -> None:
    """Go back over the renames of one commit, which all happened at once."""
    followed = [(old, now.pop(new, new)) for old, new in renames]
    for old, today in followed:
        history.formerly[today].append(old)
        now.setdefault(old, today)
