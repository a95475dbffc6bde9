"""Fits the weights by which candidates are put in order, on training articles only.

    python -m benchmarks.ranking DATA [--sets squad,nq_oracle,clapnq] [--kept FOLDER]

A right and a wrong candidate of one question make a pair; a logistic model without intercept over
the differences of their marks says how much each mark counts (query/ordering.py has the result).
Articles that `benchmarks.gate figures` holds out take no part. Needs scikit-learn.
"""

import argparse
import random
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.gate import chosen
from benchmarks.gate_bench import ENGLISH, Bench, is_held_out, open_set, with_vectors
from config.settings import GateSettings, RetrievalSettings
from indexing.points import HybridQuery, PointFilter
from query.fusion import order
from query.ordering import READ, marks_of
from query.passages import make_passage
from query.question import understand

NAMES = ("near", "share", "sentence", "adjacent", "opening")
MOST_QUESTIONS = 1200
MOST_WRONG = 6
"""Wrong candidates of a question that are compared with the best right one, nearest first."""


def differences(bench: Bench, question: dict, vector: np.ndarray) -> list[np.ndarray]:
    """Return the marks of the best right candidate minus those of wrong ones."""
    hidden = frozenset(question.get("exclude_document_ids") or ())
    where = PointFilter(visible_at=1, tenant="bench", exclude_keys=hidden)
    sparse = bench.bm25.query(question["question"])
    legs = bench.store.search("bench", HybridQuery(where, vector, sparse, 40, 40))
    passages = [make_passage(hit) for hit in order(legs, RetrievalSettings())]
    asked = understand(question["question"], GateSettings(), ENGLISH)
    marks = [np.array(m) for m in marks_of(asked, passages, min(READ, len(passages)))]
    gold = set(question["gold_document_ids"])
    right = [m for m, p in zip(marks, passages, strict=False) if p.key in gold]
    wrong = [m for m, p in zip(marks, passages, strict=False) if p.key not in gold]
    return [right[0] - m for m in wrong[:MOST_WRONG]] if right else []


def pairs(root: Path, kept: Path | None) -> np.ndarray:
    """Return the differences of all questions on the training articles of a set."""
    with tempfile.TemporaryDirectory() as folder:
        bench = open_set(root, Path(folder), kept)
        asked = [
            q for q in chosen(bench, 0) if q["gold_document_ids"] and not is_held_out(bench, q)
        ]
        random.Random(0).shuffle(asked)
        rows = [
            row
            for question, vector in with_vectors(bench, asked[:MOST_QUESTIONS])
            for row in differences(bench, question, vector)
        ]
        bench.store.close()
    print(f"{root.name}: {len(rows)} pairs", flush=True)
    return np.array(rows)


def main() -> None:
    """Fit and print the weights."""
    from sklearn.linear_model import LogisticRegression

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", default="squad,nq_oracle,clapnq")
    parser.add_argument("--kept", type=Path, help="keeps vectors here, for the next time")
    given = parser.parse_args()
    found = [pairs(given.data / name, given.kept) for name in given.sets.split(",")]
    rows = np.concatenate(found)
    weight = np.concatenate([np.full(len(part), 1.0 / len(part)) for part in found])
    weight *= len(weight) / weight.sum()
    model = LogisticRegression(fit_intercept=False, max_iter=2000)
    # Every difference also counts the other way round; without an intercept that is the same pair.
    both = np.concatenate([rows, -rows])
    sides = np.repeat([1, 0], len(rows))
    model.fit(both, sides, sample_weight=np.concatenate([weight, weight]))
    shares = model.coef_[0] / model.coef_[0].sum()
    for name, share in zip(NAMES, shares, strict=True):
        print(f"{name:9} {share:.3f}")


if __name__ == "__main__":
    main()
