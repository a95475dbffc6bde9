"""What sources of low trust may do: answer where nobody else does, and then in part only.

Whoever can put a page where Holdfast reads it can write a wrong answer that looks better than the
right one (PoisonedRAG, Zou et al., 2024): no reading of the page tells that it is wrong. What tells
is where it comes from. So a question is ruled on without pages of low trust first. Where the rest
answers it, wholly, in part or in more than one way, they are no evidence, nor do they contradict
it; where the rest does not, they count, and what rests on them alone is no more than supported in
part. `python -m benchmarks.poisoned DATA` says what that is worth.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from config.trust import LowTrust, Trust
from query.decision import Reason, ReasonCode, Verdict
from query.judging.ordering import with_score
from query.ruling import Ruling
from query.text.passages import Passage

LEADING: Final = 5
"""First candidates of which it is said that they were left out."""


def by_trust(
    passages: Sequence[Passage], rules: Callable[[Sequence[Passage]], Ruling], low: LowTrust
) -> Ruling:
    """Rule on a question by the passages that may be believed, and by all where they do not do.

    Args:
        passages: Candidates, best first.
        rules: Rules by such candidates.
        low: What the settings let sources of low trust do.
    """
    doubtful = {p.chunk_id for p in passages if p.trust == Trust.LOW and not p.blocked}
    if low is LowTrust.ALIKE or not doubtful:
        return rules(passages)
    believed = [p for p in passages if p.chunk_id not in doubtful]
    if any(not p.blocked for p in believed):
        ruling = rules(believed)
        if ruling.verdict is not Verdict.UNANSWERABLE:
            return _apart(ruling, passages, frozenset(doubtful))
    return _lowered(rules(passages))


def arranged(passages: Sequence[Passage], ruling: Ruling) -> tuple[Passage, ...]:
    """Return the candidates of a ruling with those that it leaves out behind all others."""
    if not ruling.apart:
        return tuple(passages)
    order = sorted(passages, key=lambda p: p.chunk_id in ruling.apart)
    return tuple(
        with_score(passage, was.ranked.score) for passage, was in zip(order, passages, strict=True)
    )


def _apart(ruling: Ruling, passages: Sequence[Passage], doubtful: frozenset[str]) -> Ruling:
    leading = sorted({p.key for p in passages[:LEADING] if p.chunk_id in doubtful})
    if not leading:
        return replace(ruling, apart=doubtful | ruling.apart)
    detail = f"Chunks of low trust were not used as evidence: {', '.join(leading)}."
    left_out = Reason(ReasonCode.LOW_TRUST_EVIDENCE, detail)
    return replace(ruling, apart=doubtful | ruling.apart, reasons=(*ruling.reasons, left_out))


def _lowered(ruling: Ruling) -> Ruling:
    """Take from `answerable` what nobody but sources of low trust answers."""
    if ruling.verdict is not Verdict.ANSWERABLE:
        return ruling
    detail = "Only sources of low trust answer the question."
    alone = Reason(ReasonCode.LOW_TRUST_ONLY, detail)
    return replace(ruling, verdict=Verdict.PARTIALLY_SUPPORTED, reasons=(alone, *ruling.reasons))
