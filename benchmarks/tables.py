"""Questions whose answer is one row of a table: by the range a figure lies in, or by comparing.

    python -m benchmarks.tables

Ingests the six documents of `benchmarks/rows` with the real encoder and asks the questions beside
them. The rules were made with the first part and the example handbook in view; the second part was
written before it was first run. Counted are answers that hold what they should, verdicts
`answerable` whose answer does not (the worst), and questions that were answered in part or refused.
"""

import json
import shutil
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from benchmarks.questions import holds, ingest
from config.settings import Settings
from indexing.corpus import open_corpus
from query.opening import open_engine

ROWS = Path(__file__).with_name("rows")


def main() -> None:
    """Ask and print."""
    work = Path(tempfile.mkdtemp(prefix="holdfast-tables-"))
    folder = work / "documents"
    shutil.copytree(ROWS, folder, ignore=shutil.ignore_patterns("*.jsonl"))
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    corpus = open_corpus(Settings(home=work / "home"))
    try:
        ingest(corpus, folder)
        engine = open_engine(corpus)
        for line in (ROWS / "questions.jsonl").read_text(encoding="utf-8").splitlines():
            asked = json.loads(line)
            made = engine.answer(asked["question"])
            verdict = made.verdict.value if made.verdict else made.status.value
            right = holds(made.answer or "", asked["answer"])
            wanted = asked["expected"] == "answerable"
            outcome = verdict
            if verdict == "answerable":
                outcome = "answered right" if right and wanted else "answered wrong"
            elif not wanted and verdict == asked["expected"]:
                outcome = "rightly in part"
            counts[asked["part"]][outcome] += 1
            if outcome not in {"answered right", "rightly in part"}:
                reasons = "; ".join(reason.detail for reason in made.reasons)
                print(f"{asked['part']}, {outcome}: {asked['question']} ({asked['answer']})")
                print(f"    {reasons[:200]}\n    {(made.answer or '')[:160]!r}")
    finally:
        corpus.close()
        shutil.rmtree(work, ignore_errors=True)
    for part, outcomes in counts.items():
        print(f"{part} part: {sum(outcomes.values())} questions, {dict(outcomes.most_common())}")


if __name__ == "__main__":
    main()
