"""Turns a copy of the example handbook into its second state: edits, a deletion, a rename."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).parent
HANDBOOK = EXAMPLES / "handbook"
OVERLAY = EXAMPLES / "handbook-second-state"
CHANGES = OVERLAY / "changes.json"


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between the two states, as keys relative to the handbook."""

    deleted: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]
    edited: tuple[str, ...]
    added: tuple[str, ...]


def read_changes(path: Path = CHANGES) -> Changes:
    """Read `changes.json`."""
    raw = json.loads(path.read_text("utf-8"))
    return Changes(
        deleted=tuple(raw["deleted"]),
        renamed=tuple((each["from"], each["to"]) for each in raw["renamed"]),
        edited=tuple(raw["edited"]),
        added=tuple(raw["added"]),
    )


def apply_second_state(folder: Path) -> None:
    """Turn a copy of the handbook, in place, into its second state.

    Args:
        folder: A copy of `examples/handbook`, never the original.

    Raises:
        ValueError: The folder is the handbook itself.
        FileNotFoundError: Something to be deleted, renamed or edited is not in the folder: it is
            no copy of the first state, or the second state was applied already.
    """
    if folder.resolve() == HANDBOOK.resolve():
        raise ValueError("this is the handbook itself: copy it first, then change the copy")
    changes = read_changes()
    for key in (*changes.deleted, *(old for old, _ in changes.renamed), *changes.edited):
        if not (folder / key).is_file():
            raise FileNotFoundError(f"{key} is missing in {folder.name}: not the first state")
    for key in changes.deleted:
        (folder / key).unlink()
    for old, new in changes.renamed:
        (folder / new).parent.mkdir(parents=True, exist_ok=True)
        (folder / old).rename(folder / new)
    for key in (*changes.edited, *changes.added):
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(OVERLAY / key, folder / key)
