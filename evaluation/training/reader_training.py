"""The training loop of the reader: pairs in, weights out, with checkpoints on the way."""

import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import nn

from evaluation.training.claim_data import Claim
from evaluation.training.cross_encoder_data import Asked, Pair
from query.reader import Reading
from query.reader_network import SUPPORT, ReaderNetwork, best_spans, encode

BATCH = 16
RATE = 1e-4
HEAD_RATE = 1e-3
"""The heads begin at random, the backbone does not."""
IGNORED = -100
One = TypeVar("One", Pair, Claim)
CHECKPOINT_EVERY = 100


def targets_of(pairs: Sequence[Pair], encodings: Sequence[Any]) -> torch.Tensor:
    """Return first and last token of every answer: 0 is null, `IGNORED` teaches no span."""
    targets = torch.zeros(len(pairs), 2, dtype=torch.long)
    for row, (pair, encoding) in enumerate(zip(pairs, encodings, strict=True)):
        if not pair.answers:
            continue
        inside = [
            i
            for i, ((start, end), kind) in enumerate(
                zip(encoding.offsets, encoding.sequence_ids, strict=True)
            )
            if kind == 1 and pair.start >= 0 and start < pair.end and end > pair.start
        ]
        targets[row] = torch.tensor([inside[0], inside[-1]] if inside else [IGNORED, IGNORED])
    return targets


def texts_of(one: Pair | Claim) -> tuple[str, str]:
    """Return what is read together."""
    return (one.question, one.passage) if isinstance(one, Pair) else (one.claim, one.evidence)


def batches(
    pairs: Sequence[Pair], claims: Sequence[Claim], seed: int
) -> Iterator[Sequence[Pair] | Sequence[Claim]]:
    """Yield batches of one kind and of similar length, in a random order: little is padding."""
    rng = random.Random(seed)
    groups = [*grouped(pairs, rng), *grouped(claims, rng)]
    rng.shuffle(groups)
    yield from groups


def grouped(every: Sequence[One], rng: random.Random) -> list[Sequence[One]]:
    """Put together what is of similar length, otherwise by chance."""
    mixed = rng.sample(every, len(every))
    mixed.sort(key=lambda one: sum(map(len, texts_of(one))) // 40)
    return [mixed[i : i + BATCH] for i in range(0, len(mixed), BATCH)]


def train(
    network: ReaderNetwork,
    tokenizer: Tokenizer,
    pairs: Sequence[Pair],
    seed: int,
    checkpoint: Path | None = None,
    claims: Sequence[Claim] = (),
    epochs: int = 1,
) -> None:
    """Train with a linear warm-up and decay; every epoch sees another order and other batches."""
    device = next(network.parameters()).device
    groups = [g for epoch in range(epochs) for g in batches(pairs, claims, seed + epoch)]
    heads = [p for h in (network.span, network.gate, network.support) for p in h.parameters()]
    known = {id(p) for p in heads}
    body = [p for p in network.parameters() if p.requires_grad and id(p) not in known]
    optimiser = torch.optim.AdamW(
        [{"params": body, "lr": RATE}, {"params": heads, "lr": HEAD_RATE}], weight_decay=0.01
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, [RATE, HEAD_RATE], total_steps=max(len(groups) + 1, 20), pct_start=0.1,
        anneal_strategy="linear",
    )  # fmt: skip
    began, losses = time.perf_counter(), []
    network.train()
    for step, group in enumerate(groups, 1):
        batch, encodings = encode(tokenizer, [texts_of(one) for one in group])
        loss = loss_of(network, {k: v.to(device) for k, v in batch.items()}, group, encodings)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
        losses.append(loss.item())
        if step % 20 == 0:
            spent = time.perf_counter() - began
            print(
                f"step {step} of {len(groups)}, loss {np.mean(losses[-20:]):.3f}, {spent:.0f} s, "
                f"{step * BATCH / spent:.1f} pairs/s",
                flush=True,
            )
        if checkpoint is not None and step % CHECKPOINT_EVERY == 0:
            save(network, checkpoint)
    network.eval()


def loss_of(
    network: ReaderNetwork,
    batch: dict[str, torch.Tensor],
    group: Sequence[Pair] | Sequence[Claim],
    encodings: Sequence[Any],
) -> torch.Tensor:
    """Cross-entropy of begin and end, and of whether the passage answers; or of support."""
    claims = [one for one in group if isinstance(one, Claim)]
    if claims:
        support = network.supports(batch)
        wanted = torch.tensor([SUPPORT.index(c.support) for c in claims], device=support.device)
        return nn.functional.cross_entropy(support, wanted)
    pairs = [one for one in group if isinstance(one, Pair)]
    spans, answers = network(batch)
    targets = targets_of(pairs, encodings).to(spans.device)
    yes = torch.tensor([float(p.answers) for p in pairs], device=spans.device)
    loss = nn.functional.binary_cross_entropy_with_logits(answers, yes)
    if (targets[:, 0] != IGNORED).any():
        for side in (0, 1):
            loss = loss + 0.5 * nn.functional.cross_entropy(
                spans[..., side], targets[:, side], ignore_index=IGNORED
            )
    return loss


@torch.inference_mode()
def read_all(
    network: ReaderNetwork, tokenizer: Tokenizer, asked: Sequence[Asked]
) -> list[list[Reading]]:
    """Read the passages of every question, those of similar length together."""
    device = next(network.parameters()).device
    flat = [(i, text) for i, a in enumerate(asked) for text in a.passages]
    flat.sort(key=lambda item: len(item[1]))
    found: list[list[Reading]] = [[] for _ in asked]
    for begin in range(0, len(flat), 32):
        part = flat[begin : begin + 32]
        batch, _ = encode(tokenizer, [(asked[i].question, text) for i, text in part])
        spans, answers = network({k: v.to(device) for k, v in batch.items()})
        scores = zip(best_spans(spans).tolist(), answers.tolist(), strict=True)
        for (i, _), (span, answer) in zip(part, scores, strict=True):
            found[i].append(Reading(span, answer))
    return found


@torch.inference_mode()
def support_of(
    network: ReaderNetwork, tokenizer: Tokenizer, claims: Sequence[Claim]
) -> list[float]:
    """Return the probability that each claim is fully supported by its evidence."""
    device = next(network.parameters()).device
    found = []
    for begin in range(0, len(claims), BATCH):
        batch, _ = encode(tokenizer, [texts_of(c) for c in claims[begin : begin + BATCH]])
        logits = network.supports({k: v.to(device) for k, v in batch.items()})
        found += logits.softmax(-1)[:, 0].tolist()
    return found


def save(network: ReaderNetwork, file: Path) -> None:
    """Write what training changed, in half precision, in one rename."""
    beside = file.with_suffix(".tmp")
    save_file({k: v.half().contiguous().cpu() for k, v in network.own_weights().items()}, beside)
    beside.replace(file)


def restore(network: ReaderNetwork, file: Path) -> None:
    """Read weights that `save` wrote."""
    weights = {name: value.float() for name, value in load_file(file).items()}
    network.load_state_dict(weights, strict=False)
