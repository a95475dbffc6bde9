"""Read again what the rules said of claims: a trained reader doubts some and is sure of others.

The rules compare words, values and names. They see no sense: "reserved for members" and "closed to
members" have the same words, and "by noon of the next day" has not those of "the following day". A
reader of whole texts sees more of it, and less of figures and denials. So each has its say: the
reader takes back what it does not find said, and vouches for what the rules find in part or hardly,
as long as its values and names stand there and its "not". What the rules do not find at all or call
contradicted stays so.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from config.errors import ConfigError
from config.querying import ClaimsBy, ClaimSettings, DeadlineSettings
from query.claims.claim import AnswerCheck, Claim, ClaimVerdict
from query.claims.claim_reader import ReadsClaims, open_claim_reader
from query.claims.claims import beyond_vouching, check, is_claim, plain
from query.claims.excerpts import Excerpt, excerpts_of, nearest_to
from query.claims.turned import lacks_denial
from query.claims.wording import is_read_language, stands_word_for_word
from query.decision import Reason, ReasonCode
from query.resilience import Circuit, CircuitOpenError, OverdueError, circuit

MOST_CLAIMS: Final = 40
"""Of one text; from there on the rules alone have their say, and the check tells so."""
DOUBTED_SCORE: Final = 0.5
"""Score of a claim that the rules support and the reader does not find said."""
HARDLY_FOUND: Final = 0.25
"""Score from which on a reader may vouch for a claim that the rules do not support."""
_READ: Final = frozenset({ClaimVerdict.SUPPORTED, ClaimVerdict.PARTIAL})
logger = logging.getLogger(__name__)


class Checks(Protocol):
    """Anything that checks a text against evidence, as `claims.check` does."""

    def __call__(self, answer: str, evidence: Sequence[str], check_id: Any = None) -> AnswerCheck:
        """Return a verdict per sentence."""
        ...


@dataclass(frozen=True)
class SecondReading:
    """Checks by the rules, then has a reader read again what they said."""

    reader: ReadsClaims
    trips: Circuit
    """Leaves a reader alone that keeps failing."""
    seconds: float
    """How long reading may take, loading included."""

    def __call__(self, answer: str, evidence: Sequence[str], check_id: Any = None) -> AnswerCheck:
        """Check every sentence of a text; where the reader fails, the rules alone have checked."""
        by_rules = check(answer, evidence, check_id)
        held = beyond_vouching(by_rules.claims, evidence)
        wanted = [
            n for n, claim in enumerate(by_rules.claims)
            if n not in held and _is_worth_reading(claim)
        ]  # fmt: skip
        if not wanted or not any(text.strip() for text in evidence):
            return replace(by_rules, reader=self.reader.name)
        reasons: tuple[Reason, ...] = ()
        if len(wanted) > MOST_CLAIMS:
            told = f"Claims after the first {MOST_CLAIMS} were checked by rules alone."
            reasons = (Reason(ReasonCode.CHECKED_BY_RULES, told),)
        try:
            read = self.trips.call(
                self.seconds,
                lambda: _read(by_rules.claims, wanted[:MOST_CLAIMS], evidence, self.reader),
            )
        except CircuitOpenError as error:
            return replace(by_rules, reasons=(_by_rules_alone(str(error)),))
        except Exception as error:
            own = isinstance(error, ConfigError | OverdueError)  # says all that there is to say
            logger.warning("The reader of claims failed: %s", error, exc_info=not own)
            # Callers see the reason: only our own messages are known to name no place on disk.
            known = str(error) if own else type(error).__name__
            return replace(by_rules, reasons=(_by_rules_alone(known),))
        claims = tuple(read.get(n, claim) for n, claim in enumerate(by_rules.claims))
        needed = [claim.score for claim in claims if is_claim(claim.text)]
        score = sum(needed) / len(needed) if needed else 0.0
        return replace(
            by_rules,
            claims=claims,
            support_score=score,
            reasons=reasons,
            reader=self.reader.name,
        )


def open_checks(settings: ClaimSettings, deadlines: DeadlineSettings) -> Checks:
    """Return what checks claims by the settings; a reader's weights load with the first claim.

    Raises:
        ConfigError: There is no such reader, or what it is cannot be read.
    """
    if settings.checked_by is ClaimsBy.RULES:
        return check
    reader = open_claim_reader(settings.reader)
    return SecondReading(reader, circuit(deadlines), deadlines.judge_seconds)


def _is_worth_reading(claim: Claim) -> bool:
    hardly = claim.verdict is ClaimVerdict.UNSUPPORTED and claim.score >= HARDLY_FOUND
    read = hardly or claim.verdict in _READ
    return read and is_claim(claim.text) and is_read_language(plain(claim.text))


def _read(
    claims: Sequence[Claim], wanted: Sequence[int], evidence: Sequence[str], reader: ReadsClaims
) -> dict[int, Claim]:
    """Return the claims of which the reader says otherwise than the rules, by their positions."""
    excerpts = excerpts_of(evidence)
    near = {n: nearest_to(plain(claims[n].text), excerpts) for n in wanted}
    pairs = [(n, one) for n in wanted for one in near[n]]
    likely = reader.support([(plain(claims[n].text), one.text) for n, one in pairs])
    best: dict[int, tuple[float, Excerpt]] = {}
    for (n, one), value in zip(pairs, likely, strict=True):
        if n not in best or value > best[n][0]:
            best[n] = value, one
    found = {}
    for n, (value, one) in best.items():
        said = _said_again(claims[n], value, one, evidence, reader)
        if said is not None:
            found[n] = said
    return found


def _said_again(
    claim: Claim, likely: float, best: Excerpt, evidence: Sequence[str], reader: ReadsClaims
) -> Claim | None:
    """Return what comes of a claim by rules and reader; none where the reader changes nothing.

    Args:
        claim: What the rules said.
        likely: How likely the excerpt that is nearest to it supports it.
        best: That excerpt.
        evidence: All texts.
        reader: Knows from where on it counts.
    """
    if claim.verdict is ClaimVerdict.SUPPORTED:
        if likely >= reader.doubts_below or stands_word_for_word(plain(claim.text), evidence):
            return None
        score = min(claim.score, DOUBTED_SCORE)
        return replace(claim, verdict=ClaimVerdict.PARTIAL, score=score)
    said = plain(claim.text)
    found = claim.verdict is ClaimVerdict.PARTIAL
    if (
        likely < (reader.sure_from if found else reader.certain_from)
        or lacks_denial(said, best.text)
        or not best.holds_figures_of(said)
    ):
        return None
    score = max(claim.score, likely)
    return replace(claim, verdict=ClaimVerdict.SUPPORTED, score=score, citations=best.sources)


def _by_rules_alone(detail: str) -> Reason:
    return Reason(ReasonCode.CHECKED_BY_RULES, f"Claims were checked by rules alone. {detail}")
