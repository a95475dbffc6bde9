"""How often a quote holds the gold answer, by how many sentences are compared with the question.

    python -m benchmarks.quoting DATA [--sets squad,nq_oracle,clapnq] [--limit 150] [--kept FOLDER]

DATA is a folder of question sets (documents.jsonl, questions.jsonl). Answerable questions are asked
through the real retrieval, and the first passages are quoted as the engine does it, with the given
number of sentences read by the encoder. An answer is held when a quote contains it, or, where it
is longer than twelve words, half of its words. `lost` and `won` count the questions whose first
quote held the answer with forty sentences and does not with fewer, and the other way round; `p` is
the sign test of these two.
"""

import argparse
import math
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.gate import chosen
from benchmarks.gate_bench import ENGLISH, Bench, open_set, with_vectors
from config.settings import GateSettings, RetrievalSettings
from indexing.points import HybridQuery, PointFilter
from query.asking.question import Question, understand
from query.judging.ordering import in_order
from query.quoting.meaning import PASSAGES_READ, closeness
from query.quoting.quotes import quote
from query.search.fusion import order
from query.text.passages import Passage, make_passage, weigh_terms
from query.text.words import stems

BUDGETS = (40, 24, 16, 10, 6, 0)
LONG_ANSWER = 12
SHOWN = (1, PASSAGES_READ)
"""The answer is looked for in the quotes of so many passages."""


class Counting:
    """Counts the texts that an encoder is asked for."""

    def __init__(self, encoder: object) -> None:
        self._encoder = encoder
        self.texts = 0

    def encode_documents(self, texts: Sequence[str]):
        """Encode, and count."""
        self.texts += len(texts)
        return self._encoder.encode_documents(texts)  # type: ignore[attr-defined]


def passages_of(bench: Bench, question: dict, asked: Question, vector) -> tuple[Passage, ...]:
    """Return what the engine would quote from, best first."""
    hidden = frozenset(question.get("exclude_document_ids") or ())
    where = PointFilter(visible_at=1, tenant="bench", exclude_keys=hidden)
    query = HybridQuery(where, vector, bench.bm25.query(question["question"]), 40, 40)
    settings = RetrievalSettings()
    hits = order(bench.store.search("bench", query), settings)
    passages = in_order(asked, [make_passage(hit) for hit in hits], settings)
    return tuple(p for p in passages if not p.blocked)


def holds(text: str, answers: Sequence[str]) -> bool:
    """Tell whether a text holds one of the answers."""
    plain, known = " ".join(text.lower().split()), frozenset(stems(text))
    for answer in answers:
        words = " ".join(answer.lower().split()).rstrip(".,;")
        wanted = frozenset(stems(answer))
        if words and words in plain:
            return True
        if len(words.split()) > LONG_ANSWER and len(wanted & known) >= len(wanted) / 2:
            return True
    return False


def by_budget(bench: Bench, questions: Sequence[dict]) -> tuple[dict, dict]:
    """Return which questions each budget holds, by how many quotes are looked at; and its texts."""
    held: dict[tuple[int, int], list[bool]] = {(b, k): [] for b in BUDGETS for k in SHOWN}
    read: dict[int, int] = dict.fromkeys(BUDGETS, 0)
    for question, vector in with_vectors(bench, list(questions)):
        asked = understand(question["question"], GateSettings(), ENGLISH)
        passages = passages_of(bench, question, asked, vector)
        weights: Mapping[str, float] = weigh_terms(asked.terms, passages)
        for budget in BUDGETS:
            counting = Counting(bench.encoder)
            near = closeness(asked, weights, passages, counting, budget)
            read[budget] += counting.texts
            quotes = [quote(asked, weights, p, near).quote for p in passages[:PASSAGES_READ]]
            for shown in SHOWN:
                found = any(holds(text, question["answers"]) for text in quotes[:shown])
                held[budget, shown].append(found)
    return held, read


def sign_test(lost: int, won: int) -> float:
    """Return how likely so uneven a split is by chance."""
    total = lost + won
    tail = sum(math.comb(total, k) for k in range(min(lost, won) + 1)) / 2**total
    return min(1.0, 2 * tail)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", default="squad,nq_oracle,clapnq")
    parser.add_argument("--limit", type=int, default=150)
    parser.add_argument("--kept", type=Path, help="keeps vectors here, for the next time")
    args = parser.parse_args()
    print("| set (n) | sentences | texts encoded | quote 1 | quotes 1-4 | lost | won | p |")
    print("|---|---|---|---|---|---|---|---|")
    for name in args.sets.split(","):
        with tempfile.TemporaryDirectory() as folder:
            bench = open_set(args.data / name, Path(folder), args.kept)
            every = [q for q in chosen(bench, 0) if q["label"] == "answerable" and q["answers"]]
            held, read = by_budget(bench, every[: args.limit])
            bench.store.close()
            if args.kept:
                bench.encoder.save()  # type: ignore[union-attr]
        first = held[BUDGETS[0], 1]
        for budget in BUDGETS:
            now = held[budget, 1]
            lost = sum(a and not b for a, b in zip(first, now, strict=True))
            won = sum(b and not a for a, b in zip(first, now, strict=True))
            shares = " | ".join(f"{sum(held[budget, k]) / len(now):.3f}" for k in SHOWN)
            print(
                f"| {name} ({len(now)}) | {budget} | {read[budget] / len(now):.1f} | {shares} "
                f"| {lost} | {won} | {sign_test(lost, won):.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
