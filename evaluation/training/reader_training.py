"""The training loop of the reader: pairs in, weights out, with checkpoints on the way."""

import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import nn

from evaluation.training.cross_encoder_data import Asked, Pair
from query.reader import Reading
from query.reader_network import ReaderNetwork, best_spans, encode

BATCH = 16
RATE = 1e-4
HEAD_RATE = 1e-3
"""The heads begin at random, the backbone does not."""
IGNORED = -100
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


def batches(pairs: Sequence[Pair], seed: int) -> Iterator[list[Pair]]:
    """Yield batches of pairs of similar length, in a random order: little is padding."""
    ordered = sorted(pairs, key=lambda p: len(p.question) + len(p.passage))
    groups = [list(ordered[i : i + BATCH]) for i in range(0, len(ordered), BATCH)]
    random.Random(seed).shuffle(groups)
    yield from groups


def train(
    network: ReaderNetwork,
    tokenizer: Tokenizer,
    pairs: Sequence[Pair],
    seed: int,
    checkpoint: Path | None = None,
) -> None:
    """Train for one epoch with a linear warm-up and decay."""
    device = next(network.parameters()).device
    groups = list(batches(pairs, seed))
    heads = [*network.span.parameters(), *network.gate.parameters()]
    known = {id(p) for p in heads}
    body = [p for p in network.parameters() if p.requires_grad and id(p) not in known]
    optimiser = torch.optim.AdamW(
        [{"params": body, "lr": RATE}, {"params": heads, "lr": HEAD_RATE}], weight_decay=0.01
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, [RATE, HEAD_RATE], total_steps=len(groups) + 1, pct_start=0.1,
        anneal_strategy="linear",
    )  # fmt: skip
    began, losses = time.perf_counter(), []
    network.train()
    for step, group in enumerate(groups, 1):
        batch, encodings = encode(tokenizer, [(p.question, p.passage) for p in group])
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
    group: Sequence[Pair],
    encodings: Sequence[Any],
) -> torch.Tensor:
    """Cross-entropy of begin and end, and of whether the passage answers at all."""
    spans, answers = network(batch)
    targets = targets_of(group, encodings).to(spans.device)
    yes = torch.tensor([float(p.answers) for p in group], device=spans.device)
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


def save(network: ReaderNetwork, file: Path) -> None:
    """Write what training changed, in half precision, in one rename."""
    beside = file.with_suffix(".tmp")
    save_file({k: v.half().contiguous().cpu() for k, v in network.own_weights().items()}, beside)
    beside.replace(file)


def restore(network: ReaderNetwork, file: Path) -> None:
    """Read weights that `save` wrote."""
    weights = {name: value.float() for name, value in load_file(file).items()}
    network.load_state_dict(weights, strict=False)
