"""Trains a reader on the MiniLM backbone, stacks it with the feature gate, compares the two.

    python -m evaluation.training.cross_encoder prepare DATA FOLDER   # retrieve once
    python -m evaluation.training.cross_encoder train FOLDER          # reader.safetensors
    python -m evaluation.training.cross_encoder figures FOLDER        # stack, compare, reader.json

The reader says where in a passage the answer stands and whether it stands there at all; a logistic
regression stacks that with the feature gate, fitted on training articles the reader did not see.
It ships only if `figures` says so: on held-out articles the gain over the features must lie above
chance (95 % bootstrap by article) for the adversarial and for the ablated questions of the sets it
was trained on, and no set, those it never saw included, may lose by more than chance. Runs on a
GPU if there is one, else on the processor.
"""

import argparse
import copy
import hashlib
import json
import random
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

from benchmarks.gate import PRIOR_ODDS
from config.settings import EmbeddingSettings, GateSettings
from evaluation.metrics.gate import auroc
from evaluation.metrics.intervals import Interval, bootstrap
from evaluation.training.claim_data import (
    compare_support,
    keep_claims,
    load_claims,
    read_claims,
    training_claims,
)
from evaluation.training.cross_encoder_data import (
    NEVER_TRAINED_ON,
    PASSAGES,
    TRAINED_ON,
    Asked,
    Pair,
    Part,
    keep,
    load,
    read_kept,
)
from evaluation.training.reader_training import read_all, restore, save, support_of, train
from evaluation.training.swapped_names import swapped_names
from indexing.model_files import find_model
from query.gate import ABSENT_FACTOR
from query.judge import CLIP
from query.reader import FORMAT, RECORD, WEIGHTS, Reading
from query.reader_network import ReaderNetwork, open_tokenizer
from query.trained_judge import INPUTS, Stack, stacked

LENGTH = 192
FROZEN = 2
CLAIMS = "claims.jsonl"
SMALL = {"clapnq": 3, "awsdocs": 3}
"""Sets whose pairs are taken so often: conversational and technical questions are few."""


class Share(StrEnum):
    """Whether a kind of examples is trained on."""

    LEARNT = "learnt"
    LEFT_OUT = "left-out"


def open_network() -> tuple[ReaderNetwork, object]:
    """Return an untrained network, on the GPU if there is one, and its tokenizer."""
    files = find_model(EmbeddingSettings())
    network = ReaderNetwork(files.path)
    network.freeze(FROZEN)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return network.to(device), open_tokenizer(files.tokenizer_file, LENGTH)


def run_prepare(given: argparse.Namespace) -> None:
    """Retrieve for every set and keep what was found."""
    given.folder.mkdir(parents=True, exist_ok=True)
    keep_claims(load_claims(given.data), given.folder / CLAIMS)
    for name in given.sets.split(","):
        asked = load(given.data, name, given.limit)
        keep(asked, given.folder / f"{name}.jsonl")
        parts = {part.value: sum(a.part is part for a in asked) for part in Part}
        print(f"{name}: {parts}, {sum(len(a.pairs) for a in asked)} pairs", flush=True)


def training_pairs(folder: Path, seed: int, names: Share = Share.LEFT_OUT) -> list[Pair]:
    """Return all pairs in a fixed random order, small sets repeated."""
    pairs = [
        pair
        for name in TRAINED_ON
        for asked in read_kept(folder / f"{name}.jsonl")
        for pair in asked.pairs * SMALL.get(name, 1)
    ]
    if names is Share.LEARNT:
        pairs += swapped_names(pairs, seed)
    random.Random(seed).shuffle(pairs)
    return pairs


def run_train(given: argparse.Namespace) -> None:
    """Train and write the weights."""
    torch.manual_seed(given.seed)
    network, tokenizer = open_network()
    pairs = training_pairs(given.folder, given.seed, given.swapped_names)
    pairs = pairs[: given.pairs or None]
    share = np.mean([p.answers for p in pairs])
    known = read_claims(given.folder / CLAIMS) if given.claims is Share.LEARNT else []
    claims = training_claims(known, given.seed)
    print(f"{len(pairs)} pairs, {share:.2f} with the answer, {len(claims)} claims", flush=True)
    checkpoint = given.folder / "checkpoint.safetensors"
    train(network, tokenizer, pairs, given.seed, checkpoint, claims, given.epochs)
    save(network, given.folder / WEIGHTS)


def sample(asked: Sequence[Asked], most: int) -> list[Asked]:
    """Take a fixed random sample where there are many."""
    every = list(asked)
    random.Random(5).shuffle(every)
    return every[: most or None]


def is_positive(asked: Asked) -> bool:
    """Tell whether the answer is there; two answers of namesakes are there too."""
    return asked.label == "answerable" or (asked.name == "ramdocs" and asked.label == "ambiguous")


def is_judged(asked: Asked) -> bool:
    """Tell whether a question takes part in the comparison."""
    return asked.label == "unanswerable" or is_positive(asked)


def after_rules(p: float, asked: Asked) -> float:
    """Apply what the rules do to a probability of whatever judge (`query.gate.rule`)."""
    if not asked.lacks_name:
        return p
    return min(p * ABSENT_FACTOR, GateSettings().partial_at * 0.99)


def fit_stack(asked: Sequence[Asked], readings: Sequence[Sequence[Reading]]) -> Stack:
    """Fit with equal weight for every set, and the odds the feature gate was fitted with."""
    rows = np.array([stacked(a.p_features, r) for a, r in zip(asked, readings, strict=True)])
    yes = np.array([is_positive(a) for a in asked])
    names = [a.name for a in asked]
    weight = np.array([1.0 / names.count(name) for name in names])
    weight[yes] /= weight[yes].sum() / PRIOR_ODDS
    weight[~yes] /= weight[~yes].sum()
    mean, scale = rows.mean(0), rows.std(0) + 1e-6
    scaled = np.clip((rows - mean) / scale, -CLIP, CLIP)
    model = LogisticRegression(C=1.0, max_iter=2000)
    model.fit(scaled, yes, sample_weight=weight * len(yes) / (1.0 + PRIOR_ODDS))
    return Stack(
        tuple(mean.round(6).tolist()),
        tuple(scale.round(6).tolist()),
        tuple(model.coef_[0].round(6).tolist()),
        float(model.intercept_[0].round(6)),
    )


def gain_of(
    asked: Sequence[Asked], ours: np.ndarray, theirs: np.ndarray
) -> tuple[Callable[[np.ndarray], float], list[str]]:
    """Return the mean gain in AUROC over the sets, weighted by their unanswerable questions."""
    yes = np.array([is_positive(a) for a in asked])
    names = np.array([a.name for a in asked])

    def gain(positions: np.ndarray) -> float:
        total, weights = 0.0, 0
        for name in np.unique(names[positions]):
            p = positions[names[positions] == name]
            negative = int((~yes[p]).sum())
            if not negative or negative == len(p):
                continue
            total += negative * (auroc(yes[p], ours[p]) - auroc(yes[p], theirs[p]))
            weights += negative
        return total / weights if weights else float("nan")

    return gain, [a.group for a in asked]


def compare(asked: Sequence[Asked], scores: dict[str, np.ndarray]) -> tuple[dict[str, dict], bool]:
    """Print figures per set and tier and per tier of the training sets; tell if it is worth it."""
    found: dict[str, dict] = {}

    def line(title: str, wanted: Callable[[Asked], bool]) -> Interval:
        at = [i for i, a in enumerate(asked) if wanted(a)]
        rows = [asked[i] for i in at]
        gain, groups = gain_of(rows, scores["stacked"][at], scores["features"][at])
        interval = bootstrap(gain, groups)
        yes = np.array([is_positive(a) for a in rows])
        values = {kind: round(auroc(yes, s[at]), 4) for kind, s in scores.items()}
        counts = {"answerable": int(yes.sum()), "unanswerable": int((~yes).sum())}
        found[title] = {**values, **counts, "gain": interval.to_json()}
        shown = ", ".join(f"{kind} {value:.3f}" for kind, value in values.items())
        between = f"[{interval.low:+.3f}, {interval.high:+.3f}]"
        print(f"{title} {counts}: {shown}; gain {interval.value:+.3f} {between}", flush=True)
        return interval

    lost = False
    for name in dict.fromkeys(a.name for a in asked):
        for tier in sorted({a.tier for a in asked if a.name == name and not is_positive(a)}):
            interval = line(
                f"{name} {tier}",
                lambda a, n=name, t=tier: a.name == n and (is_positive(a) or a.tier == t),
            )
            lost = lost or interval.high < 0
    worth = not lost
    for tier in ("adversarial", "ablated"):
        interval = line(
            f"all sets trained on, {tier}",
            lambda a, t=tier: a.name in TRAINED_ON and (is_positive(a) or a.tier == t),
        )
        worth = worth and interval.low > 0
    return found, worth


def run_figures(given: argparse.Namespace) -> None:
    """Read, stack, compare, and write `reader.json` beside the weights."""
    network, tokenizer = open_network()
    restore(network, given.folder / WEIGHTS)
    network.eval()
    known: list[Asked] = []
    tested: list[Asked] = []
    for name in TRAINED_ON + NEVER_TRAINED_ON:
        every = [a for a in read_kept(given.folder / f"{name}.jsonl") if is_judged(a)]
        known += sample([a for a in every if a.part is Part.STACK], given.stack)
        tested += sample([a for a in every if a.part is Part.HELD_OUT], given.test)
    stack = fit_stack(known, read_all(network, tokenizer, known))
    print(f"{len(known)} questions for the stack, {len(tested)} held out; {stack}", flush=True)
    readings = read_all(network, tokenizer, tested)
    pairs = list(zip(tested, readings, strict=True))
    scores = {
        "features": np.array([after_rules(a.p_features, a) for a in tested]),
        "reader": np.array([max(r.answers for r in rs) for rs in readings]),
        "span": np.array([max(r.span for r in rs) for rs in readings]),
        "stacked": np.array(
            [after_rules(stack.probability(a.p_features, rs), a) for a, rs in pairs]
        ),
    }
    found, worth = compare(tested, scores)
    claims = [c for c in read_claims(given.folder / CLAIMS) if c.held_out]
    support = compare_support(claims, support_of(network, tokenizer, claims))
    print("worth shipping" if worth else "not worth shipping: see which gain may be chance")
    weights = (given.folder / WEIGHTS).read_bytes()
    digest = hashlib.sha256(weights).hexdigest()
    record = {
        "format": FORMAT,
        "calibration_id": f"reader-{digest[:8]}",
        "weights_sha256": digest,
        "backbone": find_model(EmbeddingSettings()).revision,
        "length": LENGTH,
        "passages": PASSAGES,
        "stack": {
            "inputs": list(INPUTS), "means": stack.means, "scales": stack.scales,
            "coefficients": stack.coefficients, "intercept": stack.intercept,
        },
        "worth_shipping": worth,
        "figures": found,
        "support": support,
    }  # fmt: skip
    (given.folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def run_speed(given: argparse.Namespace) -> None:
    """Print processor time per pair on one thread; the weights do not matter for it."""
    torch.set_num_threads(1)
    network, tokenizer = open_network()
    plain = network.cpu().eval()
    half = copy.deepcopy(plain)
    half.to_bf16()
    every = read_kept(given.folder / "squad.jsonl")
    asked = [a for a in every if len(a.passages) == PASSAGES][:8]
    for name, one in (("fp32", plain), ("bf16", half)):
        read_all(one, tokenizer, asked[:1])  # what happens only once is not counted
        began = time.process_time()
        for question in asked:
            read_all(one, tokenizer, [question])
        spent = 1000 * (time.process_time() - began) / (PASSAGES * len(asked))
        print(f"{name}: {spent:.1f} ms per pair", flush=True)


def main() -> None:
    """Run one of the three steps."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    steps = parser.add_subparsers(required=True)
    step = steps.add_parser("prepare", help="retrieve for all sets")
    step.add_argument("data", type=Path)
    step.add_argument("folder", type=Path)
    step.add_argument("--sets", default=",".join(TRAINED_ON + NEVER_TRAINED_ON))
    step.add_argument("--limit", type=int, default=0, help="questions per set; 0 takes all")
    step.set_defaults(run=run_prepare)
    step = steps.add_parser("train", help="train the reader")
    step.add_argument("folder", type=Path)
    step.add_argument("--pairs", type=int, default=0, help="0 takes all")
    step.add_argument("--seed", type=int, default=1)
    step.add_argument("--epochs", type=int, default=3)
    step.add_argument("--claims", type=Share, default=Share.LEARNT)
    step.add_argument("--swapped-names", type=Share, default=Share.LEFT_OUT)
    step.set_defaults(run=run_train)
    step = steps.add_parser("figures", help="fit the stack and compare with the features")
    step.add_argument("folder", type=Path)
    step.add_argument("--stack", type=int, default=400, help="questions per set for the stack")
    step.add_argument("--test", type=int, default=800, help="held-out questions per set")
    step.set_defaults(run=run_figures)
    step = steps.add_parser("speed", help="time one pair on one thread")
    step.add_argument("folder", type=Path)
    step.set_defaults(run=run_speed)
    given = parser.parse_args()
    given.run(given)


if __name__ == "__main__":
    main()
