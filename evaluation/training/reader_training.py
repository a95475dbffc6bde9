"""The training loop of the reader: rows in, weights out; readers of several seeds averaged."""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from evaluation.training.reader_rows import IGNORED, Kind, Rows, backbone, batch_of
from query.judging.reader import Reading
from query.networks.reader_network import ReaderNetwork, best_spans

DROPOUT = 0.1
WARM_UP = 0.08
SORTED_TOGETHER = 50
"""Batches that are sorted by length together: little is padding, and the order stays random."""
READ_AT_ONCE = 64
REPORT_EVERY = 200
SPAN_WEIGHT = 0.5
"""Of begin and of end, beside whether the passage answers."""

Weights = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class Recipe:
    """How a network is trained."""

    epochs: int
    batch: int
    rate: float
    head_rate: float
    """The heads begin at random, or learnt other questions; the backbone reads already."""
    steps: int = 0
    """Where training ends before all is seen; 0 sees all."""


def open_network() -> ReaderNetwork:
    """Return an untrained network, on the GPU if there is one; embeddings stay as they are."""
    network = ReaderNetwork(backbone().path)
    network.freeze(0)
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = DROPOUT
    return network.to("cuda" if torch.cuda.is_available() else "cpu")


def device_of(network: ReaderNetwork) -> torch.device:
    """Return where a network computes."""
    return next(network.parameters()).device


def in_bf16(device: torch.device) -> AbstractContextManager[None]:
    """Compute in bf16 on a GPU; a processor has all digits."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda")


def batches_of(
    rows: Rows, positions: Sequence[int], size: int, rng: random.Random
) -> list[np.ndarray]:
    """Return batches of one kind and of similar length, in a random order."""
    mixed = np.array(rng.sample(list(positions), len(positions)), np.int64)
    lengths = rows.lengths
    found = []
    for kind in Kind:
        of_kind = mixed[rows.kinds[mixed] == kind]
        for at in range(0, len(of_kind), size * SORTED_TOGETHER):
            together = of_kind[at : at + size * SORTED_TOGETHER]
            together = together[np.argsort(lengths[together], kind="stable")]
            found += [together[i : i + size] for i in range(0, len(together), size)]
    rng.shuffle(found)
    return found


def fit(
    network: ReaderNetwork, rows: Rows, positions: Sequence[int], recipe: Recipe, seed: int
) -> None:
    """Train with a linear warm-up and decay; every epoch sees other batches."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    epochs = [batches_of(rows, positions, recipe.batch, rng) for _ in range(recipe.epochs)]
    batches = [batch for epoch in epochs for batch in epoch][: recipe.steps or None]
    heads = [p for h in (network.span, network.gate, network.support) for p in h.parameters()]
    body = [p for p in network.body.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(
        [{"params": body, "lr": recipe.rate}, {"params": heads, "lr": recipe.head_rate}],
        weight_decay=0.01,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, [recipe.rate, recipe.head_rate], total_steps=max(len(batches) + 1, 20),
        pct_start=WARM_UP, anneal_strategy="linear",
    )  # fmt: skip
    began, losses = time.perf_counter(), []
    network.train()
    for step, batch in enumerate(batches, 1):
        loss = loss_of(network, rows, batch)
        loss.backward()
        nn.utils.clip_grad_norm_([*body, *heads], 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
        losses.append(loss.detach())
        if step % REPORT_EVERY == 0 or step == len(batches):
            spent = time.perf_counter() - began
            mean = torch.stack(losses[-REPORT_EVERY:]).mean().item()
            print(f"step {step} of {len(batches)}, loss {mean:.3f}, {spent:.0f} s", flush=True)
    network.eval()


def loss_of(network: ReaderNetwork, rows: Rows, positions: np.ndarray) -> torch.Tensor:
    """Cross-entropy of begin and end, and of whether the passage answers; or of support."""
    device = device_of(network)
    batch = batch_of(rows, positions, device)
    labels = torch.from_numpy(rows.labels[positions]).to(device)
    with in_bf16(device):
        if rows.kinds[positions[0]] == Kind.CLAIM:
            return nn.functional.cross_entropy(network.supports(batch).float(), labels)
        spans, answers = (logits.float() for logits in network(batch))
    loss = nn.functional.binary_cross_entropy_with_logits(answers, labels.float())
    targets = torch.from_numpy(rows.targets[positions]).to(device)
    for side in (0, 1):
        wrong = nn.functional.cross_entropy(
            spans[..., side], targets[:, side], ignore_index=IGNORED, reduction="sum"
        )
        loss = loss + SPAN_WEIGHT * wrong / len(positions)
    return loss


def fit_average(
    network: ReaderNetwork,
    rows: Rows,
    positions: Sequence[int],
    recipe: Recipe,
    seeds: Sequence[int],
) -> None:
    """Train once per seed from the same start and leave the network with the mean weights."""
    start = copied(network)
    ends = []
    for seed in seeds:
        network.load_state_dict(start)
        fit(network, rows, positions, recipe, seed)
        ends.append(copied(network))
    network.load_state_dict(average(ends))


def copied(network: ReaderNetwork) -> Weights:
    """Return the weights as they are now."""
    return {name: value.clone() for name, value in network.state_dict().items()}


def average(weights: Sequence[Weights]) -> Weights:
    """Return the mean of every weight: readers from one start lie in one valley."""
    return {
        name: torch.stack([one[name].float() for one in weights]).mean(0).to(value.dtype)
        for name, value in weights[0].items()
    }


def sorted_batches(rows: Rows) -> Iterator[np.ndarray]:
    """Yield all rows, those of similar length together."""
    order = np.argsort(rows.lengths, kind="stable")
    for at in range(0, len(order), READ_AT_ONCE):
        yield order[at : at + READ_AT_ONCE]


@torch.inference_mode()
def read(network: ReaderNetwork, rows: Rows) -> list[Reading]:
    """Return what the reader says of every question with its passage."""
    found = np.zeros((len(rows), 2))
    device = device_of(network)
    for positions in sorted_batches(rows):
        with in_bf16(device):
            spans, answers = network(batch_of(rows, positions, device))
        found[positions, 0] = best_spans(spans.float()).cpu().numpy()
        found[positions, 1] = answers.float().cpu().numpy()
    return [Reading(span, answers) for span, answers in found.tolist()]


@torch.inference_mode()
def read_support(network: ReaderNetwork, rows: Rows) -> list[float]:
    """Return the probability that each claim is fully supported by its evidence."""
    found = np.zeros(len(rows))
    device = device_of(network)
    for positions in sorted_batches(rows):
        with in_bf16(device):
            logits = network.supports(batch_of(rows, positions, device))
        found[positions] = logits.float().softmax(-1)[:, 0].cpu().numpy()
    return found.tolist()


def save(network: ReaderNetwork, file: Path) -> None:
    """Write everything but the embeddings, in half precision, in one rename."""
    beside = file.with_suffix(".tmp")
    save_file({k: v.half().contiguous().cpu() for k, v in network.own_weights().items()}, beside)
    beside.replace(file)


def restore(network: ReaderNetwork, file: Path) -> None:
    """Read weights that `save` wrote."""
    weights = {name: value.float() for name, value in load_file(file).items()}
    network.load_state_dict(weights, strict=False)
