"""Give a question back that probably leaves open which of several things it means.

The rules of `leaving_open.py` know some ways in which that happens, each for certain; most cases
are like none of them, and only many weak signs together show them. So a model weighs the signs,
fitted to conversations about made-up collections (`evaluation/training/openness.py`).
"""

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import resources
from typing import Final, Protocol

from query.ambiguity.conflicts import MOST_SIDES
from query.ambiguity.leaving_open import between, given_back, lacks_what_is_asked
from query.ambiguity.openness_features import DOCUMENTS, OPENNESS_NAMES, openness_features
from query.ambiguity.unnamed import CLOSE, Known, Possible, Unnamed
from query.asking.question import Question
from query.decision import Conflict, Reason, ReasonCode, Verdict
from query.judging.logistic import LogisticModel, read_model
from query.judging.unspoken import UNSPOKEN
from query.ruling import Ruling
from query.tables.cells import asked_cells
from query.text.instances import Instance, subject_of
from query.text.passages import SHAPE_STEMS, Passage, coverage
from query.text.words import stems

WHERE_REFUSED: Final = 0.75
"""Share of `gate.open_at` from which on a follow-up is given back that would else be refused. Of
thirty-three such ones of twelve collections sixteen are ambiguous, fifteen have an answer that was
not found, and two have none."""
NEVER: Final = 1.0
"""`gate.open_at` with which nothing is given back."""
P_OPEN: Final = "p_open"
"""Name of the probability among the features that are logged."""


class Opens(Protocol):
    """Anything that says how likely a question leaves open what it means."""

    def probability(self, values: Mapping[str, float]) -> float:
        """Return the probability for the numbers named in `OPENNESS_NAMES`."""
        ...


@functools.cache
def default_openness() -> LogisticModel:
    """Return the model that ships with Holdfast."""
    file = resources.files("query").joinpath("models/openness_weights.json")
    return read_openness(json.loads(file.read_text(encoding="utf-8")))


def read_openness(record: Mapping[str, object]) -> LogisticModel:
    """Read a model from its JSON form.

    Raises:
        ValueError: It was fitted for other numbers than these.
    """
    if record["features"] != list(OPENNESS_NAMES):
        raise ValueError(
            "The weights of openness were fitted for other numbers than this version computes; "
            "fit them again (python -m evaluation.training.openness fit)."
        )
    return read_model(OPENNESS_NAMES, record)


def leave_open_if_likely(
    question: Question,
    passages: Sequence[Passage],
    ruling: Ruling,
    model: Opens,
    open_at: float,
) -> Ruling:
    """Return the ruling, `ambiguous` where several things may well be meant.

    Args:
        question: A simple question.
        passages: Its candidates, best first, from a dense and a sparse list.
        ruling: The ruling on it; one that gives it back already stays as it is.
        model: Says how likely it leaves something open.
        open_at: Probability from which on it is given back.
    """
    usable = [passage for passage in passages if not passage.blocked]
    if not ruling.weights or ruling.features is None or not usable:
        return ruling
    if ruling.verdict is Verdict.AMBIGUOUS or lacks_what_is_asked(question, ruling):
        return ruling
    cells = () if question.earlier else asked_cells(question, usable)
    if cells and (ruling.verdict is Verdict.UNANSWERABLE or not cells[0].is_blank):
        return ruling  # it names row and column: there is nothing else that it may mean
    by_gate = {"p_by_features": ruling.score, **ruling.features}
    values = openness_features(question, ruling.weights, usable, by_gate)
    p_open = model.probability(values)
    noted = replace(ruling, features={**ruling.features, P_OPEN: p_open})
    bar, named = _bar(question, ruling, open_at)
    if p_open < bar:
        return noted
    found = _may_be_meant(question, ruling.weights, usable)
    likely = f"p_open {p_open:.2f} reaches {named}"
    if len(found.possible) < 2:
        detail = f"{likely}: the question probably leaves open what exactly it is about."
        return given_back(noted, Reason(ReasonCode.LEFT_OPEN, detail), ())
    return given_back(noted, *_told(found, ruling.weights, likely))


def _bar(question: Question, ruling: Ruling, open_at: float) -> tuple[float, str]:
    """Return the probability from which on a question is given back, and how to call it.

    A question back costs whoever asks less than a refusal does, so it takes less there, unless it
    is known what is not there.
    """
    refused = ruling.verdict is Verdict.UNANSWERABLE and bool(question.earlier)
    unspoken = any(reason.detail.startswith(UNSPOKEN) for reason in ruling.reasons)
    if not refused or unspoken or open_at >= NEVER:
        return open_at, f"gate.open_at {open_at:.3g}"
    bar = WHERE_REFUSED * open_at
    return bar, f"{bar:.3g}, which is enough where it would be refused (gate.open_at {open_at:.3g})"


def _told(
    found: Unnamed, weights: Mapping[str, float], likely: str
) -> tuple[Reason, tuple[Conflict, ...]]:
    reason, conflicts = between(found, weights)
    return Reason(ReasonCode.LEFT_OPEN, f"{likely}. {reason.detail}"), conflicts


def _may_be_meant(
    question: Question, weights: Mapping[str, float], passages: Sequence[Passage]
) -> Unnamed:
    """Return what the documents, or else the sections, are about that have the question's words."""
    own = frozenset(stems(question.own_text)) - SHAPE_STEMS
    content = {term: weight for term, weight in weights.items() if term in own}
    for named in (subject_of, _section_of):
        first_of: dict[str, Possible] = {}
        for passage in passages[:DOCUMENTS]:
            one = named(passage)
            share = coverage(content, passage.stems, passage.context)
            if one.name and share > getattr(first_of.get(one.name), "covered", -1.0):
                first_of[one.name] = Possible(one, share)
        best = max((one.covered for one in first_of.values()), default=0.0)
        near = [one for one in first_of.values() if one.covered >= CLOSE * best]
        if len(near) > 1:
            break
    return Unnamed("", tuple(near[:MOST_SIDES]), Known.DOCUMENT)


def _section_of(passage: Passage) -> Instance:
    """Return the section that a passage stands in, named by its last heading."""
    name = passage.headings[-1] if passage.headings else ""
    return Instance(name, passage, frozenset(stems(name)), subject=False)
