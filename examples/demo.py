"""`make demo`: the handbook in, questions asked, the handbook changed, a question asked again."""

import os
import shutil
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / ".demo"
DOCUMENTS = DEMO / "handbook"

QUESTIONS = (
    "How many weeks of leave at full pay does the primary carer get?",
    "How many days of annual leave do I get in Portugal, and how many would I get in Spain?",
    "What does the Tern 6 cost?",
    "Who won the football world cup in 1998?",
)


def holdfast(*arguments: str) -> None:
    """Run one command of `holdfast` in this process and show it as a person would type it."""
    from service.cli import run

    shown = " ".join(f'"{a}"' if " " in a else a for a in arguments)
    print(f"\n$ holdfast {shown}", flush=True)
    code = run(arguments)
    if code not in {0, 3}:
        sys.exit(f"`holdfast {shown}` ended with {code}")


def main() -> None:
    """Run the demonstration in a folder of its own, .demo/, which is made anew each time."""
    started = time.monotonic()
    shutil.rmtree(DEMO, ignore_errors=True)
    shutil.copytree(ROOT / "examples" / "handbook", DOCUMENTS)
    for name in [n for n in os.environ if n.startswith(("HOLDFAST_", "QDRANT_", "PREFECT_"))]:
        del os.environ[name]
    os.environ["HOLDFAST_HOME"] = str(DEMO / "home")
    os.environ["PREFECT_HOME"] = str(DEMO / "prefect")
    os.chdir(DEMO)
    sys.path.insert(0, str(ROOT))
    from examples.second_state import apply_second_state

    print("The example handbook, ingested as a Prefect flow on a private server.")
    holdfast("ingest", "handbook", "--source", "handbook", "--flow")
    for question in QUESTIONS:
        holdfast("ask", question)
    print("\nThe handbook changes: edits, a rename, a deletion, and some traps.")
    apply_second_state(DOCUMENTS)
    holdfast("plan", "handbook", "--source", "handbook")
    holdfast("ingest", "handbook", "--source", "handbook")
    holdfast("ask", QUESTIONS[0])
    holdfast("status")
    print(f"\nThe demo took {time.monotonic() - started:.0f} s. Everything it made is in .demo/;")
    print("look further with: HOLDFAST_HOME=.demo/home .venv/bin/holdfast docs list")


if __name__ == "__main__":
    main()
