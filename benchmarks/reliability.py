"""The reliability table: every campaign of the fault laboratory, and what came of it.

`python -m benchmarks.reliability` runs all of it and writes the tables into `docs/reliability.md`
between two marks; `--quick` runs the quick half and only prints; `--only WORD` the campaigns whose
name has that word. Ends with status 1 if anything did not come out as it has to.
"""

import argparse
import datetime as dt
import os
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.support.faultlab.campaigns.disk import can_mount
from tests.support.faultlab.lab import Lab, open_lab
from tests.support.faultlab.programme import Campaign, programme
from tests.support.faultlab.rows import Row, wilson_upper

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "reliability.md"
BEGIN = "<!-- begin: python -m benchmarks.reliability -->"
END = "<!-- end -->"
COLUMNS = (
    "fault", "points", "recovered", "missing", "phantom", "duplicate", "mixed", "worst rerun s",
    "wasted embeddings", "engine", "note",
)  # fmt: skip


def hold(lab: Lab, campaigns: Sequence[Campaign], quick: bool) -> list[Row]:
    """Hold the campaigns one after the other; tells each on standard error."""
    mounts = can_mount(lab)
    rows = []
    for campaign in campaigns:
        held = campaign.quick if quick else campaign.whole
        if held is None:
            continue
        if campaign.mounts and not mounts:
            print(f"left out, it has to mount: {campaign.name}", file=sys.stderr)
            continue
        started = time.monotonic()
        row = held(lab)
        rows.append(row)
        said = "ok" if row.clean else "; ".join(row.problems)[:2000] or "not recovered"
        seconds = time.monotonic() - started
        print(
            f"{seconds:6.1f} s  {row.points:4d}  {row.fault}: {said}", file=sys.stderr, flush=True
        )
    return rows


def table(rows: Sequence[Row]) -> str:
    """Lay the rows out."""
    lines = [f"| {' | '.join(COLUMNS)} |", f"|{'-|' * len(COLUMNS)}"]
    for row in rows:
        cells = (
            row.fault, row.points, row.recovered, row.missing, row.phantom, row.duplicate,
            row.mixed,
            "" if row.seconds is None else f"{row.seconds:.1f}",
            "" if row.wasted is None else f"{row.wasted:.0%}",
            row.engine.value, row.note,
        )  # fmt: skip
        lines.append(f"| {' | '.join(str(cell) for cell in cells)} |")
    return "\n".join(lines)


def summary(rows: Sequence[Row]) -> str:
    """Say what the kills add up to."""
    kills = [row for row in rows if row.fault.startswith("kill -9")]
    points = sum(row.points for row in kills)
    failures = points - sum(row.recovered for row in kills)
    every = sum(row.points for row in rows)
    lost = every - sum(row.recovered for row in rows)
    bound = wilson_upper(failures, points)
    return (
        f"{points} kill points, {failures} failures: at 95 % the rate of failures is below "
        f"{bound:.2%} (Wilson). All faults together: {every} points, {lost} failures."
    )


def heading() -> str:
    """Say when and where this was measured."""
    day = dt.datetime.now(dt.UTC).date()
    return f"{day}, Python {platform.python_version()}, {os.cpu_count()} cores."


def write(text: str) -> None:
    """Put the text between the marks of the document."""
    whole = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = whole.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with open_lab(chosen.seed) as lab:
        campaigns = [c for c in programme() if chosen.only in c.name]
        rows = hold(lab, campaigns, chosen.quick)
    text = f"{heading()} Seed {chosen.seed}.\n\n{summary(rows)}\n\n{table(rows)}"
    print(text)
    if not chosen.quick and not chosen.only:
        write(text)
    sys.exit(0 if all(row.clean for row in rows) else 1)


if __name__ == "__main__":
    main()
