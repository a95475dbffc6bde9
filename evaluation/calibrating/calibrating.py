"""One calibration of a home: ask the set, fit, test, keep."""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import replace

from config.errors import ConfigError, HoldfastError, Transient
from config.policy import Policy, load_policy
from evaluation.asking import KeyOf, Outcome, ask_all, load_ahead
from evaluation.calibrating.fitting import Attempt, Promise, fit
from evaluation.calibrating.samples import sample_of
from evaluation.questions import QuestionSet, choose
from indexing.corpus import Corpus
from indexing.ledger.named import versions_named
from query.calibrating.calibration import Binding, bind
from query.judging.trained_judge import open_judge
from query.labelled import LabelledQuestion, is_document_id
from query.labelled_keys import by_key
from query.opening import CorpusView, judging_extras, make_engine, pinned_state, shelf_of
from query.policy.policing import rules_version
from query.search.scope import Scope


class NotJudgedError(Transient, HoldfastError):
    """A part of Holdfast was down while questions were asked: nothing is wrong about these."""


def score_questions(
    corpus: Corpus, questions: Sequence[LabelledQuestion], key_of: KeyOf = str
) -> list[Outcome]:
    """Ask labelled questions of the live index, without any calibration.

    The gate answers whatever it does not refuse, so that every threshold above can be tested on
    one pass. Scores do not depend on the threshold that is moved for this.

    Raises:
        NotJudgedError: Some could not be judged in full.
    """
    gate = corpus.settings.gate
    open_gate = gate.model_copy(update={"answerable_at": gate.partial_at})
    settings = corpus.settings.model_copy(update={"gate": open_gate})
    apart = Corpus(settings, corpus.ledger, corpus.store, corpus.blobs)
    extras = judging_extras(corpus, Scope(groups=None))
    if extras.policy is not None:
        extras = replace(extras, policy=unconfident(extras.policy))
    load_ahead(corpus)
    engine = make_engine(apart, CorpusView(corpus), None, extras)
    outcomes = list(ask_all(engine, questions, key_of))
    broken = [o for o in outcomes if o.status != "ok"]
    if broken:
        raise NotJudgedError(
            f"{len(broken)} of {len(outcomes)} questions could not be judged in full "
            f"({', '.join(broken[0].codes)}); nothing was calibrated. See `holdfast doctor`, and "
            "run the command again."
        )
    return outcomes


def asked_once(questions: Sequence[LabelledQuestion]) -> list[LabelledQuestion]:
    """Return the questions without those that ask what an earlier one asks, and say the same of it.

    The same question gets the same score each time. Counted again, as where a file was put
    together from two that overlap, it would prove with one question what it takes several for.
    """
    first: dict[str, LabelledQuestion] = {}
    for one in questions:
        text = " ".join(one.question.split()).casefold()
        said = json.dumps([text, one.history, one.label, sorted(one.exclude)])
        first.setdefault(said, one)
    return list(first.values())


def named_alike(
    corpus: Corpus, questions: Sequence[LabelledQuestion], generation: str
) -> list[LabelledQuestion]:
    """Return the questions with keys in the place of Holdfast document ids.

    A document that one line names by its key and another by its id is one document: under two
    names it could be on the side that fits and on the side that proves.
    """
    named = by_key(questions, corpus.ledger, generation)
    ids = {name for q in named for name in (*q.gold, *q.source_ids) if is_document_id(name)}
    there = versions_named(corpus.ledger, generation, ids, tenant=corpus.settings.tenant)
    keys = {name: version.key for name, version in there.items()}

    def keyed(names: frozenset[str]) -> frozenset[str]:
        return frozenset(keys.get(name, name) for name in names)

    return [replace(q, gold=keyed(q.gold), source_ids=keyed(q.source_ids)) for q in named]


def unconfident(policy: Policy) -> Policy:
    """Return a policy that refuses nothing for its probability, which has yet to be found out."""
    none = {"min_confidence": 0.0}
    topics = tuple(topic.model_copy(update=none) for topic in policy.topics)
    return policy.model_copy(update={**none, "topics": topics})


def present_binding(corpus: Corpus) -> Binding:
    """Name everything that shapes the scores of the live generation now.

    Raises:
        ConfigError: Nothing is indexed, or the policy is not what it must be.
    """
    live = corpus.required_live()
    settings = corpus.settings
    pinned = pinned_state(corpus, live)
    judge = open_judge(settings.gate).calibration_id
    rules = rules_version(load_policy(settings.policy.file))
    return bind(pinned, settings.retrieval, settings.gate, judge, rules)


def calibrate(corpus: Corpus, chosen: QuestionSet, promise: Promise, limit: int = 0) -> Attempt:
    """Calibrate the live generation on a set; what comes out is in force at once.

    Raises:
        ConfigError: Nothing is indexed, or the set is about documents of its own, has no labels, or
            drafts nobody reviewed; or another generation was promoted while it was asked.
        NotJudgedError: Some questions could not be judged in full.
    """
    if chosen.documents is not None:
        # Asked of other documents, an answer would count as right for what the set's own say.
        raise ConfigError(
            f"The set {chosen.name} brings documents of its own, and a promise is about the live "
            "index. Name its file of questions alone if its documents are indexed."
        )
    binding = present_binding(corpus)
    labelled = [q for q in choose(chosen, limit) if q.label is not None]
    # By the names that they are asked with: a document that one line hides by its key and another
    # by its id makes no two questions of one.
    questions = asked_once(named_alike(corpus, labelled, binding.generation))
    drafts = sum(not q.reviewed for q in questions)
    if not questions:
        raise ConfigError(f"{chosen.path} has no question with a label; nothing can be promised.")
    if drafts:
        raise ConfigError(
            f"{drafts} questions of {chosen.path} are drafts; a promise needs labels that a "
            'person has seen. Set "reviewed": true on what is right and remove the rest.'
        )
    outcomes = score_questions(corpus, questions)
    if changed := binding.differences(present_binding(corpus)):
        # Some were asked of the one, some of the other: the promise would be about neither.
        raise ConfigError(
            f"While the questions were asked, this changed: {'; '.join(changed)}. Nothing was "
            "calibrated; run it again."
        )
    shelf = shelf_of(corpus)
    samples = [sample_of(one, corpus.settings.gate.partial_at) for one in outcomes]
    attempt = fit(samples, binding, promise, shelf.next_number(), dt.datetime.now(dt.UTC))
    if repeated := len(labelled) - len(questions):
        # Beside the calibration, which is sealed with the figures that it was made with.
        told = {**attempt.figures, "asked_again_and_left_out": repeated}
        attempt = replace(attempt, figures=told)
    if attempt.calibration is not None:
        content = json.dumps(attempt.calibration.to_json(), indent=1) + "\n"
        shelf.keep(attempt.calibration, content)
    return attempt
