"""Goes on training the shipped reader on conversations; what it says of other questions is kept.

    python -m evaluation.training.conversing train DATA BEFORE FOLDER
    python -m evaluation.training.conversing train DATA BEFORE OTHER --without A,B,C
    python -m evaluation.training.conversing stack OTHER FOLDER
    python -m evaluation.training.conversing figures FOLDER SET…

The reader learnt from questions that stand alone and are asked of one page. People who talk with an
assistant ask otherwise: "and if nobody manages to call?". So it is shown, for every question of the
made-up collections under `conversations/`, the passage that holds the answer, and passages that the
search brought beside it and that do not; a follow-up in two forms, with the topic that was added to
it and behind the turn before it. To keep what it knows, it is held to what it said before of
questions of squad and nq_oracle (DATA), in the manner of learning without forgetting (Li and Hoiem,
2016). Nothing of mtrag_un, ramdocs, clapnq or awsdocs takes part. A quarter of an hour on two cores
with AMX, and no GPU. BEFORE is the reader that it begins with, as `cross_encoder` makes it.

`stack` fits how features and reader are put together where something was said before, with the
readings of a reader (OTHER) that never saw the collections which it is fitted to.
"""

import argparse
import copy
import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from config.settings import Settings
from evaluation.metrics.gate import auroc
from evaluation.questions import QuestionSet, choose, read_set
from evaluation.temporary import key_of, temporary_home
from evaluation.training.openness import CONVERSATIONS
from evaluation.training.reader_rows import LENGTH, backbone
from evaluation.training.reader_training import restore, save
from indexing.points import HybridHits
from query.decision import Verdict
from query.judge import FeatureJudge, Judgement
from query.labelled import LabelledQuestion
from query.logistic import CLIP
from query.opening import CorpusView, judging_extras, make_engine
from query.passages import Passage
from query.question import Question
from query.reader import (
    HERE,
    RECORD,
    WEIGHTS,
    Reading,
    SpanReader,
    in_brief,
    read_record,
    text_of,
)
from query.reader_network import ReaderNetwork, encode, open_tokenizer
from query.scope import Scope
from query.stacking import INPUTS, stacked
from query.trained_judge import until_enough
from query.words import stems

KEPT_SETS = {"squad": 700, "nq_oracle": 500}
"""Questions of which the reader goes on saying what it said."""
KEPT_PAIRS = 2400
KEPT_AT_ONCE = 8
KEPT_ANSWERS = 0.1
KEPT_SPANS = 0.03
"""Weights of the squared differences from what it said before."""
BATCH = 16
EPOCHS = 2
RATE = 2e-5
WARM_UP = 0.1
SEED = 0
SORTED_TOGETHER = 20
TURN_CHARS = 240
"""Of the turn before, its end."""
HOLDS = 0.4
"""Share of the words of the answer that a passage which holds it must have."""
LACKS = 0.34
"""Share of that share from which on a passage of the same document may hold it, too."""
OTHERS = 3
SAME = 2
MOST_WRONG = 4
RIGHT_WEIGHT = 2.0
STRENGTH = 0.3
"""Inverse of the regularisation of the stack."""
BESIDE = 0.6
"""What the logit of the stack for questions that stand alone counts beside it."""
SHARPNESS = 1.4
"""What the fitted logit is multiplied by. Regularised like that, it leaves a third of all questions
between the thresholds; this was set on seven collections that neither the reader nor the stack had
seen, by the macro-F1 of the verdicts."""


@dataclass
class Noting:
    """Judges by features alone and notes what it is asked about."""

    asked: list[tuple[Question, Sequence[Passage], HybridHits]] = field(default_factory=list)
    features: FeatureJudge = field(default_factory=FeatureJudge)

    @property
    def calibration_id(self) -> str:
        """Names the weights of the features."""
        return self.features.calibration_id

    def judge(self, question: Question, passages: Sequence[Passage], legs: HybridHits) -> Judgement:
        """Note the question and its candidates."""
        self.asked.append((question, passages, legs))
        return self.features.judge(question, passages, legs)


@dataclass(frozen=True)
class Asked:
    """A question of a set with its candidates, best first, as a judge gets them."""

    labelled: LabelledQuestion
    question: Question
    passages: Sequence[Passage]
    legs: HybridHits


@dataclass(frozen=True)
class Pair:
    """A question and a passage that holds its answer, or does not."""

    question: str
    passage: str
    answers: bool
    weight: float = 1.0


def ask(question_set: QuestionSet, limit: int = 0) -> Iterator[Asked]:
    """Yield the simple questions of a set with what the search brings for them."""
    with temporary_home(Settings(), question_set) as corpus:
        noting = Noting()
        extras = judging_extras(corpus, Scope())
        engine = make_engine(corpus, CorpusView(corpus), None, extras, judge=noting)
        for labelled in choose(question_set, limit):
            noting.asked.clear()
            hidden = frozenset(key_of(name) for name in labelled.exclude)
            engine.ground(labelled.question, hidden, history=labelled.history)
            if noting.asked:
                question = noting.asked[0][0]
                if len(question.parts) == 1 and len({one.text for one, *_ in noting.asked}) == 1:
                    yield Asked(labelled, *noting.asked[0])


def forms_of(question: Question) -> tuple[str, ...]:
    """Return how a question is read: with its topic, and behind the turn before it."""
    turns = [turn.text for turn in question.earlier if turn.is_asked]
    behind = [f"{turns[-1][-TURN_CHARS:]} {question.own_text}"] if turns else []
    return tuple(in_brief(text) for text in (question.text, *behind))


def pairs_of(asked: Asked) -> list[Pair]:
    """Return what a question teaches; nothing where no passage surely holds its answer."""
    forms = forms_of(asked.question)
    if asked.labelled.label is Verdict.UNANSWERABLE:
        return [Pair(f, text_of(p), answers=False) for f in forms for p in asked.passages[:OTHERS]]
    if asked.labelled.label is not Verdict.ANSWERABLE or not asked.labelled.answers:
        return []
    answer = frozenset(stems(asked.labelled.answers[0]))
    told = answer - frozenset(stems(asked.question.text)) or answer
    gold = {key_of(name) for name in asked.labelled.gold}
    share = {p.chunk_id: len(told & p.stems) / max(1, len(told)) for p in asked.passages}
    own = [p for p in asked.passages if p.key in gold]
    right = max(own, key=lambda p: share[p.chunk_id], default=None)
    if right is None or share[right.chunk_id] < HOLDS:
        return []
    beside = [p for p in own if share[p.chunk_id] <= LACKS * share[right.chunk_id]]
    others = [p for p in asked.passages if p.key not in gold]
    wrong = [*others[:OTHERS], *beside[:SAME]][:MOST_WRONG]
    return [
        pair
        for form in forms
        for pair in (
            Pair(form, text_of(right), answers=True, weight=RIGHT_WEIGHT),
            *(Pair(form, text_of(p), answers=False) for p in wrong),
        )
    ]


def batches_of(pairs: Sequence[Pair], rng: random.Random) -> list[list[Pair]]:
    """Return batches of similar length, in a random order."""
    mixed = rng.sample(list(pairs), len(pairs))
    found = []
    for at in range(0, len(mixed), BATCH * SORTED_TOGETHER):
        together = sorted(mixed[at : at + BATCH * SORTED_TOGETHER], key=lambda p: len(p.passage))
        found += [together[i : i + BATCH] for i in range(0, len(together), BATCH)]
    return rng.sample(found, len(found))


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
    batches = [batch for _ in range(EPOCHS) for batch in batches_of(pairs, rng)]
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
    """Cross-entropy of whether the passages answer; the spans are left to what is kept."""
    inputs, _ = encode(tokenizer, [(pair.question, pair.passage) for pair in batch])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        _, answers = network(inputs)
    labels = torch.tensor([float(pair.answers) for pair in batch])
    weights = torch.tensor([pair.weight for pair in batch])
    wrong = nn.functional.binary_cross_entropy_with_logits(
        answers.float(), labels, reduction="none"
    )
    return (wrong * weights).mean()


def _of_kept(
    network: ReaderNetwork, before: ReaderNetwork, tokenizer: Any, kept: Sequence[tuple[str, str]]
) -> torch.Tensor:
    """How far a network has gone from what another one says."""
    if not kept:
        return torch.zeros(())
    inputs, _ = encode(tokenizer, kept)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        with torch.no_grad():
            old_spans, old_answers = before(inputs)
        spans, answers = network(inputs)
    far = ((answers.float() - old_answers.float()) ** 2).mean()
    far_spans = ((spans.float() - old_spans.float())[inputs["readable"]] ** 2).mean()
    return KEPT_ANSWERS * far + KEPT_SPANS * far_spans


def open_reader(folder: Path) -> tuple[ReaderNetwork, Any]:
    """Return the network of a reader with all its digits, and its tokenizer."""
    network = ReaderNetwork(backbone().path)
    restore(network, folder / WEIGHTS)
    return network.eval(), open_tokenizer(backbone().tokenizer_file, LENGTH)


def write(network: ReaderNetwork, folder: Path, learnt: Sequence[Path]) -> None:
    """Write a reader beside the record of the shipped one, with the digests of this one."""
    folder.mkdir(parents=True, exist_ok=True)
    save(network, folder / WEIGHTS)
    record = json.loads((HERE / RECORD).read_text(encoding="utf-8"))
    digest = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    record |= {"weights_sha256": digest, "conversations": [path.name for path in learnt]}
    name_anew(record)
    (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def prepare_and_train(data: Path, before: Path, folder: Path, without: Sequence[str]) -> None:
    """Ask all questions, train, write."""
    sets = sets_without(without)
    pairs = [pair for path in sets for asked in ask(read_set(path)) for pair in pairs_of(asked)]
    kept = [
        (in_brief(asked.question.text), text_of(passage))
        for name, limit in KEPT_SETS.items()
        for asked in ask(read_set(data / name), limit)
        for passage in asked.passages[:2]
    ]
    kept = random.Random(SEED).sample(kept, min(KEPT_PAIRS, len(kept)))
    print(f"{len(pairs)} pairs, {len(kept)} to keep", flush=True)
    network, tokenizer = open_reader(before)
    train(network, tokenizer, pairs, kept)
    write(network, folder, sets)


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
        "inputs": list(INPUTS),
        "means": [float(v) for v in mean.round(6)],
        "scales": [float(v) for v in scale.round(6)],
        "coefficients": [float(v) for v in (SHARPNESS * model.coef_[0] * learnt).round(6)],
        "intercept": round(float(SHARPNESS * model.intercept_[0]), 6),
    }


def stack_in_talk(other: Path, folder: Path) -> None:
    """Fit the stack of conversations, and write it into the record of a reader."""
    reader = SpanReader(other, read_record(other))
    trained_on = json.loads((other / RECORD).read_text(encoding="utf-8"))["conversations"]
    features = FeatureJudge()
    rows, positive = [], []
    for path in sets_without(trained_on):
        for asked in ask(read_set(path)):
            label = asked.labelled.label
            if asked.question.earlier and label in {Verdict.ANSWERABLE, Verdict.UNANSWERABLE}:
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
    parts = (record["weights_sha256"], record["stack"], record.get("in_talk"))
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
    training.add_argument("--without", default="")
    stacking = commands.add_parser("stack")
    stacking.add_argument("other", type=Path)
    stacking.add_argument("folder", type=Path)
    measuring = commands.add_parser("figures")
    measuring.add_argument("folder", type=Path)
    measuring.add_argument("sets", nargs="+", type=Path)
    args = parser.parse_args()
    if args.command == "train":
        without = [name for name in args.without.split(",") if name]
        prepare_and_train(args.data, args.before, args.folder, without)
    elif args.command == "stack":
        stack_in_talk(args.other, args.folder)
    else:
        for path in args.sets:
            figures(args.folder, read_set(path))


if __name__ == "__main__":
    main()
