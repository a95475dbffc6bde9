"""Goes on training the shipped reader on conversations; what it says of other questions is kept.

    python -m evaluation.training.conversing train DATA BEFORE FOLDER --without A,B,C
    python -m evaluation.training.conversing average ONE OTHER FOLDER
    python -m evaluation.training.conversing stack FOLDER FOLDER
    python -m evaluation.training.conversing figures FOLDER SET…

The reader learnt from questions that stand alone and are asked of one page. People who talk with an
assistant ask otherwise: "and if nobody manages to call?". So it is shown the questions of made-up
collections with what the search brings for them (`conversation_pairs.py`), and questions written
about one passage with their twins that it does not answer (`passage_pairs.py`); a follow-up in two
forms, with the topic that was added to it and behind the turn before it. To keep what it knows, it
is held to what it said before of questions of squad and nq_oracle (DATA), in the manner of learning
without forgetting (Li and Hoiem, 2016). Nothing of mtrag_un, ramdocs, clapnq or awsdocs takes part.
Three quarters of an hour on two cores that multiply in bf16, and no GPU. BEFORE is the reader that
it begins with, as `cross_encoder` makes it. `average` puts two readers together that began with the
same one (Wortsman et al., Model soups, 2022).

`stack` fits how features and reader are put together in conversations, with the readings of a
reader of the collections that it did not learn.
"""

import argparse
import copy
import hashlib
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from evaluation.metrics.gate import auroc
from evaluation.questions import DOCUMENTS, QuestionSet, read_set
from evaluation.training.batching import batches_of
from evaluation.training.conversation_pairs import Asked, ask, pairs_of
from evaluation.training.openness import CONVERSATIONS
from evaluation.training.passage_pairs import PASSAGES, Pair, pairs_about_passages, tokens_of
from evaluation.training.reader_rows import IGNORED, LENGTH, backbone
from evaluation.training.reader_training import restore, save
from indexing.encoding.processor import processor_has_bf16
from query.decision import Verdict
from query.judging.judge import FeatureJudge
from query.judging.logistic import CLIP
from query.judging.reader import (
    HERE,
    RECORD,
    WEIGHTS,
    Reading,
    SpanReader,
    in_brief,
    read_record,
    text_of,
)
from query.judging.stacking import INPUTS, stacked
from query.judging.trained_judge import until_enough
from query.networks.reader_network import ReaderNetwork, encode, open_tokenizer

KEPT_SETS = {"squad": 700, "nq_oracle": 500}
"""Questions of which the reader goes on saying what it said."""
KEPT_PAIRS = 2400
KEPT_AT_ONCE = 4
KEPT_ANSWERS = 0.1
KEPT_SPANS = 0.03
"""Weights of the squared differences from what it said before."""
EPOCHS = 1
RATE = 4e-5
WARM_UP = 0.1
SEED = 0
SPAN_WEIGHT = 0.25
"""Of begin and of end, beside whether the passage answers; for pairs that say where."""
STRENGTH = 0.3
"""Inverse of the regularisation of the stack."""
BESIDE = 0.6
"""What the logit of the other stack counts beside that of conversations in one."""
ADVICE = 0.5
"""What the logit of conversations counts beside that of the other stack where nothing was said."""
SHARPNESS = 1.4
"""What the fitted logit is multiplied by. Regularised like that, it leaves a third of all questions
between the thresholds; this was set on seven collections that neither the reader nor the stack had
seen, by the macro-F1 of the verdicts."""
LENIENCE = 0.4
"""What is added to the fitted logit: with equal weight for both labels it takes half of all
questions for unanswerable, and three in four that people ask have an answer. It was set with all
thirteen sets of conversations in view, and after the verdicts of mtrag_un without it were seen."""


def train(
    network: ReaderNetwork, tokenizer: Any, pairs: Sequence[Pair], kept: Sequence[tuple[str, str]]
) -> None:
    """Train a network on pairs while it goes on saying what it said of `kept`.

    Args:
        network: A reader; it is changed.
        tokenizer: That of its backbone.
        pairs: What it learns.
        kept: Questions with passages on which it must not change.
    """
    torch.manual_seed(SEED)
    rng = random.Random(SEED)
    before = copy.deepcopy(network).eval()
    network.freeze(0)
    network.train()
    learning = [p for p in network.parameters() if p.requires_grad]
    batches = [
        batch
        for _ in range(EPOCHS)
        for batch in batches_of(pairs, lambda pair: len(pair.passage), rng)
    ]
    optimiser = torch.optim.AdamW(learning, lr=RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, RATE, total_steps=len(batches) + 1, pct_start=WARM_UP, anneal_strategy="linear"
    )
    for step, batch in enumerate(batches):
        loss = _of_pairs(network, tokenizer, batch)
        at = step * KEPT_AT_ONCE % max(1, len(kept) - KEPT_AT_ONCE + 1)
        loss = loss + _of_kept(network, before, tokenizer, kept[at : at + KEPT_AT_ONCE])
        loss.backward()
        nn.utils.clip_grad_norm_(learning, 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
        if step % 50 == 0:
            print(f"step {step} of {len(batches)}, loss {loss.item():.3f}", flush=True)
    network.eval()


def _of_pairs(network: ReaderNetwork, tokenizer: Any, batch: Sequence[Pair]) -> torch.Tensor:
    """Cross-entropy of whether the passages answer, and of where, for pairs that say so."""
    inputs, encodings = encode(tokenizer, [(pair.question, pair.passage) for pair in batch])
    with in_half():
        spans, answers = network(inputs)
    labels = torch.tensor([float(pair.answers) for pair in batch])
    weights = torch.tensor([pair.weight for pair in batch])
    wrong = nn.functional.binary_cross_entropy_with_logits(
        answers.float(), labels, reduction="none"
    )
    loss = (wrong * weights).mean()
    targets = torch.tensor([tokens_of(*both) for both in zip(batch, encodings, strict=True)])
    for side in (0, 1):
        far = nn.functional.cross_entropy(
            spans[..., side].float(), targets[:, side], ignore_index=IGNORED, reduction="sum"
        )
        loss = loss + SPAN_WEIGHT * far / len(batch)
    return loss


def _of_kept(
    network: ReaderNetwork, before: ReaderNetwork, tokenizer: Any, kept: Sequence[tuple[str, str]]
) -> torch.Tensor:
    """How far a network has gone from what another one says."""
    if not kept:
        return torch.zeros(())
    inputs, _ = encode(tokenizer, kept)
    with in_half():
        with torch.no_grad():
            old_spans, old_answers = before(inputs)
        spans, answers = network(inputs)
    far = ((answers.float() - old_answers.float()) ** 2).mean()
    far_spans = ((spans.float() - old_spans.float())[inputs["readable"]] ** 2).mean()
    return KEPT_ANSWERS * far + KEPT_SPANS * far_spans


def in_half() -> torch.autocast:
    """Have a block multiply in bf16 where the processor can; elsewhere that would be slower."""
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=processor_has_bf16())


def open_reader(folder: Path) -> tuple[ReaderNetwork, Any]:
    """Return the network of a reader with all its digits, and its tokenizer."""
    network = ReaderNetwork(backbone().path)
    restore(network, folder / WEIGHTS)
    return network.eval(), open_tokenizer(backbone().tokenizer_file, LENGTH)


def write(network: ReaderNetwork, folder: Path, learnt: Sequence[Path]) -> None:
    """Write a reader beside the record of the shipped one, with the digests of this one."""
    folder.mkdir(parents=True, exist_ok=True)
    save(network, folder / WEIGHTS)
    write_record(folder, [path.name for path in learnt])


def write_record(folder: Path, learnt: Sequence[str]) -> None:
    """Write the record of the shipped reader with the digest of the weights in a folder."""
    record = json.loads((HERE / RECORD).read_text(encoding="utf-8"))
    digest = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    record |= {"weights_sha256": digest, "conversations": list(learnt)}
    name_anew(record)
    (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def pairs_by_collection(without: Sequence[str]) -> Iterator[tuple[str, list[Pair]]]:
    """Yield what the collections teach: by conversations, and by questions about passages."""
    for path in sets_without(without):
        question_set = read_set(path)
        talked = [pair for asked in ask(question_set) for pair in pairs_of(asked)]
        yield path.name, talked + list(pairs_about_passages(question_set))
    for path in sorted(PASSAGES.iterdir()):
        if path.is_dir() and path.name not in without:
            question_set = QuestionSet(path.name, path, (), path / DOCUMENTS)
            yield path.name, list(pairs_about_passages(question_set))


def chosen(
    collections: Iterable[tuple[str, list[Pair]]], new: Sequence[str], share: float
) -> list[Pair]:
    """Return all pairs of the collections that are new, and a random share of the others'.

    Raises:
        ValueError: A collection that is said to be new is not there.
    """
    rng = random.Random(SEED)
    found: list[Pair] = []
    missing = set(new)
    for name, pairs in collections:
        missing.discard(name)
        known = bool(new) and name not in new
        found += rng.sample(pairs, round(share * len(pairs))) if known else pairs
    if missing:
        raise ValueError(
            f"--new names collections that are not there: {', '.join(sorted(missing))}."
        )
    return found


def prepare_and_train(args: argparse.Namespace) -> None:
    """Ask all questions, train, write."""
    without, new = ([n for n in names.split(",") if n] for names in (args.without, args.new))
    sets = sets_without(without)
    pairs = chosen(pairs_by_collection(without), new, args.share)
    kept = [
        (in_brief(asked.question.text), text_of(passage))
        for name, limit in KEPT_SETS.items()
        for asked in ask(read_set(args.data / name), limit)
        for passage in asked.passages[:2]
    ]
    kept = random.Random(SEED).sample(kept, min(KEPT_PAIRS, len(kept)))
    print(f"{len(pairs)} pairs, {len(kept)} to keep", flush=True)
    network, tokenizer = open_reader(args.before)
    train(network, tokenizer, pairs, kept)
    write(network, args.folder, sets)


def average(one: Path, other: Path, folder: Path) -> None:
    """Write the mean of two readers that began alike: it has of what both know.

    Raises:
        ValueError: They have not the same weights.
    """
    weights = [load_file(of / WEIGHTS) for of in (one, other)]
    if weights[0].keys() != weights[1].keys():
        raise ValueError("The readers have not the same weights.")
    folder.mkdir(parents=True, exist_ok=True)
    mean = {
        name: ((value.float() + weights[1][name].float()) / 2).half()
        for name, value in weights[0].items()
    }
    save_file(mean, folder / WEIGHTS)
    learnt = {name for of in (one, other) for name in learnt_by(of)}
    write_record(folder, sorted(learnt))


def learnt_by(folder: Path) -> list[str]:
    """Return the collections whose conversations a reader learnt."""
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    return list(record.get("conversations", ()))


def readings_of(reader: SpanReader, asked: Asked) -> list[Reading]:
    """Return what a reader says of the passages that the judge has it read."""
    one_by_one = (reader.read(asked.question.text, [text_of(p)])[0] for p in asked.passages[:2])
    return until_enough(one_by_one, reader.record.enough)


def fit_in_talk(rows: np.ndarray, positive: np.ndarray) -> dict[str, Any]:
    """Fit a stack with equal weight for both labels; return it as the record of a reader has it."""
    from sklearn.linear_model import LogisticRegression

    mean, scale = rows.mean(0), rows.std(0) + 1e-6
    # The features know little of conversations, and nothing that would hold elsewhere.
    learnt = np.array([name != "features" for name in INPUTS])
    scaled = np.clip((rows - mean) / scale, -CLIP, CLIP) * learnt
    model = LogisticRegression(C=STRENGTH, class_weight="balanced").fit(scaled, positive)
    return {
        "beside": BESIDE,
        "advice": ADVICE,
        "inputs": list(INPUTS),
        "means": [float(v) for v in mean.round(6)],
        "scales": [float(v) for v in scale.round(6)],
        "coefficients": [float(v) for v in (SHARPNESS * model.coef_[0] * learnt).round(6)],
        "intercept": round(float(SHARPNESS * model.intercept_[0] + LENIENCE), 6),
    }


def stack_in_talk(other: Path, folder: Path) -> None:
    """Fit the stack of conversations, and write it into the record of a reader."""
    reader = SpanReader(other, read_record(other))
    features = FeatureJudge()
    rows, positive = [], []
    for path in sets_without(learnt_by(other)):
        for asked in ask(read_set(path)):
            label = asked.labelled.label
            if label in {Verdict.ANSWERABLE, Verdict.UNANSWERABLE}:
                p = features.judge(asked.question, asked.passages, asked.legs).p_answerable
                rows.append(stacked(p, readings_of(reader, asked)))
                positive.append(label is Verdict.ANSWERABLE)
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    record["in_talk"] = fit_in_talk(np.array(rows), np.array(positive))
    name_anew(record)
    (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(f"fitted to {len(rows)} questions, {sum(positive)} of them answerable")


def name_anew(record: dict[str, Any]) -> None:
    """Give a record the name of a judge that depends on all that its scores depend on."""
    parts = [record["weights_sha256"], record["stack"], record.get("in_talk")]
    parts += [record.get(name) for name in ("length", "passages", "enough")]
    whole = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    record["calibration_id"] = f"reader-{whole[:8]}"


def sets_without(names: Sequence[str]) -> list[Path]:
    """Return the folders of the made-up collections but for some."""
    known = sorted(path for path in CONVERSATIONS.iterdir() if path.is_dir())
    return [path for path in known if path.name not in names]


def figures(folder: Path, question_set: QuestionSet) -> None:
    """Print how well the shipped reader and another one tell answerable from unanswerable."""
    every = [
        asked
        for asked in ask(question_set)
        if asked.labelled.label in {Verdict.ANSWERABLE, Verdict.UNANSWERABLE}
    ]
    positive = np.array([asked.labelled.label is Verdict.ANSWERABLE for asked in every])
    line = f"{question_set.name:14} {len(every):5} questions"
    for name, of in (("shipped", HERE), ("trained", folder)):
        reader = SpanReader(of, read_record(of))
        best = [max(r.answers for r in readings_of(reader, asked)) for asked in every]
        line += f"  {name} {auroc(positive, np.array(best)):.3f}"
    print(line, flush=True)


def main() -> None:
    """Train or measure."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.training.conversing")
    commands = parser.add_subparsers(dest="command", required=True)
    training = commands.add_parser("train")
    training.add_argument("data", type=Path)
    training.add_argument("before", type=Path)
    training.add_argument("folder", type=Path)
    training.add_argument("--without", default="", help="Collections that are not learnt.")
    training.add_argument("--new", default="", help="What BEFORE does not know; none: nothing.")
    training.add_argument("--share", type=float, default=1.0, help="… of the rest is learnt again.")
    averaging = commands.add_parser("average")
    for name in ("one", "other", "folder"):
        averaging.add_argument(name, type=Path)
    stacking = commands.add_parser("stack")
    stacking.add_argument("other", type=Path)
    stacking.add_argument("folder", type=Path)
    measuring = commands.add_parser("figures")
    measuring.add_argument("folder", type=Path)
    measuring.add_argument("sets", nargs="+", type=Path)
    args = parser.parse_args()
    if args.command == "train":
        prepare_and_train(args)
    elif args.command == "average":
        average(args.one, args.other, args.folder)
    elif args.command == "stack":
        stack_in_talk(args.other, args.folder)
    else:
        for path in args.sets:
            figures(args.folder, read_set(path))


if __name__ == "__main__":
    main()
