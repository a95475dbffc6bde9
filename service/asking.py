"""What whoever asks may have of the query module; HTTP and MCP both come through here."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from config.errors import ConfigError
from config.policy import at_least
from indexing.as_of import AsOf, parse_as_of
from indexing.corpus import Corpus
from query.decision import GroundingDecision, Reason, ReasonCode
from query.search.scope import Scope
from service.api_figures import Figures
from service.api_models import Ask, Check, Cite, RetrievalOut
from service.api_problems import ProblemError
from service.api_tenants import Tenants
from service.keys import ApiKey
from service.troubles import told

if TYPE_CHECKING:
    from query.claims.claim import AnswerCheck
    from query.logged_evidence import CitedEvidence


class Way(StrEnum):
    """What is asked of a question."""

    RETRIEVE = "retrieve"
    GROUND = "ground"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks; made from a key or from the configuration, never from a request."""

    tenant: str
    groups: frozenset[str] = frozenset()
    name: str = ""
    """For the log."""

    @classmethod
    def of_key(cls, key: ApiKey) -> "Asker":
        """Return the holder of a key."""
        return cls(key.tenant, frozenset(key.groups), key.name)

    def scope(self, ask: Ask | None = None) -> Scope:
        """Return what may be read; a request can only narrow it."""
        if ask is None:
            return Scope(groups=self.groups, asker=self.name)
        return Scope(
            groups=self.groups,
            sources=frozenset(ask.sources),
            trusts=at_least(ask.least_trust),
            asker=self.name,
        )


@dataclass(frozen=True)
class QueryDesk:
    """Serves requests of any tenant on one open home; usable from several threads."""

    corpus: Corpus
    tenants: Tenants
    figures: Figures = field(default_factory=Figures)

    def decide(self, asker: Asker, ask: Ask, way: Way) -> GroundingDecision:
        """Decide on a question, and answer it where the verdict and the way allow that.

        Raises:
            ProblemError: The earlier state asked for is none, or a source is not there.
        """
        engine = self.tenants.engine(asker.tenant)
        work = engine.answer if way is Way.ANSWER else engine.ground
        decision = work(
            ask.question,
            frozenset(ask.exclude_keys),
            read_as_of(ask.as_of),
            [turn.model_dump() for turn in ask.history],
            scope=asker.scope(ask),
        )
        self.figures.decided(way.value, decision)
        for reason in decision.reasons:
            if reason.code is ReasonCode.NO_SUCH_SOURCE:
                raise ProblemError(404, reason.code.value, reason.detail)
        return replace(decision, reasons=self._told(asker, decision))

    def served(self, asker: Asker, ask: Ask, way: Way) -> dict[str, Any]:
        """Return the JSON of a decision, of a retrieval only the evidence and the verdict on it.

        Raises:
            ProblemError: The earlier state asked for is none, or a source is not there.
        """
        found = self.decide(asker, ask, way).to_json()
        if way is Way.RETRIEVE:
            return {name: found[name] for name in RetrievalOut.model_fields}
        return found

    def checked(self, asker: Asker, asked: Check) -> dict[str, Any]:
        """Check an answer against what whoever asks may read.

        Raises:
            ProblemError: There is no such request of this tenant.
        """
        found = self.tenants.engine(asker.tenant).check(
            asked.answer,
            question=asked.question or "",
            evidence=asked.evidence,
            request_id=asked.request_id,
            scope=asker.scope(),
        )
        self.figures.checked(found)
        if any(reason.code is ReasonCode.NO_SUCH_REQUEST for reason in found.reasons):
            raise _no_such_request()
        return replace(found, reasons=self._told(asker, found)).to_json()

    def cited(self, asker: Asker, asked: Cite) -> dict[str, Any]:
        """Return the evidence of a logged request in whole chunks, as it may be read today.

        Raises:
            ProblemError: There is no such request of this tenant.
        """
        engine = self.tenants.engine(asker.tenant)
        found = engine.evidence(asked.request_id, scope=asker.scope())
        if found is None:
            raise _no_such_request()
        return replace(found, reasons=self._told(asker, found)).to_json()

    def _told(
        self, asker: Asker, found: "GroundingDecision | AnswerCheck | CitedEvidence"
    ) -> tuple[Reason, ...]:
        return told(found.reasons, found.request_id, asker.tenant, asker.name)


def read_as_of(text: str | None) -> AsOf | None:
    """Read an earlier state.

    Raises:
        ProblemError: It is none.
    """
    try:
        return parse_as_of(text) if text is not None else None
    except ConfigError as error:
        raise ProblemError(422, "not_understood", str(error).replace("--as-of", "as_of")) from error


def _no_such_request() -> ProblemError:
    return ProblemError(404, "no_such_request", "There is no such request to read again.")
