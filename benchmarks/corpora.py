"""Real documents for measurements: the shared corpora where present, the handbook otherwise."""

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"
REPLAY = SHARED / "corpora" / "replay"
AWS = SHARED / "grounding" / "awsdocs" / "documents.jsonl.gz"


def write_documents(
    folder: Path, wanted: int, archive: Path = AWS, characters: int | None = None
) -> int:
    """Write `wanted` real documents into `folder`; returns how many there were.

    Without the archive the handbook is copied instead, once.

    Args:
        folder: Where to write them.
        wanted: How many.
        archive: Compressed JSON lines with `path` and `text`, elsewhere than beside the checkout.
        characters: Where to cut each of them off.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not archive.exists():
        shutil.copytree(ROOT / "examples" / "handbook", folder, dirs_exist_ok=True)
        return sum(1 for p in folder.rglob("*") if p.is_file())
    written = 0
    with gzip.open(archive, "rt", encoding="utf-8") as lines:
        for line in lines:
            document = json.loads(line)
            path = folder / document["path"]
            if path.exists():
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(document["text"][:characters], encoding="utf-8")
            written += 1
            if written == wanted:
                break
    return written


def materialize(step: int, folder: Path, pack: str = "18f-handbook") -> None:
    """Make `folder` hold exactly one step of a replay pack, touching only what differs."""
    fresh = folder.with_name(f"{folder.name}.step")
    shutil.rmtree(fresh, ignore_errors=True)
    subprocess.run(
        [sys.executable, REPLAY / "materialize.py", REPLAY / pack, str(step), fresh],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    folder.mkdir(exist_ok=True)
    wanted = {p.relative_to(fresh) for p in fresh.rglob("*") if p.is_file()}
    for path in [p for p in folder.rglob("*") if p.is_file()]:
        if path.relative_to(folder) not in wanted:
            path.unlink()
    for name in wanted:
        target = folder / name
        data = (fresh / name).read_bytes()
        if not target.exists() or target.read_bytes() != data:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    shutil.rmtree(fresh)
