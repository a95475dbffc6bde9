"""Questions that ask for several things, of which the documents may hold only some.

    python -m benchmarks.several_parts [--wrong]

`benchmarks/several_parts.jsonl` has invented documents in parts, each a collection of its own, and
questions on them. The first part was written with the rules; the others by somebody who did not
know them, and the last of them was asked only after the rules were made. Counted are verdicts by
what was expected; `--wrong` also prints what came out otherwise.
"""

import argparse
import json
import shutil
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from benchmarks.questions import ingest
from benchmarks.unnamed import write_documents
from config.settings import Settings
from indexing.corpus import open_corpus
from query.opening import open_engine

LINES = Path(__file__).with_suffix(".jsonl")


def ask(lines: list[dict], wrong: bool) -> dict[str, Counter[str]]:
    """Ingest the documents of a part, ask its questions, and count verdicts."""
    work = Path(tempfile.mkdtemp(prefix="holdfast-several-"))
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    corpus = open_corpus(Settings(home=work / "home"))
    try:
        write_documents(lines, work / "documents", untitled=False)
        ingest(corpus, work / "documents")
        engine = open_engine(corpus)
        for asked in (line for line in lines if "question" in line):
            made = engine.ground(asked["question"])
            verdict = made.verdict.value if made.verdict else made.status.value
            counts[asked["expected"]][verdict] += 1
            if wrong and verdict != asked["expected"]:
                why = "; ".join(f"{reason.code}: {reason.detail}" for reason in made.reasons)
                print(f"{asked['expected']} -> {verdict}: {asked['question']} | {why}")
    finally:
        corpus.close()
        shutil.rmtree(work, ignore_errors=True)
    return counts


def main() -> None:
    """Ask part after part and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--wrong", action="store_true", help="print what came out otherwise")
    wrong = parser.parse_args().wrong
    lines = [json.loads(line) for line in LINES.read_text(encoding="utf-8").splitlines()]
    for part in sorted({line["part"] for line in lines}):
        counts = ask([line for line in lines if line["part"] == part], wrong)
        for expected, verdicts in sorted(counts.items()):
            print(f"part {part}, {expected:20} {dict(verdicts.most_common())}", flush=True)


if __name__ == "__main__":
    main()
