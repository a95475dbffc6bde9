"""The rules that turn a judgement into a verdict; thresholds come from the settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from config.settings import GateSettings
from indexing.points import Hit, HybridHits
from query.ambiguity.conflicts import CASES, NAMESAKES, differing, find_conflicts
from query.asking.forms import missing_form
from query.asking.question import AnswerType, Question
from query.asking.referring import VERBS
from query.asking.superlatives import superlatives
from query.calibrating.calibration import Calibration
from query.decision import (
    Conflict,
    Reason,
    ReasonCode,
    SuggestedAction,
    Verdict,
)
from query.evidence.sections import about_what_is_asked
from query.evidence.validity import in_force
from query.judging.features import TOP, TYPE_KINDS
from query.judging.judge import READER_ANSWERS, Judge, Judgement
from query.judging.promoting import with_first
from query.judging.requirements import Requirement, absent
from query.ruling import NOT_TOGETHER, Ruling
from query.text.designators import find_designators
from query.text.missed import is_missed
from query.text.passages import SHAPE_STEMS, Passage, coverage
from query.text.values import ValueKind, find_values

ABSENT_FACTOR = 0.3
"""What is left of the probability when the evidence does not name what the question names."""


_FEW_TERMS = 3
_ENOUGH = 0.6
"""Share of a short question that one passage must cover for the verdict `answerable`."""
_SURE = 0.7
"""Probability from which on other words than the question's will do, where somebody has read the
passages and found an answer: "where did she die?" is met by where somebody lies buried. Of the
questions of twelve collections that were held for want of them, six such ones have an answer, five
are ambiguous and none is without; of those below five have one, one is ambiguous, seven have
none."""

_AMOUNT_NEAR = 0.6
"""Share of what the best passage covers that a passage with an amount must cover too."""


def rule(
    question: Question,
    passages: Sequence[Passage],
    legs: HybridHits,
    judge: Judge,
    settings: GateSettings,
    calibration: Calibration | None = None,
) -> Ruling:
    """Judge one simple question.

    Flagged passages neither support an answer nor count for the probability; they only
    explain why an answer that seems to be there is not given. A calibration sets the thresholds
    and says what a score means; the scores themselves stay what they are without one.
    """
    usable = [p for p in passages if not p.blocked]
    flagged = _flag_reason(passages)
    if not passages:
        return _refusal(Reason(ReasonCode.NO_EVIDENCE, "No chunk matches the question."))
    if not usable:
        return _refusal(_only_flagged())
    holding = in_force(usable, question)
    outdated = [p for p in usable if p not in holding]
    usable = list(about_what_is_asked(usable, question)) or usable
    judgement = judge.judge(question, usable, _only(legs, usable))
    usable = list(with_first(usable, judgement.first))
    score = judgement.p_answerable
    if judgement.calibration_id != judge.calibration_id:
        calibration = None  # another judge stepped in, whose scores mean something else
    bar = calibration or settings
    lacking = absent(question, usable)
    strict = _each_once([r for r in lacking if r.strict])
    strict += _missing_form(question, judgement, usable)
    if strict:
        score = min(score * ABSENT_FACTOR, settings.partial_at * 0.99)
    found = _Found(question, usable, judgement, score, calibration, bar)
    if strict:
        said = _Said(
            Verdict.UNANSWERABLE,
            [Reason(r.code, f"No evidence names {r.text!r}.") for r in strict],
            tuple(r.text for r in strict),
        )
    elif score < bar.partial_at:
        said = _too_little(found, flagged is not None and _flagged_leads(passages))
    elif score < bar.answerable_at:
        said = _weakly(found)
    else:
        said = _enough(found)
    reasons = [r for r in (flagged, _outdated_reason(outdated), judgement.fault) if r]
    return Ruling(
        said.verdict, found.shown(score), (*reasons, *said.reasons), said.missing, said.conflicts,
        judgement.features, judgement.weights, judgement.calibration_id, judgement.places,
        judgement.first, frozenset(p.chunk_id for p in outdated), judgement.undecided,
        score if calibration else None,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Found:
    """What a verdict rests on."""

    question: Question
    usable: Sequence[Passage]
    judgement: Judgement
    score: float
    calibration: Calibration | None
    bar: GateSettings | Calibration
    """Has the thresholds of scores."""

    def shown(self, score: float) -> float:
        """Return what a score means: the probability where somebody measured it."""
        return self.calibration.probability(score) if self.calibration else score

    def uncovered(self, passages: Sequence[Passage]) -> tuple[str, ...]:
        """Name the words of the question that these passages lack."""
        return _uncovered(self.question, self.judgement.weights, passages)


@dataclass(frozen=True, slots=True)
class _Said:
    """A verdict, why it is that, and what comes with it."""

    verdict: Verdict
    reasons: Sequence[Reason]
    missing: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


def _too_little(found: _Found, flagged_leads: bool) -> _Said:
    """Refuse what is not likely enough even for a part."""
    low = _low_support(found.shown(found.score), found.shown(found.bar.partial_at), flagged_leads)
    return _Said(Verdict.UNANSWERABLE, [low], found.uncovered(found.usable))


def _weakly(found: _Found) -> _Said:
    """Support in part what lies between the thresholds."""
    p, least = found.shown(found.score), found.shown(found.bar.answerable_at)
    detail = f"p_answerable {p:.2f} lies below gate.answerable_at {least:.3g}."
    weak = Reason(ReasonCode.WEAK_SUPPORT, detail)
    return _Said(Verdict.PARTIALLY_SUPPORTED, [weak], found.uncovered(found.usable))


def _enough(found: _Found) -> _Said:
    """Rule on what is likely enough: unless documents contradict each other or leave a gap."""
    question, usable, judgement = found.question, found.usable, found.judgement
    conflicts = find_conflicts(question, judgement.weights, usable)
    conflicts = conflicts or differing(usable, judgement.rival, judgement.places)
    if conflicts:
        reasons = [_conflict_reason(c) for c in conflicts]
        return _Said(Verdict.AMBIGUOUS, reasons, conflicts=conflicts)
    gap = _gap(question, judgement, usable)
    if gap:
        weak = Reason(ReasonCode.WEAK_SUPPORT, gap)
        return _Said(Verdict.PARTIALLY_SUPPORTED, [weak], found.uncovered(usable[:1]))
    detail = f"p_answerable {found.shown(found.score):.2f}."
    return _Said(Verdict.ANSWERABLE, [Reason(ReasonCode.EVIDENCE_FOUND, detail)])


def refuse_if_not_together(ruling: Ruling) -> Ruling:
    """Refuse a short question that is in no passage as a whole, where a reader was there.

    The verdict of `rule` on it may be mended by a table or explained by a missing word, so this is
    asked after them. Without a reader it stays supported in part: nobody has looked. So does what
    is likely although the reader points at no answer.
    """
    apart = any(reason.detail == NOT_TOGETHER for reason in ruling.reasons)
    if ruling.verdict is not Verdict.PARTIALLY_SUPPORTED or not apart:
        return ruling
    if READER_ANSWERS not in (ruling.features or {}) or ruling.score >= _SURE:
        return ruling
    low = Reason(ReasonCode.LOW_SUPPORT, NOT_TOGETHER)
    kept = tuple(reason for reason in ruling.reasons if reason.detail != NOT_TOGETHER)
    return replace(ruling, verdict=Verdict.UNANSWERABLE, reasons=(*kept, low))


def combine(parts: Sequence[str], rulings: Sequence[Ruling]) -> Ruling:
    """Put the rulings on the parts of a compound question together.

    All parts answerable: answerable. None supported: unanswerable. Otherwise the question is
    supported in part, and `missing` names the parts that are not. The probability is that of
    the weakest part, because the question is answered only if all its parts are.
    """
    if len(rulings) == 1:
        return rulings[0]
    weakest = min(r.p_answerable for r in rulings)
    conflicts = tuple(c for r in rulings for c in r.conflicts)
    reasons = tuple(dict.fromkeys(reason for r in rulings for reason in r.reasons))
    refused = [
        (part, r) for part, r in zip(parts, rulings, strict=True)
        if r.verdict is Verdict.UNANSWERABLE
    ]  # fmt: skip
    verdicts = {r.verdict for r in rulings}
    if refused and len(refused) < len(rulings):
        verdict, missing = Verdict.PARTIALLY_SUPPORTED, tuple(part for part, _ in refused)
        uncovered = tuple(
            Reason(ReasonCode.PART_NOT_COVERED, f"No evidence answers: {part}")
            for part, _ in refused
        )
        reasons = (*uncovered, *reasons)
    else:
        missing = tuple(dict.fromkeys(m for r in rulings for m in r.missing))
        order = (
            Verdict.UNANSWERABLE,
            Verdict.AMBIGUOUS,
            Verdict.PARTIALLY_SUPPORTED,
            Verdict.ANSWERABLE,
        )
        verdict = next(v for v in order if v in verdicts)
    judged_by = next((r.calibration_id for r in rulings if r.calibration_id), "")
    return Ruling(verdict, weakest, reasons, missing, conflicts, calibration_id=judged_by)


def suggest(verdict: Verdict, reasons: Sequence[Reason]) -> SuggestedAction:
    """Tell what a caller should do about a verdict."""
    codes = {reason.code for reason in reasons}
    if verdict is Verdict.REFUSED_BY_POLICY:
        quota = ReasonCode.POLICY_QUOTA in codes
        return SuggestedAction.RETRY_LATER if quota else SuggestedAction.REFUSE
    if verdict is Verdict.AMBIGUOUS:
        return SuggestedAction.ASK_BACK
    if verdict is not Verdict.UNANSWERABLE:
        return SuggestedAction.ANSWER
    if ReasonCode.FLAGGED_EVIDENCE_ONLY in codes:
        return SuggestedAction.ESCALATE
    if codes & {ReasonCode.EMPTY_QUESTION, ReasonCode.GARBLED_INPUT, ReasonCode.QUESTION_TOO_LONG}:
        return SuggestedAction.ASK_BACK
    return SuggestedAction.REFUSE


def _refusal(reason: Reason) -> Ruling:
    return Ruling(Verdict.UNANSWERABLE, 0.0, (reason,))


def _only_flagged() -> Reason:
    detail = "Only chunks flagged as hidden or as carrying instructions match the question."
    return Reason(ReasonCode.FLAGGED_EVIDENCE_ONLY, detail)


def _flagged_leads(passages: Sequence[Passage]) -> bool:
    return bool(passages) and passages[0].blocked


def _flag_reason(passages: Sequence[Passage]) -> Reason | None:
    blocked = [p for p in passages[:5] if p.blocked]
    if not blocked:
        return None
    names = ", ".join(sorted({p.key for p in blocked}))
    detail = f"Flagged chunks were not used as evidence: {names}."
    return Reason(ReasonCode.FLAGGED_EVIDENCE, detail)


def _outdated_reason(outdated: Sequence[Passage]) -> Reason | None:
    if not outdated:
        return None
    names = ", ".join(sorted({p.key for p in outdated}))
    detail = f"Chunks that hold no longer, or for another time, were not used: {names}."
    return Reason(ReasonCode.OUTDATED_EVIDENCE, detail)


def _low_support(p: float, partial_at: float, flagged_leads: bool) -> Reason:
    if flagged_leads:
        return _only_flagged()
    detail = f"p_answerable {p:.2f} lies below gate.partial_at {partial_at:.3g}."
    return Reason(ReasonCode.LOW_SUPPORT, detail)


def _gap(question: Question, judgement: Judgement, passages: Sequence[Passage]) -> str:
    """Say what keeps likely evidence from answering; empty where nothing does.

    "What is the gym password?" is not answered by where the gym is, nor by how long passwords are;
    a longer question may well be met in other words. And what something costs is not answered where
    no amount is given. (For times and dates the same rule was tried: a fifth of squad's answers are
    dates that `find_values` does not know.)
    """
    content = {t: w for t, w in judgement.weights.items() if t not in SHAPE_STEMS}
    covered = [(coverage(content, p.stems, p.context), p) for p in passages[:TOP]]
    most = max((share for share, _ in covered), default=0.0)
    sure = judgement.p_answerable >= _SURE and judgement.is_read
    # A follow-up of one word leans on what was said; a question of one that nothing has is none.
    least = 2 if question.earlier else 1
    if least <= len(content) <= _FEW_TERMS and most < _ENOUGH and not sure:
        return NOT_TOGETHER
    if question.answer_type is AnswerType.MONEY:
        # A price list gives bare numbers: its currency stands in the head of the table.
        kinds = TYPE_KINDS[AnswerType.MONEY] | {ValueKind.NUMBER}
        priced = [c for c, p in covered if any(v.kind in kinds for v in find_values(p.text))]
        if max(priced, default=0.0) < _AMOUNT_NEAR * most:
            return "No amount of money stands near what is asked about."
    return ""


def _each_once(lacking: Sequence[Requirement]) -> list[Requirement]:
    """Leave out the name of what lacks with its number: "Lumo" where there is no "Lumo 3".

    What is about its siblings was left out before, so that nothing is left that names them.
    """
    numbered = {d.head.lower() for r in lacking for d in find_designators(r.text)}
    return [r for r in lacking if r.text.lower() not in numbered]


def _missing_form(
    question: Question, judgement: Judgement, passages: Sequence[Passage]
) -> list[Requirement]:
    """Require that what is written in one form only is written near what is asked about."""
    content = {t: w for t, w in judgement.weights.items() if t not in SHAPE_STEMS}
    covered = [(coverage(content, p.stems, p.context), p) for p in passages[:TOP]]
    most = max((share for share, _ in covered), default=0.0)
    near = [p.everything for share, p in covered if share >= _AMOUNT_NEAR * most]
    form = missing_form(question.text, near)
    return [Requirement(form, ReasonCode.ENTITY_NOT_FOUND, True)] if form else []


def _conflict_reason(conflict: Conflict) -> Reason:
    one, other = conflict.sides[:2]
    if conflict.slot == CASES:
        detail = f"{one.key} says {one.value!r} of {one.case!r}, {other.value!r} of {other.case!r}."
        return Reason(ReasonCode.SEVERAL_CASES, detail)
    if conflict.slot == NAMESAKES:
        detail = f"{one.key} is about {one.value!r}, {other.key} about {other.value!r}."
        return Reason(ReasonCode.SEVERAL_NAMESAKES, detail)
    detail = f"{one.key} says {one.value!r}, {other.key} says {other.value!r}."
    return Reason(ReasonCode.CONFLICTING_EVIDENCE, detail)


def _only(legs: HybridHits, passages: Sequence[Passage]) -> HybridHits:
    """Keep only the hits of these passages."""
    known = {p.ranked.hit.id for p in passages}

    def kept(hits: Sequence[Hit]) -> tuple[Hit, ...]:
        return tuple(hit for hit in hits if hit.id in known)

    return HybridHits(kept(legs.fused), kept(legs.dense), kept(legs.sparse))


def _uncovered(
    question: Question, weights: Mapping[str, float], passages: Sequence[Passage]
) -> tuple[str, ...]:
    """Name the question's words that no passage near the top holds, the rarest first.

    Words that say nothing of what is asked about ("much", "take") would help nobody.
    """
    top = passages[:3]
    surface = dict(zip(question.terms, question.surface, strict=True))
    unknown = [t for t in weights if not any(t in p.stems or t in p.context for p in top)]
    words = [surface[t] for t in sorted(unknown, key=lambda t: -weights[t]) if t in surface]
    # No document need say "cheapest": rows are compared.
    little = VERBS | {word for one in superlatives(question.text) for word in one.word.split()}
    return tuple(word for word in words if is_missed(word) and word.lower() not in little)[:3]
