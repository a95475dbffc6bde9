"""Questions that point at a thing without naming it, beside controls that must be answered.

    python -m benchmarks.unnamed [--untitled]

Ingests the short documents of `benchmarks/unnamed.jsonl` with the real encoder, each a file, and
asks the questions beside them, half of which end a conversation. The rules were made with the first
part in view; of the second, 24 of 30 ambiguous questions were noticed and 1 of 36 controls was
taken wrongly when it was first run. The third part is a collection of its own, written by somebody
who did not know the rules; those of `undecided.py` were made with it in view. Counted are verdicts
by what was expected.
"""

import argparse
import json
import re
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from benchmarks.questions import ingest
from config.settings import Settings
from indexing.corpus import open_corpus
from query.decision import GroundingDecision
from query.opening import open_engine

LINES = Path(__file__).with_suffix(".jsonl")
OWN = 3
"""The part whose documents are a collection of their own."""


def write_documents(lines: list[dict], folder: Path, untitled: bool) -> None:
    """Write every document as a file; one without a title has nothing but its text."""
    folder.mkdir()
    for number, line in enumerate(line for line in lines if "text" in line):
        name = re.sub(r"\W+", "-", line["title"].lower())
        text = line["text"] if untitled else f"# {line['title']}\n\n{line['text']}"
        (folder / (f"{number}.txt" if untitled else f"{name}.md")).write_text(text + "\n", "utf-8")


def decisions(lines: list[dict], untitled: bool) -> Iterator[tuple[dict, GroundingDecision]]:
    """Ingest the documents among the lines and ask the questions among them, one by one."""
    work = Path(tempfile.mkdtemp(prefix="holdfast-questions-"))
    corpus = open_corpus(Settings(home=work / "home"))
    try:
        write_documents(lines, work / "documents", untitled)
        ingest(corpus, work / "documents")
        engine = open_engine(corpus)
        for asked in (line for line in lines if "question" in line):
            yield asked, engine.ground(asked["question"], history=asked.get("history") or [])
    finally:
        corpus.close()
        shutil.rmtree(work, ignore_errors=True)


def verdict_of(made: GroundingDecision) -> str:
    """Return the verdict, or the status where there is none."""
    return made.verdict.value if made.verdict else made.status.value


def ask(lines: list[dict], untitled: bool) -> dict[str, Counter[str]]:
    """Ask the questions of a collection, count verdicts, print what came out otherwise."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for asked, made in decisions(lines, untitled):
        history = asked.get("history") or []
        verdict = verdict_of(made)
        talk = "in a conversation" if history else "alone"
        counts[f"part {asked['part']}, {asked['expected']}, {talk}"][verdict] += 1
        if verdict != asked["expected"]:
            said = history[0]["text"] if history else ""
            print(f"{asked['expected']} -> {verdict}: {asked['question']} | {said}")
        elif made.clarification:
            print(f"    {asked['question']} -> {made.clarification}")
    return counts


def main() -> None:
    """Ask collection after collection and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--untitled", action="store_true", help="documents without a title")
    untitled = parser.parse_args().untitled
    lines = [json.loads(line) for line in LINES.read_text(encoding="utf-8").splitlines()]
    counts: dict[str, Counter[str]] = {}
    for collection in (False, True):
        counts |= ask([line for line in lines if (line.get("part") == OWN) is collection], untitled)
    for kind, verdicts in sorted(counts.items()):
        print(f"{kind:45} {dict(verdicts.most_common())}")


if __name__ == "__main__":
    main()
