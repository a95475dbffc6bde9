"""The figures of one set: retrieval, gate, verdicts and latency, per tier and per language."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluation.asking import Outcome
from evaluation.metrics.gate import (
    Bin,
    RiskCoverage,
    auprc,
    auroc,
    brier,
    ece,
    macro_f1,
    reliability,
    risk_coverage,
)
from evaluation.metrics.intervals import Integers, Interval, bootstrap, bootstrap_share, rounded
from evaluation.metrics.retrieval import hit_at, ndcg, reciprocal_rank
from query.decision import Verdict

VERDICTS = tuple(verdict.value for verdict in Verdict)
RISK = 0.05
HISTOGRAM_BINS = 20
WORST = 12


@dataclass(frozen=True, slots=True)
class RetrievalFigures:
    """How well documents with the answer are found."""

    hit_at_1: Interval
    hit_at_5: Interval
    mrr: Interval
    ndcg_at_10: Interval

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "hit@1": self.hit_at_1.to_json(),
            "hit@5": self.hit_at_5.to_json(),
            "mrr": self.mrr.to_json(),
            "ndcg@10": self.ndcg_at_10.to_json(),
        }


@dataclass(frozen=True, slots=True)
class GateFigures:
    """How well answerable questions are told from others, and how true the probability is."""

    auroc: Interval
    auprc: float
    ece: float
    brier: float
    curve: RiskCoverage
    coverage_at_risk: float
    """Largest share of questions that could be answered with 5 % of the answers wrong."""
    risk_among_answered: Interval
    """Share of the answered questions that should not have been answered."""
    false_refusals: Interval
    """Share of the answerable questions that got `unanswerable`."""
    macro_f1: float
    steps: tuple[Bin, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "auroc": self.auroc.to_json(),
            "auprc": rounded(self.auprc),
            "ece": rounded(self.ece),
            "brier": rounded(self.brier),
            "area_under_risk_coverage": rounded(self.curve.area),
            "coverage_at_5_percent_risk": rounded(self.coverage_at_risk),
            "risk_among_answered": self.risk_among_answered.to_json(),
            "false_refusals": self.false_refusals.to_json(),
            "macro_f1": rounded(self.macro_f1),
            "risk_coverage": {
                "coverage": [round(c, 4) for c in self.curve.coverages],
                "risk": [round(r, 4) for r in self.curve.risks],
            },
            "reliability": [step.to_json() for step in self.steps],
        }


@dataclass(frozen=True, slots=True)
class TierFigures:
    """Unanswerable questions of one kind against all answerable ones."""

    n: int
    auroc: Interval
    answered: float
    """Share of them that was answered all the same."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "n": self.n,
            "auroc": self.auroc.to_json(),
            "answered": rounded(self.answered),
        }


@dataclass(frozen=True, slots=True)
class SetFigures:
    """Everything about one set."""

    name: str
    outcomes: tuple[Outcome, ...]
    retrieval: RetrievalFigures | None
    gate: GateFigures | None
    tiers: Mapping[str, TierFigures]
    languages: Mapping[str, RetrievalFigures]
    verdicts: Mapping[str, Mapping[str, int]]
    """By label, how often each verdict was given."""
    latency_ms: Mapping[str, float]
    asked_of: str = ""
    """A generation and its epoch, or the documents of the set."""
    unknown: tuple[str, ...] = ()
    """Documents that questions name and that are not there: nothing can ever find them."""

    @property
    def lost(self) -> tuple[Outcome, ...]:
        """Questions that could not be asked; no figure counts them."""
        return tuple(outcome for outcome in self.outcomes if outcome.is_lost)

    @property
    def judged(self) -> tuple[Outcome, ...]:
        """Questions that could be asked, which all figures are about."""
        return tuple(outcome for outcome in self.outcomes if not outcome.is_lost)

    @property
    def degraded(self) -> tuple[Outcome, ...]:
        """Questions that a part of Holdfast was missing for; figures count them."""
        return tuple(outcome for outcome in self.outcomes if outcome.is_degraded)

    @property
    def unreviewed(self) -> int:
        """Questions that no person has looked at."""
        return sum(not outcome.question.reviewed for outcome in self.outcomes)

    @property
    def silent(self) -> int:
        """Questions without a label and without a gold document: no figure counts them."""
        return sum(not outcome.question.says_something for outcome in self.outcomes)

    def histogram(self) -> dict[str, list[int]]:
        """Return, by label, how many questions lie in each twentieth of the probability."""
        edges = np.linspace(0.0, 1.0, HISTOGRAM_BINS + 1)
        found = {}
        for label in VERDICTS:
            scores = [o.p for o in self.judged if o.question.label == label]
            if scores:
                found[label] = np.histogram(scores, edges)[0].tolist()
        return found

    def worst(self, count: int = WORST) -> list[Outcome]:
        """Return the worst mistakes: the surest wrong answers, the surest wrong refusals, misses.

        The three kinds take turns, so that none crowds out the others.
        """
        answered = [o for o in self.judged if o.answered and is_wrong(o)]
        refused = [
            o
            for o in self.judged
            if o.question.label is Verdict.ANSWERABLE and o.verdict == Verdict.UNANSWERABLE
        ]
        missed = [o for o in self.judged if o.gold and not hit_at(o.ranked, o.gold, 5)]
        kinds = (
            sorted(answered, key=lambda o: -o.p),
            sorted(refused, key=lambda o: o.p),
            sorted(missed, key=lambda o: -o.p),
        )
        turns = (kind[i] for i in range(max(map(len, kinds))) for kind in kinds if i < len(kind))
        return list({o.question.id: o for o in turns}.values())[:count]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "name": self.name,
            "asked_of": self.asked_of,
            "unknown_documents": list(self.unknown),
            "questions": len(self.outcomes),
            "unreviewed": self.unreviewed,
            "without_label_and_document": self.silent,
            "unavailable": named_codes(self.lost),
            "degraded": named_codes(self.degraded),
            "retrieval": self.retrieval.to_json() if self.retrieval else None,
            "gate": self.gate.to_json() if self.gate else None,
            "tiers": {name: tier.to_json() for name, tier in self.tiers.items()},
            "languages": {name: found.to_json() for name, found in self.languages.items()},
            "verdicts": {label: dict(given) for label, given in self.verdicts.items()},
            "histogram": self.histogram(),
            "latency_ms": {name: round(value, 2) for name, value in self.latency_ms.items()},
            "worst": [outcome.to_json() for outcome in self.worst()],
        }


def figures_of(
    name: str, outcomes: Sequence[Outcome], asked_of: str = "", unknown: Sequence[str] = ()
) -> SetFigures:
    """Work out the figures of a set, of the questions that could be asked.

    An outage refuses everything: it would look like answerable questions being refused, and like
    unanswerable ones being refused rightly.

    Args:
        name: Of the set.
        outcomes: Of all its questions that were asked.
        asked_of: What they were asked of.
        unknown: Documents that they name and that are not there.
    """
    judged = [o for o in outcomes if not o.is_lost]
    labelled = [o for o in judged if o.question.label is not None]
    languages = sorted({o.question.lang for o in judged if o.question.lang})
    by_language = {lang: [o for o in judged if o.question.lang == lang] for lang in languages}
    return SetFigures(
        name=name,
        outcomes=tuple(outcomes),
        retrieval=retrieval_figures(judged),
        gate=gate_figures(labelled),
        tiers=tier_figures(labelled),
        languages={
            lang: found
            for lang, chosen in by_language.items()
            if (found := retrieval_figures(chosen)) is not None
        },
        verdicts=count_verdicts(labelled),
        latency_ms=latency([o.milliseconds for o in judged]),
        asked_of=asked_of,
        unknown=tuple(unknown),
    )


def named_codes(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Count questions that a part was missing for, and the reasons that they gave."""
    codes = Counter(code for outcome in outcomes for code in outcome.codes)
    return {"questions": len(outcomes), "reasons": dict(codes.most_common())}


def retrieval_figures(outcomes: Sequence[Outcome]) -> RetrievalFigures | None:
    """Return retrieval figures; none where no question names a document."""
    asked = [o for o in outcomes if o.gold]
    if not asked:
        return None
    groups = [o.question.group for o in asked]

    def mean(values: Sequence[float]) -> Interval:
        return bootstrap_share(values, groups)

    return RetrievalFigures(
        mean([hit_at(o.ranked, o.gold, 1) for o in asked]),
        mean([hit_at(o.ranked, o.gold, 5) for o in asked]),
        mean([reciprocal_rank(o.ranked, o.gold) for o in asked]),
        mean([ndcg(o.ranked, o.gold) for o in asked]),
    )


def gate_figures(labelled: Sequence[Outcome]) -> GateFigures | None:
    """Return gate figures; none where no question has a label."""
    if not labelled:
        return None
    score = np.array([o.p for o in labelled])
    positive = np.array([o.question.label is Verdict.ANSWERABLE for o in labelled])
    wrong = ~positive
    curve = risk_coverage(wrong, score)
    answered = [o for o in labelled if o.answered]
    answerable = [o for o in labelled if o.question.label is Verdict.ANSWERABLE]
    return GateFigures(
        auroc=auroc_interval(
            [o for o in labelled if o.question.label in (Verdict.ANSWERABLE, Verdict.UNANSWERABLE)]
        ),
        auprc=auprc(positive, score),
        ece=ece(positive, score),
        brier=brier(positive, score),
        curve=curve,
        coverage_at_risk=curve.coverage_at(RISK),
        risk_among_answered=_share(answered, is_wrong),
        false_refusals=_share(answerable, lambda o: o.verdict == Verdict.UNANSWERABLE),
        macro_f1=macro_f1(
            [str(o.question.label) for o in labelled], [o.verdict for o in labelled], VERDICTS
        ),
        steps=reliability(positive, score),
    )


def tier_figures(labelled: Sequence[Outcome]) -> dict[str, TierFigures]:
    """Return figures of every kind of unanswerable question."""
    answerable = [o for o in labelled if o.question.label is Verdict.ANSWERABLE]
    refusable = [o for o in labelled if o.question.label is Verdict.UNANSWERABLE]
    found = {}
    for tier in sorted({o.question.tier or "-" for o in refusable}):
        chosen = [o for o in refusable if (o.question.tier or "-") == tier]
        answered = sum(o.answered for o in chosen) / len(chosen)
        found[tier] = TierFigures(len(chosen), auroc_interval([*answerable, *chosen]), answered)
    return found


def auroc_interval(outcomes: Sequence[Outcome]) -> Interval:
    """Return the AUROC of answerable against other questions, resampled by document."""
    positive = np.array([o.question.label is Verdict.ANSWERABLE for o in outcomes], dtype=bool)
    score = np.array([o.p for o in outcomes])

    def figure(positions: Integers) -> float:
        return auroc(positive[positions], score[positions])

    return bootstrap(figure, [o.question.group for o in outcomes])


def count_verdicts(labelled: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    """Count verdicts by label."""
    table: dict[str, Counter[str]] = {}
    for outcome in labelled:
        table.setdefault(str(outcome.question.label), Counter())[outcome.verdict] += 1
    return {label: dict(sorted(table[label].items())) for label in sorted(table)}


def latency(milliseconds: Sequence[float]) -> dict[str, float]:
    """Return median, 95th percentile and maximum."""
    if not milliseconds:
        return {}
    p50, p95 = np.quantile(milliseconds, [0.5, 0.95])
    return {"p50": float(p50), "p95": float(p95), "max": max(milliseconds)}


def is_wrong(outcome: Outcome) -> bool:
    """Tell whether answering this question is a mistake.

    Whatever is not answerable in full must not be answered as certain: questions that are
    supported in part or ambiguous count as well.
    """
    label = outcome.question.label
    return label is not None and label is not Verdict.ANSWERABLE


def _share(outcomes: Sequence[Outcome], holds: Any) -> Interval:
    return bootstrap_share(
        [float(holds(o)) for o in outcomes], [o.question.group for o in outcomes]
    )
