"""Trains a reader on the MiniLM backbone, stacks it with the feature gate, compares the two.

    python -m evaluation.training.cross_encoder prepare DATA FOLDER        # retrieve once
    python -m evaluation.training.cross_encoder texts FOLDER SOURCE... --wordnet DIR
    python -m evaluation.training.cross_encoder pretrain FOLDER            # on made examples
    for N in 0 1 2 3 4; do
        python -m evaluation.training.cross_encoder train FOLDER --fold $N
    done
    for SET in nq_oracle clapnq; do
        python -m evaluation.training.cross_encoder train FOLDER --without $SET
    done
    python -m evaluation.training.cross_encoder train FOLDER               # what may ship
    python -m evaluation.training.cross_encoder figures FOLDER             # compare, reader.json
    python -m evaluation.training.cross_encoder speed FOLDER

The reader says where in a passage the answer stands and whether it stands there at all; a logistic
regression stacks that with the feature gate. Both are judged on articles they never saw: the
questions of every fold are read by a reader that was trained on the other folds. It ships only if
`figures` says so: on questions of the sets it was trained on the gain over the features must lie
above chance (95 % bootstrap by article) for the adversarial and for the ablated ones, and no set,
those it never saw included, may lose by more than chance.

Runs on a GPU if there is one (bf16), else on the processor. On one H200 with fifteen processes
making examples: the two rounds of pretraining 220 s and 110 s, the eight fine-tunings with three
seeds each 210 s when all run at once. On processors alone it is a matter of days; `--limit`,
`--examples` and `--seeds` make everything small. Seeds are fixed, but a GPU adds in an order of
its own: the last digits differ from run to run. When the shipped reader was made, the clock ended
the second round of pretraining, at about the step that the recipe names, and the third seed.
"""

import argparse
import copy
import hashlib
import itertools
import json
import os
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from config.errors import ConfigError
from evaluation.training.claim_data import (
    CLAIM_SET,
    compare_support,
    keep_claims,
    load_claims,
    read_claims,
)
from evaluation.training.cross_encoder_data import (
    NEVER_TRAINED_ON,
    PASSAGES,
    READER_ONLY,
    SETS,
    TRAINED_ON,
    Asked,
    keep,
    load,
    read_kept,
    with_folds,
)
from evaluation.training.examples import Pair
from evaluation.training.folds import FOLDS
from evaluation.training.pretraining import ROUNDS, WINDOWS, WORD_NET, make_rows
from evaluation.training.reader_rows import LENGTH, backbone, open_rows_tokenizer, tokenise
from evaluation.training.reader_stacking import Readings, compare, stack_all, stack_without
from evaluation.training.reader_training import (
    Recipe,
    fit,
    fit_average,
    open_network,
    read,
    read_support,
    restore,
    save,
)
from evaluation.training.text_windows import SEED, keep_windows, read_source
from evaluation.training.training_runs import Run, Said, keep_said, read_said
from evaluation.training.word_net import keep_word_net, read_dictionaries
from query.judging.reader import FORMAT, RECORD, WEIGHTS, Reading
from query.judging.stacking import INPUTS, Stack
from query.judging.trained_judge import until_enough
from query.networks.reader_network import ReaderNetwork

CLAIMS = "claims.jsonl"
START = "start.safetensors"
"""What pretraining writes and every training starts from."""
READINGS = "readings"
FINE_TUNING = Recipe(epochs=2, batch=48, rate=1e-4, head_rate=3e-4)
SEEDS = 3
ENOUGH = 0.0
"""Logit: a passage of which the reader thinks that it answers is enough."""
LEAD = 0.05
"""Score that a logit outweighs in the order: `python -m benchmarks.reading_order`."""
RIVAL = 0.2
"""Score that another document may be behind one that answers, and be read as well."""
ALSO = -2.0
"""Logit from which another document answers as well, where nothing picks one of them."""
TIMED = 100
"""Questions whose passages are timed."""
WITHOUT = ("nq_oracle", "clapnq")
"""Sets left out in turn: how a reader does on a kind of questions it never saw."""


def run_prepare(given: argparse.Namespace) -> None:
    """Retrieve for every set that is there, deal the questions to folds, keep everything."""
    if not any((given.data / name).is_dir() for name in SETS):
        raise SystemExit(f"{given.data} has none of the question sets ({', '.join(SETS)}).")
    given.folder.mkdir(parents=True, exist_ok=True)
    keep_claims(load_claims(given.data, given.limit), given.folder / CLAIMS)
    asked = []
    for name in SETS:
        if (given.data / name).is_dir():
            found = load(given.data, name, given.limit, given.kept)
            print(f"{name}: {len(found)} questions", flush=True)
            asked += found
    dealt = with_folds(asked)
    for name in SETS:
        keep([a for a in dealt if a.name == name], given.folder / f"{name}.jsonl")
    for fold in range(FOLDS):
        inside = [a for a in dealt if a.fold == fold]
        pairs = sum(len(a.pairs) for a in inside)
        articles = len({a.article for a in inside})
        print(f"fold {fold}: {articles} articles, {len(inside)} questions, {pairs} pairs")


def run_texts(given: argparse.Namespace) -> None:
    """Cut sources into windows; read WordNet."""
    given.folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(SEED)
    documents = []
    for source in given.sources:
        path, _, most = source.partition("=")
        found = read_source(Path(path), rng, int(most or 0))
        windows = sum(len(document.windows) for document in found)
        print(f"{path}: {len(found)} documents, {windows} windows", flush=True)
        documents += found
    keep_windows(documents, given.folder / WINDOWS)
    word_net = read_dictionaries(given.wordnet)
    keep_word_net(word_net, given.folder / WORD_NET)
    print(f"WordNet: {len(word_net.nouns)} nouns, {len(word_net.synonyms)} words with synonyms, "
          f"{len(word_net.antonyms)} with opposites")  # fmt: skip


def run_pretrain(given: argparse.Namespace) -> None:
    """Train on made examples and write where every training starts."""
    needed(given.folder / WINDOWS, "texts")
    torch.manual_seed(ROUNDS[0].seed)
    network = open_network()
    for number, made in enumerate(ROUNDS, 1):
        rows = make_rows(given.folder, made, given.examples, given.processes)
        print(f"round {number}: {len(rows)} examples", flush=True)
        fit(network, rows, range(len(rows)), made.recipe, made.seed)
        save(network, given.folder / START)


def run_train(given: argparse.Namespace) -> None:
    """Train, keep what the reader says of what it never saw; keep its weights if it saw all."""
    run = Run(given.fold, given.without)
    asked, claims = read_all_sets(given.folder), read_claims(given.folder / CLAIMS)
    pairs, learnt = run.pairs(asked), [c for c in claims if run.learns(c)]
    share = sum(pair.answers for pair in pairs) / max(1, len(pairs))
    print(f"{run.title}: {len(pairs)} pairs, {share:.2f} with the answer, {len(learnt)} claims",
          flush=True)  # fmt: skip
    torch.manual_seed(1)
    network, tokenizer = open_network(), open_rows_tokenizer()
    restore(network, needed(given.folder / START, "pretrain"))
    rows = tokenise(tokenizer, [*pairs, *learnt])
    fit_average(network, rows, range(len(rows)), FINE_TUNING, range(1, given.seeds + 1))
    if run == Run():
        save(network, given.folder / WEIGHTS)
    strange = [place for place, claim in enumerate(claims) if not run.learns(claim)]
    support = read_support(network, tokenise(tokenizer, [claims[place] for place in strange]))
    keep_said(
        Said(
            readings_of(network, tokenizer, run.asks(asked)),
            {str(place): p for place, p in zip(strange, support, strict=True)},
        ),
        said_file(given.folder, run),
    )


def read_all_sets(folder: Path) -> list[Asked]:
    """Read the questions of all sets."""
    return [a for name in SETS for a in read_kept(needed(folder / f"{name}.jsonl", "prepare"))]


def needed(file: Path, step: str) -> Path:
    """Return a file that a step writes.

    Raises:
        ConfigError: That step was not run.
    """
    if not file.exists():
        raise ConfigError(f"{file} is not there: run `{step}` first.")
    return file


def said_file(folder: Path, run: Run) -> Path:
    """Return where a run keeps what its reader says."""
    return folder / READINGS / f"{run.title}.json"


def readings_of(
    network: ReaderNetwork, tokenizer: object, asked: Sequence[Asked]
) -> dict[str, list[Reading]]:
    """Read the passages of every question."""
    pairs = [Pair(a.question, text, answers=False) for a in asked for text in a.passages]
    every = iter(read(network, tokenise(tokenizer, pairs)))
    return {a.key: list(itertools.islice(every, len(a.passages))) for a in asked}


def run_figures(given: argparse.Namespace) -> None:
    """Stack, compare, and write `reader.json` beside the weights."""
    folder = given.folder
    asked = [a for a in read_all_sets(folder) if a.is_judged]
    runs = [*map(Run, range(FOLDS)), Run()]
    every = [read_said(needed(said_file(folder, r), f"train ({r.title})")) for r in runs]
    readings = {key: found for said in every for key, found in said.readings.items()}
    readings = as_read(readings)
    stack, compared = stack_all(asked, readings)
    without = {}
    for name in WITHOUT:
        file = said_file(folder, Run(without=name))
        if file.exists():
            strange = as_read(read_said(file).readings)
            without[name] = stack_without(name, asked, readings, strange)
    found, worth = compare(compared, without)
    claims = read_claims(folder / CLAIMS)
    scores = {int(place): p for said in every for place, p in said.support.items()}
    support = compare_support([claims[place] for place in scores], list(scores.values()))
    print("worth shipping" if worth else "not worth shipping: see which gain may be chance")
    record = record_of(needed(folder / WEIGHTS, "train"), stack)
    record |= {
        "trained_on": [*TRAINED_ON, *READER_ONLY, CLAIM_SET],
        "never_trained_on": list(NEVER_TRAINED_ON),
        "worth_shipping": worth,
        "figures": found,
        "support": support,
    }
    (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def as_read(readings: Readings) -> Readings:
    """Leave out what the judge does not read, and say how much is left."""
    found = {key: until_enough(every, ENOUGH) for key, every in readings.items()}
    mean = sum(map(len, found.values())) / max(1, len(found))
    print(f"passages read: {mean:.2f} per question", flush=True)
    return found


def record_of(weights: Path, stack: Stack) -> dict[str, object]:
    """Return what the trained judge has to know of a reader."""
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    # A calibration is void with another stack or number of passages, too.
    whole = hashlib.sha256(f"{digest} {PASSAGES} {ENOUGH} {stack}".encode()).hexdigest()
    return {
        "format": FORMAT,
        "calibration_id": f"reader-{whole[:8]}",
        "weights_sha256": digest,
        "backbone": backbone().revision,
        "length": LENGTH,
        "passages": PASSAGES,
        "enough": ENOUGH,
        "lead": LEAD,
        "rival": RIVAL,
        "also": ALSO,
        "stack": {
            "inputs": list(INPUTS), "means": stack.means, "scales": stack.scales,
            "coefficients": stack.coefficients, "intercept": stack.intercept,
        },
    }  # fmt: skip


def run_speed(given: argparse.Namespace) -> None:
    """Print processor time per pair on one thread; the weights do not matter for it."""
    torch.set_num_threads(1)
    tokenizer = open_rows_tokenizer()
    plain = open_network().cpu().eval()
    half = copy.deepcopy(plain)
    half.to_bf16()
    every = read_kept(needed(given.folder / "squad.jsonl", "prepare"))
    asked = [a for a in every if len(a.passages) == PASSAGES][:TIMED]
    for name, network in (("fp32", plain), ("bf16", half)):
        readings_of(network, tokenizer, asked[:1])  # what happens only once is not counted
        began = time.process_time()
        for question in asked:  # one by one, as the judge reads
            for text in question.passages:
                readings_of(network, tokenizer, [replace(question, passages=(text,))])
        spent = 1000 * (time.process_time() - began) / (PASSAGES * len(asked))
        print(f"{name}: {spent:.1f} ms per pair", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one of the steps."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    steps = parser.add_subparsers(required=True)
    step = steps.add_parser("prepare", help="retrieve for all sets, deal folds")
    step.add_argument("data", type=Path)
    step.add_argument("folder", type=Path)
    step.add_argument("--limit", type=int, default=0, help="questions per set; 0 takes all")
    step.add_argument("--kept", type=Path, help="keeps vectors here, for the next time")
    step.set_defaults(run=run_prepare)
    step = steps.add_parser("texts", help="cut texts into windows, read WordNet")
    step.add_argument("folder", type=Path)
    step.add_argument("sources", nargs="+", metavar="SOURCE", help="a folder, or FOLDER=MOST")
    step.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"))
    step.set_defaults(run=run_texts)
    step = steps.add_parser("pretrain", help="train on made examples")
    step.add_argument("folder", type=Path)
    step.add_argument("--examples", type=int, default=0, help="per round; 0 is the recipe")
    step.add_argument("--processes", type=int, default=os.cpu_count(), help="make the examples")
    step.set_defaults(run=run_pretrain)
    step = steps.add_parser("train", help="train the reader on questions and claims")
    step.add_argument("folder", type=Path)
    left_out = step.add_mutually_exclusive_group()
    left_out.add_argument("--fold", type=int, choices=range(FOLDS))
    left_out.add_argument("--without", choices=WITHOUT)
    step.add_argument("--seeds", type=int, default=SEEDS, help="readers that are averaged")
    step.set_defaults(run=run_train)
    step = steps.add_parser("figures", help="fit the stack and compare with the features")
    step.add_argument("folder", type=Path)
    step.set_defaults(run=run_figures)
    step = steps.add_parser("speed", help="time one pair on one thread")
    step.add_argument("folder", type=Path)
    step.set_defaults(run=run_speed)
    given = parser.parse_args(arguments)
    try:
        given.run(given)
    except ConfigError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
