"""Trains the reader of claims: does a page say what a sentence says of it.

    python -m evaluation.training.claim_reading WEIGHTS FOLDER [--without COLLECTION …]

Beside the documents of some collections (`passages/`) lie claims about them (`claims.jsonl`): for a
fact a sentence that the page supports, in other words, and next to it one or two that have as many
of its words and are wrong by one turn, or right in one part only. So shared words tell nothing.
Some claims are also read beside another page that has most of their words. Training begins with
the WEIGHTS of the judge's reader, which has read many texts, or of an earlier reader of claims, and
changes the support head and all layers; what comes of it is a reader of its own, and the judge
stays as it is. A thousand claims take a minute and a half an epoch on two cores that multiply in
bf16, and no GPU.

`python -m benchmarks.turned` counts what it makes of claims that none of this has seen.
"""

import argparse
import hashlib
import json
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from evaluation.training.batching import batches_of
from evaluation.training.conversing import in_half
from evaluation.training.examples import Support
from evaluation.training.passage_pairs import PASSAGES
from evaluation.training.reader_rows import backbone
from evaluation.training.reader_training import restore, save
from query.claims.claim_reader import FORMAT, RECORD, WEIGHTS
from query.networks.reader_network import ReaderNetwork, encode, open_tokenizer
from query.text.words import fold, stems

CLAIMS = "claims.jsonl"
LENGTH = 320
"""Tokens of a claim with its text."""
WARM_UP = 0.1
ELSEWHERE = 0.4
"""Share of the supported claims that are read beside another page, too, which does not say so: or
else a reader takes any text for one that speaks of the claim."""
WITH_TITLE = 0.5
"""Share of the texts that are read with their title: evidence comes with it, and without."""
DOUBTS_BELOW = 0.2
SURE_FROM = 0.8
CERTAIN_FROM = 0.95
"""All three were set on the first part of `benchmarks/turned_claims.yaml`."""


@dataclass(frozen=True)
class WrittenClaim:
    """A claim somebody wrote about a text."""

    claim: str
    text: str
    support: Support


@dataclass(frozen=True, slots=True)
class Round:
    """How a training goes."""

    epochs: int = 2
    rate: float = 8e-5
    seed: int = 0


def read_claims(
    passages: Path = PASSAGES, without: Collection[str] = (), seed: int = 0
) -> list[WrittenClaim]:
    """Return the claims of all collections that have some, each with its page.

    Args:
        passages: The folder of the collections.
        without: Names of collections that are left out.
        seed: Deals titles and other pages.
    """
    rng = random.Random(seed)
    found = []
    for file in sorted(passages.glob(f"*/{CLAIMS}")):
        if file.parent.name in without:
            continue
        lines = (file.parent / "documents.jsonl").read_text(encoding="utf-8").splitlines()
        pages = {page["id"]: page for page in map(json.loads, lines)}
        words = {page["text"]: frozenset(stems(fold(page["text"]))) for page in pages.values()}
        for line in file.read_text(encoding="utf-8").splitlines():
            one = json.loads(line)
            page = pages[one["document_id"]]
            titled = f"{page['title']}\n\n{page['text']}"
            text = titled if rng.random() < WITH_TITLE else page["text"]
            support = Support(one["support"])
            found.append(WrittenClaim(one["claim"], text, support))
            if support is Support.SUPPORTED and rng.random() < ELSEWHERE:
                other = nearest_page(one["claim"], page["text"], words)
                found.append(WrittenClaim(one["claim"], other, Support.NOT))
    return found


def nearest_page(claim: str, own: str, words: Mapping[str, frozenset[str]]) -> str:
    """Return the text of a page, but for its own, that has most words of a claim.

    Args:
        claim: A sentence.
        own: The text of the page it is about.
        words: Stems of all pages by their texts.
    """
    wanted = frozenset(stems(fold(claim)))
    return max((text for text in words if text != own), key=lambda text: len(wanted & words[text]))


def train(network: ReaderNetwork, claims: Sequence[WrittenClaim], how: Round) -> None:
    """Train a network on claims; it is changed."""
    torch.manual_seed(how.seed)
    rng = random.Random(how.seed)
    tokenizer = open_tokenizer(backbone().tokenizer_file, LENGTH)
    network.freeze(0)
    network.train()
    learning = [p for p in network.parameters() if p.requires_grad]
    batches = [
        batch
        for _ in range(how.epochs)
        for batch in batches_of(claims, lambda one: len(one.text), rng)
    ]
    optimiser = torch.optim.AdamW(learning, lr=how.rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser,
        how.rate,
        total_steps=len(batches) + 1,
        pct_start=WARM_UP,
        anneal_strategy="linear",
    )
    order = list(Support)
    for step, batch in enumerate(batches):
        inputs, _ = encode(tokenizer, [(one.claim, one.text) for one in batch])
        with in_half():
            logits = network.supports(inputs)
        labels = torch.tensor([order.index(one.support) for one in batch])
        loss = nn.functional.cross_entropy(logits.float(), labels)
        loss.backward()
        nn.utils.clip_grad_norm_(learning, 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
        if step % 50 == 0:
            print(f"step {step} of {len(batches)}, loss {loss.item():.3f}", flush=True)
    network.eval()


def write(network: ReaderNetwork, folder: Path) -> None:
    """Write the weights of a reader, and what it is."""
    folder.mkdir(parents=True, exist_ok=True)
    save(network, folder / WEIGHTS)
    record = {
        "format": FORMAT,
        "weights_sha256": hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest(),
        "backbone": backbone().revision,
        "length": LENGTH,
        "doubts_below": DOUBTS_BELOW,
        "sure_from": SURE_FROM,
        "certain_from": CERTAIN_FROM,
    }
    (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Train, and write what came of it."""
    parser = argparse.ArgumentParser(
        prog="python -m evaluation.training.claim_reading",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("weights", type=Path, help="File of weights that it begins with.")
    parser.add_argument("folder", type=Path, help="Where the reader of claims is written.")
    parser.add_argument("--without", nargs="*", default=[], help="Collections to leave out.")
    parser.add_argument("--epochs", type=int, default=Round.epochs)
    parser.add_argument("--rate", type=float, default=Round.rate)
    parser.add_argument("--seed", type=int, default=Round.seed)
    args = parser.parse_args()
    claims = read_claims(without=args.without, seed=args.seed)
    print(f"{len(claims)} claims", flush=True)
    network = ReaderNetwork(backbone().path)
    restore(network, args.weights)
    train(network, claims, Round(args.epochs, args.rate, args.seed))
    write(network, args.folder)


if __name__ == "__main__":
    main()
