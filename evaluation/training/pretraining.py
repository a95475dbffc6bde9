"""Pretraining on made examples: two rounds, each on new ones."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from evaluation.training.made_examples import make_examples
from evaluation.training.reader_rows import Rows, join, open_rows_tokenizer, tokenise
from evaluation.training.reader_training import Recipe
from evaluation.training.text_windows import read_windows
from evaluation.training.word_net import read_word_net

WINDOWS = "windows.jsonl.gz"
WORD_NET = "word_net.json.gz"


@dataclass(frozen=True)
class Round:
    """Examples that are made, and how a network is trained on them."""

    examples: int
    seeds: range
    """Each makes its share of the examples."""
    recipe: Recipe
    seed: int
    """Of the order in which they are seen."""


ROUNDS = (
    Round(750_000, range(15), Recipe(1, 256, 3e-4, 1e-3), seed=1),
    Round(900_000, range(100, 115), Recipe(1, 256, 3e-4, 5e-4, steps=2850), seed=2),
)


@dataclass(frozen=True)
class Share:
    """The examples of one seed."""

    folder: Path
    count: int
    seed: int


def make_rows(folder: Path, made: Round, examples: int = 0, processes: int = 1) -> Rows:
    """Make and tokenise the examples of a round; the same whatever the number of processes.

    Args:
        folder: Where windows and WordNet lie.
        made: The round.
        examples: Makes so many instead.
        processes: How many share the work.
    """
    each = -(-(examples or made.examples) // len(made.seeds))
    shares = [Share(folder, each, seed) for seed in made.seeds]
    if processes == 1:
        return join([rows_of_share(share) for share in shares])
    # Spawned, not forked: torch runs threads here already.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        return join(list(pool.map(rows_of_share, shares)))


def rows_of_share(share: Share) -> Rows:
    """Make and tokenise the examples of one seed."""
    documents = read_windows(share.folder / WINDOWS)
    word_net = read_word_net(share.folder / WORD_NET)
    return tokenise(
        open_rows_tokenizer(), make_examples(documents, word_net, share.count, share.seed)
    )
