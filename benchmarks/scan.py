"""How fast sources are scanned, and what that costs in memory: many small files, many rows.

`python -m benchmarks.scan [--files 100000]`. Every line is a process of its own, so that memory is
that of the scan alone. "list" is a listing, "list and read" also reads every document and drops it,
"plan" is the whole `holdfast plan` with nothing known yet. Bytes per document are the growth of
resident memory during the scan, from before the listing to its peak; for "plan" they are the memory
of the whole process, of which two sizes give the slope.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from config.settings import Settings
from config.sources import LocalSource, TableSource
from ingestion.sources.base import Source
from ingestion.sources.configured import make_source

ROOT = Path(__file__).resolve().parent.parent
PER_FOLDER = 500
LIMIT = 1_000_000
COLUMNS = ("source", "scan", "documents", "seconds", "documents/s", "peak growth MB", "bytes each")


def text_of(number: int) -> str:
    """A small document."""
    return f"# Note {number}\n\nDoor number {number} opens to the yard, and only by day.\n"


def write_files(folder: Path, count: int) -> None:
    """Write small files, some hundred to a folder."""
    for number in range(count):
        path = folder / f"{number // PER_FOLDER:04d}" / f"{number:06d}.md"
        if number % PER_FOLDER == 0:
            path.parent.mkdir(parents=True)
        path.write_text(text_of(number), encoding="utf-8")


def write_one_folder(folder: Path, count: int) -> None:
    """Write small files, all into one folder."""
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:06d}.md").write_text(text_of(number), encoding="utf-8")


def write_rows(path: Path, count: int) -> None:
    """Write one JSON object a line."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            file.write(json.dumps({"id": number, "text": text_of(number)}) + "\n")


def source_at(path: Path) -> Source:
    """Return the source that reads what was written."""
    settings = Settings(home=path.parent / "home")
    if path.suffix == ".jsonl":
        return make_source(settings, TableSource(name="rows", kind="table", path=path))
    return make_source(settings, LocalSource(name="files", path=path))


class Peak:
    """The largest resident memory seen, looked at now and then."""

    def __init__(self) -> None:
        """Begin with the memory of now."""
        self._process = psutil.Process()
        self.before = self._process.memory_info().rss
        self.largest = self.before

    def look(self, _found: int = 0) -> None:
        """Look once."""
        self.largest = max(self.largest, self._process.memory_info().rss)


def scan(path: Path, how: str) -> None:
    """Scan in this process and print what it took as JSON."""
    source = source_at(path)
    peak = Peak()
    started = time.perf_counter()
    listing = source.list_entries(peak.look)
    peak.look()
    if how == "list and read":
        for number, entry in enumerate(listing.entries):
            if not isinstance(source.read(entry, LIMIT), bytes):
                raise SystemExit(f"{entry.key} was not read")
            if number % 1000 == 0:
                peak.look()
    taken = {
        "documents": len(listing.entries),
        "seconds": time.perf_counter() - started,
        "growth": peak.largest - peak.before,
    }
    if not listing.complete:
        raise SystemExit(f"the listing is not complete: {listing.problems[0]}")
    print(json.dumps(taken))


def measured(path: Path, how: str) -> tuple[object, ...]:
    """Scan in a process of its own and return a line of the table."""
    command = [sys.executable, "-m", "benchmarks.scan", "--scan", str(path), how]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    taken = json.loads(done.stdout)
    return line(path.name, how, taken["documents"], taken["seconds"], taken["growth"])


def planned(path: Path) -> tuple[object, ...]:
    """Run the whole `holdfast plan`, with nothing known yet."""
    from benchmarks.command import holdfast

    ended = holdfast(path.parent / "home", "plan", str(path), "--json")
    return line(
        path.name, "plan", len(ended.json["added"]), ended.seconds, int(ended.peak_mb * 1e6)
    )


def line(name: str, how: str, documents: int, seconds: float, growth: int) -> tuple[object, ...]:
    """Return one line of the table."""
    return (
        name, how, documents, f"{seconds:.2f}", f"{documents / seconds:,.0f}",
        f"{growth / 1e6:.0f}", f"{growth / documents:.0f}",
    )  # fmt: skip


def main() -> None:
    """Measure and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--files", type=int, default=100_000)
    options.add_argument("--scan", nargs=2, metavar=("PATH", "HOW"))
    given = options.parse_args()
    if given.scan:
        scan(Path(given.scan[0]), given.scan[1])
        return
    with tempfile.TemporaryDirectory(prefix="holdfast-scan-") as folder:
        root = Path(folder)
        write_files(root / "tree", given.files)
        write_one_folder(root / "one-folder", given.files // 2)
        write_rows(root / "rows.jsonl", given.files)
        few = root / "tenth"
        write_files(few, given.files // 10)
        rows = [
            measured(root / name, how)
            for name in ("tenth", "tree", "one-folder", "rows.jsonl")
            for how in ("list", "list and read")
        ]
        rows += [planned(few), planned(root / "tree")]
    print("| " + " | ".join(COLUMNS) + " |")
    print("|" + "---|" * len(COLUMNS))
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")


if __name__ == "__main__":
    main()
