"""Near misses: the same is said, but of another thing, of its counterpart or in another word.

    python -m benchmarks.near_misses

Each line of `near_misses.jsonl` is a small collection: pages by name, and questions with what they
are. The first three were written with the rules of `docs/verdict_rules.md`; language models that
knew none of them wrote the last four, two of them after the rules stood.
"""

import json
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Final

from benchmarks.questions import ingest
from config.settings import Settings
from indexing.corpus import open_corpus
from query.opening import open_engine

COLLECTIONS: Final = Path(__file__).with_suffix(".jsonl")
ANSWERED: Final = frozenset({"answerable", "partially_supported"})


def read_collections() -> list[dict[str, Any]]:
    """Read the collections."""
    return [json.loads(line) for line in COLLECTIONS.read_text(encoding="utf-8").splitlines()]


def verdicts(collection: dict[str, Any], work: Path) -> list[tuple[str, str]]:
    """Ask the questions of a collection; return what each is, and the verdict on it."""
    folder = work / "pages"
    folder.mkdir()
    for name, text in collection["pages"].items():
        (folder / name).write_text(text, encoding="utf-8")
    corpus = open_corpus(Settings(home=work / "home"))
    try:
        ingest(corpus, folder)
        engine = open_engine(corpus)
        decided = engine.answer_many([{"question": text} for _, text in collection["questions"]])
        found = [decision["verdict"] or decision["status"] for decision in decided]
    finally:
        corpus.close()
    return [
        (kind, verdict) for (kind, _), verdict in zip(collection["questions"], found, strict=True)
    ]


def rows(name: str, found: list[tuple[str, str]]) -> list[str]:
    """Return lines of the table: near misses answered, and answers that were not given whole."""
    counts = Counter(found)
    lines = []
    for kind in dict.fromkeys(kind for kind, _ in found):
        every = sum(number for (one, _), number in counts.items() if one == kind)
        answered = sum(counts[kind, verdict] for verdict in ANSWERED)
        wrong = every - counts[kind, "answerable"] if kind == "answer" else answered
        lines.append(f"| {name} | {kind} | {wrong} of {every} |")
    return lines


def main() -> None:
    """Ask all collections and print what came out."""
    print("| collection | questions | wrong: near misses answered, answers not given |")
    print("|-|-|-|")
    for collection in read_collections():
        work = Path(tempfile.mkdtemp(prefix="holdfast-near-"))
        try:
            print("\n".join(rows(collection["name"], verdicts(collection, work))), flush=True)
        finally:
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
