"""Runs a choice of the measurements one after the other; the others run by themselves."""

import subprocess
import sys

MEASUREMENTS = (
    ("encoder", "The encoder against plain SentenceTransformer.encode"),
    ("pdf", "PDFs: recall, order and speed beside another reader"),
    ("ocr", "Scans: recall, order, confidence and time"),
    ("ingest", "A large ingest, a second one, an edit, and the search"),
    ("questions", "The example questions"),
    ("readers", "Readers during updates"),
    ("serving", "The service under load, cold and warm"),
    ("backup", "A backup and its restore"),
    ("scan", "Scanning many small documents"),
    ("crash", "kill -9 at random moments"),
    ("orchestration", "What Prefect adds to an ingest"),
    ("replay", "A real document tree through 40 versions"),
)


def main() -> int:
    """Run the measurements of the choice that the command line names, or all of it.

    Returns:
        1 where one of them failed; the others run all the same.
    """
    known = [name for name, _ in MEASUREMENTS]
    chosen = sys.argv[1:] or known
    if unknown := [name for name in chosen if name not in known]:
        print(
            f"No measurement {', '.join(unknown)} here; there are {', '.join(known)}. Others run "
            "by themselves: `python -m benchmarks.NAME`.",
            file=sys.stderr,
        )
        return 2
    failed = []
    for name, title in MEASUREMENTS:
        if name in chosen:
            print(f"\n## {title}\n\n`python -m benchmarks.{name}`\n", flush=True)
            if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
                failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
