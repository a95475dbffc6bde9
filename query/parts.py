"""The parts of an engine that can be left out or replaced."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from config.policy import Policy
from config.querying import DeadlineSettings, SelectionSettings
from query.ambiguity.openness import Opens
from query.calibrating.calibrations import NO_CALIBRATIONS, Calibrations
from query.claims.claims import check
from query.claims.second_reading import Checks
from query.evidence.selection import Reranking
from query.generation.chain import Generates
from query.policy.permission import Permission
from query.policy.policing import RequestCounter
from query.ports import Pinned
from query.search.retrieval import KnowsSources, Retrieval
from query.search.scope import Scope

if TYPE_CHECKING:
    from query.feedback import Feedback, Given
    from query.logged_evidence import CitedEvidence


@dataclass(frozen=True, slots=True)
class Extras:
    """Parts of an engine that a home may have; without them it works as it always did."""

    policy: Policy | None = None
    counter: RequestCounter | None = None
    """Counts requests for quotas; none counts nothing."""
    selection: SelectionSettings = field(default_factory=SelectionSettings)
    reranking: Reranking | None = None
    generator: Generates | None = None
    opens: Opens | None = None
    """Says how likely a question leaves open what it means; none is the model that ships."""
    words: Any = None
    """Compares words in place of the encoder; none is the encoder."""
    deadlines: DeadlineSettings = field(default_factory=DeadlineSettings)
    scope: Scope = field(default_factory=Scope)
    """What a request may read that brings no scope of its own."""
    calibrations: Calibrations = NO_CALIBRATIONS
    """Says which calibration holds; where none does, scores are given as they are, with the
    thresholds of the settings."""
    checks: Checks = check
    """Checks texts against evidence; the rules alone, where nothing else is given."""
    kept: "KeepsRequests | None" = None
    """Earlier requests; without it there are none to read again or to say something about."""


class Permits(Protocol):
    """Knows what the policy of today lets be read."""

    def permits(self, texts: Sequence[str], pinned: Pinned, scope: Scope) -> Permission:
        """Say what of a scope may be read for texts that are not judged."""
        ...


class KeepsRequests(Protocol):
    """The requests in the log, as an engine needs them."""

    def cited(
        self,
        may: Permits,
        tenant: str,
        scope: Scope,
        request_id: str,
        about: tuple[str, ...],
    ) -> "CitedEvidence | None":
        """Read the evidence of a request again; none where this tenant has no such request.

        Args:
            may: Knows the policy of today.
            tenant: Whose request.
            scope: What may be read today.
            request_id: Names it.
            about: What the evidence is wanted for besides; the policy holds for it too.
        """
        ...

    def said(self, tenant: str, request_id: str, feedback: "Feedback") -> "Given | None":
        """Write down what somebody says; none where this tenant has no such request.

        Raises:
            ConfigError: It is longer than anybody would read.
            TooMuchFeedbackError: So much was said about the request that no more is taken.
            LedgerError: It could not be written.
        """
        ...


class Retrieves(KnowsSources, Protocol):
    """What brings candidates for a question."""

    def retrieve(self, text: str, pinned: Pinned, scope: Scope) -> Retrieval:
        """Return the candidates of a question, best first, or why there are none."""
        ...
