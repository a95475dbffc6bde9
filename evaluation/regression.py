"""What got worse since the last evaluation of the live index, and which documents changed."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from config.errors import ConfigError
from evaluation.asking import Outcome, ask_all
from evaluation.comparison import is_right
from evaluation.evaluating import silent_engine
from evaluation.metrics.intervals import Paired, compare_means, compare_shares
from evaluation.metrics.retrieval import hit_at, ndcg
from evaluation.questions import QuestionSet, choose
from evaluation.records import READ, Fared, Record, digest, keep, kept
from indexing.as_of import GenerationEpoch
from indexing.corpus import Corpus
from indexing.ledger.documents import OpenVersion
from indexing.ledger.generations import Generation
from indexing.ledger.named import versions_named
from query.labelled import LabelledQuestion

FOUND, RIGHT, ORDER = "gold document in the first 5", "rightly answered or refused", "nDCG@10"
EARLIER = 10
"""Evaluations before this one that are read."""


@dataclass(frozen=True, slots=True)
class Affected:
    """A document that has to do with a question that fares worse."""

    key: str
    how: str
    """changed, gone, new; or came in: it is found now and was not, for all that is known of it."""


@dataclass(frozen=True, slots=True)
class Worse:
    """A question that fared well and does not any more."""

    question: LabelledQuestion
    before: Fared
    after: Fared
    documents: tuple[Affected, ...]


@dataclass(frozen=True, slots=True)
class Regression:
    """This evaluation held against the one before, question by question."""

    before: Record
    figures: Mapping[str, Paired]
    worse: tuple[Worse, ...]
    better: int
    common: int
    """Questions that both were asked."""

    def fell(self, tolerance: float) -> list[str]:
        """Name the figures that a promotion is judged by and that fell by more than allowed."""
        return [
            f"{name}: {figure.before:.3f} → {figure.after:.3f}"
            for name, figure in self.figures.items()
            if name in {FOUND, RIGHT} and figure.before - figure.after > tolerance
        ]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the live index stands: this evaluation, those before, and what got worse."""

    record: Record
    earlier: tuple[Record, ...]
    """The oldest first."""
    regression: Regression | None
    """None where nothing was evaluated before."""


def evaluate_standing(corpus: Corpus, chosen: QuestionSet, limit: int = 0) -> Standing:
    """Ask a set of the live index, keep the outcome, and hold it against the last one.

    Everything is asked of one epoch, whatever is committed meanwhile. Nothing is logged.

    Args:
        corpus: The home.
        chosen: What to ask.
        limit: Largest number of questions; 0 means all.

    Raises:
        ConfigError: Nothing is indexed, or the set is about documents of its own.
    """
    live = corpus.live()
    if live is None:
        raise ConfigError("Nothing is indexed; run `holdfast ingest` first.")
    if chosen.documents is not None:
        raise ConfigError(
            f"The set {chosen.name} brings documents of its own; `holdfast eval` asks those. Name "
            "its file of questions alone to ask them of the live index."
        )
    state = GenerationEpoch(live.name, live.epoch)
    questions = choose(chosen, limit)
    outcomes = list(ask_all(silent_engine(corpus), questions, as_of=state))
    versions = versions_of(corpus, live, outcomes)
    record = record_of(chosen.name, live, outcomes, versions)
    earlier = kept(corpus.settings.home, chosen.name, EARLIER)
    keep(corpus.settings.home, record)
    found = regression(earlier[-1], record, questions, outcomes, versions) if earlier else None
    return Standing(record, tuple(earlier), found)


def versions_of(
    corpus: Corpus, live: Generation, outcomes: Sequence[Outcome]
) -> dict[str, OpenVersion]:
    """Look up the documents that were found, and those that should have been."""
    names = {name for one in outcomes for name in (*one.ranked[:READ], *one.gold)}
    return versions_named(corpus.ledger, live.name, names)


def record_of(
    name: str, live: Generation, outcomes: Sequence[Outcome], versions: Mapping[str, OpenVersion]
) -> Record:
    """Write down an evaluation."""
    return Record(
        made_at=dt.datetime.now(dt.UTC),
        questions=name,
        generation=live.name,
        epoch=live.epoch,
        fared=tuple(map(fared, outcomes)),
        documents={digest(n): content(version) for n, version in versions.items()},
    )


def content(version: OpenVersion) -> str:
    """Stand for what a document says."""
    return digest(version.text_sha256)


def fared(outcome: Outcome) -> Fared:
    """Write down how a question fared."""
    ranked, gold = outcome.ranked, outcome.gold
    return Fared(
        id=outcome.question.id,
        question=digest(outcome.question.question),
        verdict=outcome.verdict,
        p=round(outcome.p, 6),
        found_at_1=hit_at(ranked, gold, 1) > 0 if gold else None,
        found_at_5=hit_at(ranked, gold, 5) > 0 if gold else None,
        ndcg=round(ndcg(ranked, gold), 6) if gold else None,
        right=is_right(outcome) if outcome.question.label is not None else None,
        read=tuple(map(digest, ranked[:READ])),
    )


def regression(
    before: Record,
    after: Record,
    questions: Sequence[LabelledQuestion],
    outcomes: Sequence[Outcome],
    versions: Mapping[str, OpenVersion],
) -> Regression:
    """Hold two evaluations against each other, by the questions that both were asked."""
    earlier = {(one.id, one.question): one for one in before.fared}
    pairs = [
        (earlier[one.id, one.question], one, outcome)
        for one, outcome in zip(after.fared, outcomes, strict=True)
        if (one.id, one.question) in earlier
    ]
    worse = tuple(
        Worse(outcome.question, was, now, affected((before, after), was, outcome, versions))
        for was, now, outcome in pairs
        if was.fares and not now.fares
    )
    better = sum(now.fares and not was.fares for was, now, _ in pairs)
    both = [(was, now) for was, now, _ in pairs]
    return Regression(before, paired_figures(both), worse, better, len(pairs))


def paired_figures(pairs: Sequence[tuple[Fared, Fared]]) -> dict[str, Paired]:
    """Work out the figures of the questions that can be compared."""
    figures = {}
    hits = [(b.found_at_5, a.found_at_5) for b, a in pairs]
    found = [(b, a) for b, a in hits if b is not None and a is not None]
    if found:
        figures[FOUND] = compare_shares([b for b, _ in found], [a for _, a in found])
    orders = [(b.ndcg, a.ndcg) for b, a in pairs]
    ordered = [(b, a) for b, a in orders if b is not None and a is not None]
    if ordered:
        figures[ORDER] = compare_means([b for b, _ in ordered], [a for _, a in ordered])
    verdicts = [(b.right, a.right) for b, a in pairs]
    judged = [(b, a) for b, a in verdicts if b is not None and a is not None]
    if judged:
        figures[RIGHT] = compare_shares([b for b, _ in judged], [a for _, a in judged])
    return figures


def affected(
    records: tuple[Record, Record],
    was: Fared,
    now: Outcome,
    versions: Mapping[str, OpenVersion],
) -> tuple[Affected, ...]:
    """Name the documents of a question that are not what they were."""
    before, after = records
    # Epochs of two generations say nothing about each other.
    known = before.epoch if before.generation == after.generation else after.epoch
    found = []
    first = now.ranked[:5]
    for name in dict.fromkeys((*sorted(now.gold), *first)):
        then, version = before.documents.get(digest(name)), versions.get(name)
        how = None
        if version is None:
            how = "gone" if then is not None else None
        elif then is None:
            is_new = name in now.gold or version.valid_from > known
            how = "new" if is_new else "came in"
        elif then != content(version):
            how = "changed"
        elif name in first and digest(name) not in was.read:
            how = "came in"
        if how is not None:
            found.append(Affected(version.key if version else name, how))
    return tuple(found)
