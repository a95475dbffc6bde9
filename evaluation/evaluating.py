"""One evaluation from the sets to the report: each set on its own documents or the live index."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from config.errors import ConfigError
from config.settings import Settings
from evaluation.asking import KeyOf, Outcome, ask_all, load_ahead
from evaluation.comparison import Comparison, compare
from evaluation.figures import SetFigures, figures_of
from evaluation.questions import QuestionSet, choose
from evaluation.temporary import keys_of, temporary_home
from evaluation.texts import TextFigures
from indexing.as_of import AsOf, GenerationEpoch, as_of_text
from indexing.corpus import Corpus
from indexing.errors import EpochNotCommittedError, EpochNotRetainedError
from indexing.generations.timeline import state_at
from indexing.ledger.generations import Generation
from indexing.ledger.named import versions_named
from query.calibrating.calibration import Binding, Calibration
from query.calibrating.calibrations import CalibrationShelf, InForce
from query.engine import QueryEngine
from query.labelled import LabelledQuestion
from query.labelled_keys import by_key
from query.opening import CorpusView, judging_extras, make_engine, shelf_of
from query.search.scope import Scope

FORMAT = 1
OWN_DOCUMENTS = "the documents of the set"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that one evaluation found."""

    made_at: dt.datetime
    sets: tuple[SetFigures, ...]
    comparisons: tuple[Comparison, ...] = ()
    state: str = ""
    """What was asked: a generation and its epoch, or the documents of the sets."""
    texts: tuple[TextFigures, ...] = ()
    """Claims and injections."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "format": FORMAT,
            "made_at": self.made_at.isoformat(timespec="seconds"),
            "state": self.state,
            "sets": [one.to_json() for one in self.sets],
            "comparisons": [one.to_json() for one in self.comparisons],
            "texts": [one.to_json() for one in self.texts],
        }


@dataclass(frozen=True, slots=True)
class Unwatched:
    """The calibrations of a home; questions of an evaluation are no live ones to be watched."""

    shelf: CalibrationShelf

    def find(self, binding: Binding) -> InForce:
        """Return the calibration that users get."""
        return self.shelf.find(binding)

    def saw(self, calibration: Calibration, p: float) -> None:
        """Watch nothing."""


def silent_engine(corpus: Corpus) -> QueryEngine:
    """Open the engine that users have, policy and calibration included, apart from the rest.

    Nothing is logged or counted against a quota, no model phrases answers, and everything of the
    tenant is read, so that a set may be about documents of any group. Models are loaded.

    Raises:
        ConfigError: The policy is not what it must be.
    """
    extras = judging_extras(corpus, Scope(groups=None))
    extras = replace(extras, calibrations=Unwatched(shelf_of(corpus)))
    load_ahead(corpus)
    return make_engine(corpus, CorpusView(corpus), None, extras)


def evaluate_documents(
    settings: Settings, chosen: QuestionSet, limit: int
) -> tuple[list[Outcome], list[str]]:
    """Ask a set about its own documents, in a home that is gone afterwards.

    Returns:
        What came out, and the documents that questions name and that are not there.
    """
    questions, key_of = choose(chosen, limit), keys_of(chosen)
    with temporary_home(settings, chosen) as corpus:
        outcomes = list(ask_all(silent_engine(corpus), questions, key_of))
        return outcomes, unknown_documents(questions, corpus, key_of=key_of)


def evaluate_live(corpus: Corpus, chosen: QuestionSet, limit: int, as_of: AsOf) -> list[Outcome]:
    """Ask a set of one state of the live index, whatever is committed meanwhile.

    Raises:
        ConfigError: There was no such state.
    """
    state = earlier_state(corpus, as_of)
    questions = by_key(choose(chosen, limit), corpus.ledger, state.name, state.epoch)
    outcomes = list(ask_all(silent_engine(corpus), questions, as_of=as_of))
    lost = [o for o in outcomes if {"epoch_not_committed", "epoch_not_retained"} & {*o.codes}]
    if lost:
        raise ConfigError(f"{as_of_text(as_of)} cannot be asked: {lost[0].codes[0]}.")
    return outcomes


def evaluate(
    settings: Settings, corpus: Corpus | None, sets: Sequence[QuestionSet], limit: int = 0
) -> Evaluation:
    """Ask every set and work out its figures.

    Args:
        settings: Retrieval, gate and pipeline for the sets that bring documents.
        corpus: The home that the others are asked of.
        sets: What to ask.
        limit: Largest number of questions per set; 0 means all.
    """
    found = []
    for one in sets:
        if one.documents is not None:
            outcomes, unknown = evaluate_documents(settings, one, limit)
            asked_of = OWN_DOCUMENTS
        else:
            home, live = needed(corpus, one)
            state = GenerationEpoch(live.name, live.epoch)
            outcomes, asked_of = evaluate_live(home, one, limit, state), state_of(live)
            unknown = unknown_documents(choose(one, limit), home, live)
        found.append(figures_of(one.name, outcomes, asked_of, unknown))
    return Evaluation(dt.datetime.now(dt.UTC), tuple(found), (), states_of(found))


def state_of(live: Generation) -> str:
    """Name what is asked."""
    return f"{live.name} at epoch {live.epoch}"


def states_of(sets: Sequence[SetFigures]) -> str:
    """Name what was asked, set by set where they were asked of different things."""
    states = {one.asked_of for one in sets}
    if len(states) > 1:
        return "; ".join(f"{one.asked_of} ({one.name})" for one in sets)
    return next(iter(states), OWN_DOCUMENTS)


def unknown_documents(
    questions: Sequence[LabelledQuestion],
    corpus: Corpus,
    state: Generation | None = None,
    key_of: KeyOf = str,
) -> list[str]:
    """Return the documents that questions name and that are not there.

    Args:
        questions: Those that are asked.
        corpus: The home that they are asked of. What it refused, such as an empty document, is
            not there either.
        state: An earlier state that is asked.
        key_of: From the names of the set to keys of the index.
    """
    names = {name for q in questions for name in (*q.gold, *q.exclude)}
    asked = state or corpus.live()
    if asked is None:
        return sorted(names)
    epoch = state.epoch if state else None
    keys = {key_of(name) for name in names}
    there = versions_named(corpus.ledger, asked.name, keys, epoch, corpus.settings.tenant)
    return sorted(name for name in names if key_of(name) not in there)


def evaluate_both(
    corpus: Corpus, sets: Sequence[QuestionSet], states: tuple[AsOf, AsOf], limit: int = 0
) -> Evaluation:
    """Ask every set of two states of the live index and compare them.

    Raises:
        ConfigError: Nothing is indexed, or one of the states never was, or is too long ago.
    """
    # Both, before the first of many questions is asked.
    _, now = [earlier_state(corpus, state) for state in states]
    found, comparisons = [], []
    for one in sets:
        before, after = (evaluate_live(corpus, one, limit, state) for state in states)
        unknown = unknown_documents(choose(one, limit), corpus, now)
        found.append(figures_of(one.name, after, str(as_of_text(states[1])), unknown))
        comparisons.append(compare(one.name, before, after))
    names = " against ".join(str(as_of_text(state)) for state in reversed(states))
    return Evaluation(dt.datetime.now(dt.UTC), tuple(found), tuple(comparisons), names)


def earlier_state(corpus: Corpus, as_of: AsOf) -> Generation:
    """Find a state of the index that was live.

    Raises:
        ConfigError: There was no such state, or it is too long ago.
    """
    live = corpus.required_live()
    try:
        return state_at(corpus.ledger, corpus.settings.store.collection, live, as_of)
    except (EpochNotCommittedError, EpochNotRetainedError) as error:
        raise ConfigError(f"{as_of_text(as_of)} cannot be asked: {error}") from error


def needed(corpus: Corpus | None, question_set: QuestionSet) -> tuple[Corpus, Generation]:
    """Return the home that a set without documents is asked of, and what serves there.

    Raises:
        ConfigError: There is none, or nothing is indexed.
    """
    if corpus is None:
        raise ConfigError(f"The set {question_set.name} brings no documents; it needs a home.")
    live = corpus.live()
    if live is None:
        raise ConfigError(
            f"The set {question_set.name} brings no documents and nothing is indexed; run "
            "`holdfast ingest` first."
        )
    return corpus, live
