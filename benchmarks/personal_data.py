"""How often real questions and documents look like personal data: counts by kind, with examples.

    python -m benchmarks.personal_data ../shared/data/grounding [--documents] [--limit 200]
    python -m benchmarks.personal_data --names

Every finding in a public question set is worth a look: most people put none of their data there.
With `--names` the labelled texts of `introductions.jsonl` are read: the names of persons in them
that must go, and as many texts with names that must stay. The rules were mended once after a look
at its first part and once after a look at its second.
"""

import argparse
import gzip
import itertools
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from query.privacy.personal_data import Kind, find_personal

EXAMPLES = 4
LABELLED = Path(__file__).with_name("introductions.jsonl")


def texts(folder: Path, name: str, field: str, limit: int) -> Iterator[str]:
    """Yield a field of the first lines of every set; 0 yields all."""
    for path in sorted(folder.glob(f"*/{name}*")):
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8") as lines:
            for line in itertools.islice(lines, limit or None):
                yield str(json.loads(line).get(field) or "")


def count_names() -> None:
    """Print how many labelled names of persons are found, missed and found where none is."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for line in LABELLED.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        text, part = case["text"], counts[case["part"]]
        found = [text[f.start : f.end] for f in find_personal(text) if f.kind is Kind.PERSON]
        part["texts without a name to mask"] += not case["names"]
        for outcome, names in (
            ("found", [name for name in case["names"] if name in found]),
            ("missed", [name for name in case["names"] if name not in found]),
            ("false", [name for name in found if name not in case["names"]]),
        ):
            part[outcome] += len(names)
            if outcome != "found" and names:
                print(f"{outcome}: {', '.join(names)} | {' '.join(text.split())}")
    for name, part in counts.items():
        print(f"{name} part: {dict(part)}")


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--names", action="store_true")
    parser.add_argument("--documents", action="store_true")
    parser.add_argument("--limit", type=int, default=0, help="Lines per set.")
    chosen = parser.parse_args()
    if chosen.names or chosen.folder is None:
        return count_names()
    name, field = ("documents", "text") if chosen.documents else ("questions", "question")
    counts: Counter[str] = Counter()
    examples: dict[str, list[str]] = defaultdict(list)
    number = characters = touched = 0
    began = time.perf_counter()
    for text in texts(chosen.folder, name, field, chosen.limit):
        number, characters = number + 1, characters + len(text)
        found = find_personal(text)
        touched += bool(found)
        for one in found:
            counts[one.kind.value] += 1
            if len(examples[one.kind.value]) < EXAMPLES:
                start = max(0, one.start - 25)
                examples[one.kind.value].append(" ".join(text[start : one.end + 10].split()))
    took = time.perf_counter() - began
    print(
        f"{touched} of {number} {name} hold something; {took / characters * 1e9:.0f} ns/character"
    )
    for kind, count in counts.most_common():
        print(f"{kind}: {count}")
        for example in examples[kind]:
            print(f"    {example}")


if __name__ == "__main__":
    main()
