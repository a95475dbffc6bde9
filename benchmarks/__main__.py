"""Runs every measurement that needs no other machine, and prints one table each."""

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


def main() -> None:
    """Run the measurements named on the command line, or all."""
    chosen = sys.argv[1:] or [name for name, _ in MEASUREMENTS]
    for name, title in MEASUREMENTS:
        if name in chosen:
            print(f"\n## {title}\n\n`python -m benchmarks.{name}`\n", flush=True)
            subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False)


if __name__ == "__main__":
    main()
