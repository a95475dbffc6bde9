"""Questions that ask for several things, of which the documents may hold only some.

    python -m benchmarks.several_parts [--wrong]

`benchmarks/several_parts.jsonl` has invented documents in parts, each a collection of its own, and
questions on them. The first part was written with the rules; the others by somebody who did not
know them, and the last of them was asked only after the rules were made. Counted are verdicts by
what was expected; `--wrong` also prints what came out otherwise.
"""

import argparse
import json
from collections import Counter, defaultdict
from pathlib import Path

from benchmarks.unnamed import decisions, verdict_of

LINES = Path(__file__).with_suffix(".jsonl")


def ask(lines: list[dict], wrong: bool) -> dict[str, Counter[str]]:
    """Ask the questions of a part and count verdicts."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for asked, made in decisions(lines, untitled=False):
        verdict = verdict_of(made)
        counts[asked["expected"]][verdict] += 1
        if wrong and verdict != asked["expected"]:
            why = "; ".join(f"{reason.code}: {reason.detail}" for reason in made.reasons)
            print(f"{asked['expected']} -> {verdict}: {asked['question']} | {why}")
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
