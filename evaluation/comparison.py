"""Two states of an index side by side: the same questions, paired tests, what got worse."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from config.errors import ConfigError
from evaluation.asking import Outcome
from evaluation.metrics.intervals import Paired, compare_means, compare_shares
from evaluation.metrics.retrieval import hit_at, ndcg
from query.decision import Verdict


@dataclass(frozen=True, slots=True)
class Change:
    """A question that fares otherwise."""

    before: Outcome
    after: Outcome

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {"before": self.before.to_json(), "after": self.after.to_json()}


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a set fares before and after."""

    name: str
    figures: dict[str, Paired]
    worse: tuple[Change, ...]
    better: int
    """Number of questions that were wrong before and are right now."""
    compared: int = 0
    """Questions that both states could be asked."""
    left_out: int = 0
    """Questions that could not be asked of one of the two states."""
    degraded: int = 0
    """Questions that a part of Holdfast was missing for before; those after are in the figures."""

    @property
    def regressed(self) -> bool:
        """Whether any figure fell by more than chance explains."""
        return any(figure.is_worse for figure in self.figures.values())

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "name": self.name,
            "regressed": self.regressed,
            "figures": {name: figure.to_json() for name, figure in self.figures.items()},
            "worse": [change.to_json() for change in self.worse],
            "better": self.better,
            "left_out": self.left_out,
            "degraded_before": self.degraded,
        }


def compare(name: str, before: Sequence[Outcome], after: Sequence[Outcome]) -> Comparison:
    """Compare the outcomes of the same questions, as far as both sides could be asked.

    Raises:
        ConfigError: They are not the same questions.
    """
    if [o.question.id for o in before] != [o.question.id for o in after]:
        raise ConfigError(f"{name}: the two sides were not asked the same questions.")
    pairs = [(b, a) for b, a in zip(before, after, strict=True) if not (b.is_lost or a.is_lost)]
    found = [(b, a) for b, a in pairs if b.gold]
    judged = [(b, a) for b, a in pairs if b.question.label is not None]
    figures: dict[str, Paired] = {}
    if found:
        figures["hit@1"] = compare_shares(*_both(found, lambda o: hit_at(o.ranked, o.gold, 1) > 0))
        figures["hit@5"] = compare_shares(*_both(found, lambda o: hit_at(o.ranked, o.gold, 5) > 0))
        figures["ndcg@10"] = compare_means(*_both(found, lambda o: ndcg(o.ranked, o.gold)))
    if judged:
        figures["right_verdict"] = compare_shares(*_both(judged, is_right))
    worse = [Change(b, a) for b, a in pairs if fares(b) and not fares(a)]
    better = sum(fares(a) and not fares(b) for b, a in pairs)
    degraded = sum(b.is_degraded for b in before)
    left_out = len(before) - len(pairs)
    return Comparison(name, figures, tuple(worse), better, len(pairs), left_out, degraded)


def is_right(outcome: Outcome) -> bool:
    """Tell whether a question was answered exactly if it is answerable."""
    return outcome.answered == (outcome.question.label is Verdict.ANSWERABLE)


def fares(outcome: Outcome) -> bool:
    """Tell whether nothing about an outcome is wrong: verdict, and gold document in the first 5."""
    found = not outcome.gold or hit_at(outcome.ranked, outcome.gold, 5) > 0
    return found and (outcome.question.label is None or is_right(outcome))


def _both(
    pairs: Sequence[tuple[Outcome, Outcome]], figure: Any
) -> tuple[list[Any], list[Any], list[str]]:
    groups = [b.question.group for b, _ in pairs]
    return [figure(b) for b, _ in pairs], [figure(a) for _, a in pairs], groups
