"""Fits the weights by which candidates are put in order, on training articles only.

    python -m benchmarks.ranking DATA [--sets squad,nq_oracle,clapnq] [--kept FOLDER]
        [--tried] [--also awsdocs,ramdocs,mtrag_un]

A right and a wrong candidate of one question make a pair; a logistic model without intercept over
the differences of their marks says how much each mark counts (query/judging/ordering.py has it).
Then it says how often the right one is first: by folds of articles, and for every set with weights
that never saw that set, as a collection of another kind would find it. Articles that
`benchmarks.gate figures` holds out take no part. `--tried` does the same with other marks
(`ranking_tried.py`); `--also` judges sets that took no part by the weights of all. Needs
scikit-learn.
"""

import argparse
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmarks.gate import chosen
from benchmarks.gate_bench import ENGLISH, Bench, article_of, is_held_out, open_set, with_vectors
from benchmarks.gate_folds import fold_of
from benchmarks.ranking_tried import SHIPPED, TRIED, VARIANTS, all_marks
from config.settings import GateSettings, RetrievalSettings
from indexing.points import HybridQuery, PointFilter
from query.asking.question import understand
from query.judging.ordering import READ
from query.search.fusion import order
from query.text.passages import make_passage

NAMES = (*SHIPPED, *TRIED)
MOST_QUESTIONS = 1200
MOST_WRONG = 6
"""Wrong candidates of a question that are compared with the best right one, nearest first."""
FOLDS = 5
OTHERS = 147
"""Documents of awsdocs that no question needs, as the baseline had."""


@dataclass(frozen=True)
class Asked:
    """A question with what is known of its candidates."""

    marks: np.ndarray
    """One row per candidate that is read, one column per name in `NAMES`."""
    right: np.ndarray
    """Whether it holds the answer."""
    article: str


def look(bench: Bench, question: dict, vector: np.ndarray) -> Asked:
    """Search as the engine does and mark the candidates."""
    hidden = frozenset(question.get("exclude_document_ids") or ())
    where = PointFilter(visible_at=1, tenant="bench", exclude_keys=hidden)
    sparse = bench.bm25.query(question["question"])
    legs = bench.store.search("bench", HybridQuery(where, vector, sparse, 40, 40))
    passages = [make_passage(hit) for hit in order(legs, RetrievalSettings())]
    asked = understand(question["question"], GateSettings(), ENGLISH)
    gold = set(question["gold_document_ids"])
    return Asked(
        all_marks(asked, passages, READ),
        np.array([p.key in gold for p in passages[:READ]]),
        article_of(bench, question),
    )


def asked_of(root: Path, kept: Path | None, *, training: bool) -> list[Asked]:
    """Return the answerable questions of a set: on its training articles, or all there are."""
    with tempfile.TemporaryDirectory() as folder:
        bench = open_set(root, Path(folder), kept, OTHERS)
        asked = [q for q in chosen(bench, 0) if q["gold_document_ids"]]
        if training:
            asked = [q for q in asked if not is_held_out(bench, q)]
            random.Random(0).shuffle(asked)
            asked = asked[:MOST_QUESTIONS]
        found = [look(bench, q, vector) for q, vector in with_vectors(bench, asked)]
        bench.store.close()
    print(f"{root.name}: {len(found)} questions", flush=True)
    return found


def with_marks(part: Sequence[Asked], names: Sequence[str]) -> list[Asked]:
    """Return the questions with these marks alone."""
    columns = [NAMES.index(name) for name in names]
    return [replace(one, marks=one.marks[:, columns]) for one in part]


def fit(sets: Sequence[Sequence[Asked]]) -> np.ndarray:
    """Return the weights by which right candidates come before wrong ones, each set alike."""
    parts = [np.concatenate([differences(one) for one in part]) for part in sets if part]
    rows = np.concatenate(parts)
    weight = np.concatenate([np.full(len(part), 1.0 / len(part)) for part in parts])
    weight *= len(weight) / weight.sum()
    model = LogisticRegression(fit_intercept=False, max_iter=2000)
    # Every difference also counts the other way round; without an intercept that is the same pair.
    both, sides = np.concatenate([rows, -rows]), np.repeat([1, 0], len(rows))
    model.fit(both, sides, sample_weight=np.concatenate([weight, weight]))
    return np.asarray(model.coef_[0] / model.coef_[0].sum())


def differences(asked: Asked) -> np.ndarray:
    """Return the marks of the first right candidate minus those of wrong ones."""
    wrong = asked.marks[~asked.right][:MOST_WRONG]
    return asked.marks[asked.right.argmax()] - wrong if asked.right.any() else wrong[:0]


def first(part: Sequence[Asked], weights: np.ndarray) -> np.ndarray:
    """Tell for every question whether a right candidate is first."""
    return np.array([one.right[np.argmax(one.marks @ weights)] for one in part], bool)


def by_folds(sets: Sequence[Sequence[Asked]]) -> list[np.ndarray]:
    """Tell whether the right one is first, with weights from other articles of all sets."""
    # All sets together: an article of two of them must not be learnt from the one for the other.
    place = fold_of([one.article for part in sets for one in part], FOLDS)
    result = [np.zeros(len(part), bool) for part in sets]
    for fold in range(FOLDS):
        weights = fit([[one for one in part if place[one.article] != fold] for part in sets])
        for part, said in zip(sets, result, strict=True):
            at = [i for i, one in enumerate(part) if place[one.article] == fold]
            said[at] = first([part[i] for i in at], weights)
    return result


def report(
    sets: dict[str, list[Asked]], also: dict[str, list[Asked]], names: Sequence[str]
) -> None:
    """Fit and print weights, and how often a right candidate comes first with them."""
    parts = [with_marks(part, names) for part in sets.values()]
    weights = fit(parts)
    for name, share in zip(names, weights, strict=True):
        print(f"{name:12} {share:.3f}")
    folds = by_folds(parts)
    for n, name in enumerate(sets):
        others = first(parts[n], fit([part for m, part in enumerate(parts) if m != n]))
        print(
            f"{name:10} right one first: {folds[n].mean():.4f} by folds of articles, "
            f"{others.mean():.4f} with weights that never saw the set"
        )
    for name, asked in also.items():
        print(f"{name:10} right one first: {first(with_marks(asked, names), weights).mean():.4f}")


def main() -> None:
    """Fit and print the weights."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", default="squad,nq_oracle,clapnq")
    parser.add_argument("--also", default="", help="sets that are judged only")
    parser.add_argument("--tried", action="store_true", help="the marks that do not ship, too")
    parser.add_argument("--kept", type=Path, help="keeps vectors here, for the next time")
    given = parser.parse_args()
    sets = {
        name: asked_of(given.data / name, given.kept, training=True)
        for name in given.sets.split(",")
    }
    also = {
        name: asked_of(given.data / name, given.kept, training=False)
        for name in filter(None, given.also.split(","))
    }
    for variant, names in VARIANTS.items() if given.tried else [("shipped", SHIPPED)]:
        print(f"marks: {variant}")
        report(sets, also, names)


if __name__ == "__main__":
    main()
