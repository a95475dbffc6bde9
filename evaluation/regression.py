"""What got worse since the last evaluation of the live index, and which documents changed."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from config.errors import ConfigError
from evaluation.asking import Outcome, ask_all
from evaluation.comparison import is_right
from evaluation.evaluating import silent_engine
from evaluation.metrics.intervals import Paired, compare_means, compare_shares
from evaluation.metrics.retrieval import hit_at, ndcg
from evaluation.questions import QuestionSet, choose
from evaluation.records import READ, Fared, Record, digest, keep, kept, latest
from indexing.as_of import GenerationEpoch
from indexing.corpus import Corpus
from indexing.ledger.documents import OpenVersion
from indexing.ledger.generations import Generation
from indexing.ledger.named import versions_named
from query.golden import fell
from query.labelled import LabelledQuestion
from query.labelled_keys import by_key

T = TypeVar("T")
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
            if name in {FOUND, RIGHT} and fell(figure.before, figure.after, tolerance)
        ]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the live index stands: this evaluation, those before, and what got worse."""

    record: Record
    earlier: tuple[Record, ...]
    """The oldest first."""
    regression: Regression | None
    """None where no evaluation before was whole and healthy."""
    drafts: int = 0
    """Questions that nobody has reviewed; they were not asked."""


def evaluate_standing(corpus: Corpus, chosen: QuestionSet, limit: int = 0) -> Standing:
    """Ask a set of the live index, keep the outcome, and hold it against the last healthy one.

    Everything is asked of one epoch, whatever is committed meanwhile. Nothing is logged. Drafts
    are left out: a promotion does not count them either.

    Args:
        corpus: The home.
        chosen: What to ask.
        limit: Largest number of questions; 0 means all.

    Raises:
        ConfigError: Nothing is indexed, the set is about documents of its own, holds drafts only,
            or says of no question what is right.
    """
    live = corpus.required_live()
    if chosen.documents is not None:
        raise ConfigError(
            f"The set {chosen.name} brings documents of its own; `holdfast eval` asks those. Name "
            "its file of questions alone to ask them of the live index."
        )
    state = GenerationEpoch(live.name, live.epoch)
    counted = replace(chosen, questions=tuple(q for q in chosen.questions if q.reviewed))
    if not counted.questions:
        raise ConfigError(
            f"All questions of {chosen.path} are drafts. Review them and set "
            '"reviewed": true on what is right.'
        )
    if not any(question.says_something for question in counted.questions):
        # Whatever becomes of such questions, nothing about them gets worse.
        raise ConfigError(
            f"No question of {chosen.path} has a label or names a document that answers it, so "
            "that nothing can be told of the index. Give them `label` or `gold_keys`."
        )
    questions = choose(counted, limit)
    keyed = by_key(questions, corpus.ledger, live.name, live.epoch)
    outcomes = [
        # As it is written: a key that is gone next time would make another question of it.
        replace(outcome, question=question)
        for outcome, question in zip(
            ask_all(silent_engine(corpus), keyed, as_of=state), questions, strict=True
        )
    ]
    versions = versions_of(corpus, live, outcomes)
    total = len(counted.questions)
    record = replace(record_of(chosen.name, live, outcomes, versions), total=total)
    home = corpus.settings.home
    earlier = kept(home, chosen.name, EARLIER)
    before = next((one for one in latest(home, chosen.name) if one.is_baseline_of(record)), None)
    keep(home, record)
    found = regression(before, record, outcomes, versions) if before else None
    return Standing(record, tuple(earlier), found, len(chosen.questions) - total)


def versions_of(
    corpus: Corpus, live: Generation, outcomes: Sequence[Outcome]
) -> dict[str, OpenVersion]:
    """Look up the documents that were found, and those that should have been."""
    names = {name for one in outcomes for name in (*one.ranked[:READ], *one.gold)}
    return versions_named(corpus.ledger, live.name, names, tenant=corpus.settings.tenant)


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
    """Write down how a question fared; of one that could not be asked nothing is known."""
    ranked, gold = outcome.ranked, outcome.gold if not outcome.is_lost else frozenset[str]()
    labelled = outcome.question.label is not None and not outcome.is_lost
    return Fared(
        id=outcome.question.id,
        question=meant(outcome.question),
        verdict=outcome.verdict,
        p=round(outcome.p, 6),
        found_at_1=hit_at(ranked, gold, 1) > 0 if gold else None,
        found_at_5=hit_at(ranked, gold, 5) > 0 if gold else None,
        ndcg=round(ndcg(ranked, gold), 6) if gold else None,
        right=is_right(outcome) if labelled else None,
        read=tuple(map(digest, ranked[:READ])),
        status=outcome.status,
    )


def meant(question: LabelledQuestion) -> str:
    """Stand for a question and what a person says of it.

    Whoever mends a label or names another document has not made the index worse.
    """
    names = [sorted(question.gold), sorted(question.exclude)]
    said = [question.question, question.history, question.label, *names]
    return digest(json.dumps(said))


def regression(
    before: Record,
    after: Record,
    outcomes: Sequence[Outcome],
    versions: Mapping[str, OpenVersion],
) -> Regression:
    """Hold two evaluations against each other, by the questions that both were asked."""
    earlier = {(one.id, one.question): one for one in before.fared}
    pairs = [
        (earlier[one.id, one.question], one, outcome)
        for one, outcome in zip(after.fared, outcomes, strict=True)
        if (one.id, one.question) in earlier and not one.is_lost
    ]
    worse = tuple(
        Worse(outcome.question, was, now, affected((before, after), was, outcome, versions))
        for was, now, outcome in pairs
        if was.fares and not now.fares
    )
    better = sum(now.fares and not was.fares for was, now, _ in pairs)
    both = [(was, now, outcome.question.group) for was, now, outcome in pairs]
    return Regression(before, paired_figures(both), worse, better, len(pairs))


def paired_figures(pairs: Sequence[tuple[Fared, Fared, str]]) -> dict[str, Paired]:
    """Work out the figures of the questions that can be compared, each with its document."""
    figures = {}
    if found := known([(b.found_at_5, a.found_at_5, group) for b, a, group in pairs]):
        figures[FOUND] = compare_shares(*columns(found))
    if ordered := known([(b.ndcg, a.ndcg, group) for b, a, group in pairs]):
        figures[ORDER] = compare_means(*columns(ordered))
    if judged := known([(b.right, a.right, group) for b, a, group in pairs]):
        figures[RIGHT] = compare_shares(*columns(judged))
    return figures


def known(triples: Sequence[tuple[T | None, T | None, str]]) -> list[tuple[T, T, str]]:
    """Return those of which both sides are known."""
    return [(b, a, group) for b, a, group in triples if b is not None and a is not None]


def columns(triples: Sequence[tuple[T, T, str]]) -> tuple[list[T], list[T], list[str]]:
    """Return before, after and documents, each by itself."""
    return [b for b, _, _ in triples], [a for _, a, _ in triples], [g for _, _, g in triples]


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
