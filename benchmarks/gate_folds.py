"""The gate by cross-validation over the articles of a set, as the baseline table has squad.

    python -m benchmarks.gate_folds DATA [--set squad] [--folds 5] [--kept FOLDER]

Every question is judged by a model that was fitted on other articles of the same set. Unlike the
figures of `benchmarks.gate` on held-out articles this says what the features are worth on a set
that is known, and it uses all of its articles. Which features are left out was chosen on two thirds
of these articles, so that it is no untouched test.
"""

import argparse
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.gate import LEFT_OUT, fit_model
from benchmarks.gate_bench import Row, article_of, look, open_set, with_vectors
from evaluation.metrics.gate import auroc
from evaluation.metrics.intervals import bootstrap


def judged(root: Path, kept: Path | None) -> tuple[list[Row], list[str]]:
    """Retrieve and compute features for every question; return them with their articles."""
    rows: list[Row] = []
    articles: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        bench = open_set(root, Path(folder), kept)
        for question, vector in with_vectors(bench, bench.questions):
            row = look(bench, question, None, vector)
            if row and row.features:
                rows.append(row)
                articles.append(article_of(bench, question))
        bench.store.close()
    return rows, articles


def fold_of(articles: list[str], folds: int, seed: int = 1) -> dict[str, int]:
    """Deal the articles out, the large ones first, so that no fold is without them."""
    counts = Counter(articles)
    chance = np.random.default_rng(seed)
    dealt = sorted(chance.permutation(sorted(counts)), key=lambda a: -min(counts[a], 6))
    return {article: n % folds for n, article in enumerate(dealt)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--set", default="squad")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--kept", type=Path, help="keeps vectors here, for the next time")
    args = parser.parse_args()
    rows, articles = judged(args.data / args.set, args.kept)
    fold = fold_of(articles, args.folds)
    p = np.zeros(len(rows))
    for number in range(args.folds):
        others = [r for r, a in zip(rows, articles, strict=True) if fold[a] != number]
        model = fit_model([others], LEFT_OUT)
        for n, (row, article) in enumerate(zip(rows, articles, strict=True)):
            if fold[article] == number:
                p[n] = model.probability(row.features)
    yes = np.array([row.question["label"] == "answerable" for row in rows])
    tiers = np.array([row.question.get("tier", "") for row in rows])
    print(f"{args.set}: {len(rows)} questions, {len(fold)} articles in {args.folds} folds")
    for tier in sorted(set(tiers[~yes])):
        at = np.flatnonzero(yes | (tiers == tier))

        def ranked(chosen: np.ndarray, at: np.ndarray = at) -> float:
            return auroc(yes[at][chosen], p[at][chosen])

        found = bootstrap(ranked, [articles[n] for n in at])
        counts = f"{int(yes.sum())} / {int((tiers == tier).sum())}"
        print(f"{tier:12} AUROC {found.value:.3f} [{found.low:.3f}, {found.high:.3f}] ({counts})")


if __name__ == "__main__":
    main()
