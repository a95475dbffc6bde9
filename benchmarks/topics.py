"""How well questions are gathered into topics, by the distance from which groups stay two.

    python -m benchmarks.topics ../shared/data/grounding/xquad_en/questions.jsonl [--topics 40]

The truth is the document that answers a question, in random draws of as many topics as asked for;
homogeneity says how pure the groups are, completeness how little a topic is split.
"""

import argparse
import json
import random
from collections import defaultdict
from pathlib import Path

from evaluation.usage.reading import terms_of
from evaluation.usage.topics import APART, cluster

DISTANCES = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
SEEDS = (1, 2, 3)
EACH = 8


def main() -> None:
    """Draw, cluster, print."""
    from sklearn.metrics import adjusted_rand_score, homogeneity_completeness_v_measure

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--topics", type=int, default=40)
    chosen = parser.parse_args()
    by_gold: dict[str, list[str]] = defaultdict(list)
    with chosen.questions.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            gold = record.get("gold_document_ids") or ()
            if gold and terms_of(record["question"]):
                by_gold[gold[0]].append(record["question"])
    usable = sorted(gold for gold, asked in by_gold.items() if len(asked) >= 3)
    print(f"{len(usable)} documents with 3 questions or more; in force: {APART}")
    print("distance  groups  homogeneity  completeness  V      adjusted Rand")
    for apart in DISTANCES:
        rows = []
        for seed in SEEDS:
            chance = random.Random(seed)
            drawn = chance.sample(usable, min(chosen.topics, len(usable)))
            pairs = [(g, q) for g in drawn for q in by_gold[g][:EACH]]
            chance.shuffle(pairs)
            groups, _, _ = cluster([question for _, question in pairs], apart)
            made = [0] * len(pairs)
            for number, group in enumerate(groups):
                for place in group:
                    made[place] = number
            truth = [gold for gold, _ in pairs]
            scores = homogeneity_completeness_v_measure(truth, made)
            rows.append((len(groups), *scores, adjusted_rand_score(truth, made)))
        n, pure, whole, v, rand = (sum(column) / len(rows) for column in zip(*rows, strict=True))
        print(f"{apart:8.2f} {n:7.0f} {pure:12.3f} {whole:13.3f} {v:6.3f} {rand:8.3f}")


if __name__ == "__main__":
    main()
