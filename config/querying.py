"""Options of the query half: policy, choice of evidence, deadlines, generators, the service."""

from enum import StrEnum
from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from config.section import Seconds, Section


class CrossEncoderKind(StrEnum):
    """What a CrossEncoder was taught to tell of two texts."""

    RELEVANCE = "relevance"
    """One score of (question, passage), as those trained on MS MARCO give."""
    NLI = "nli"
    """Whether the first text entails the second; the label is found by its name."""
    HHEM = "hhem"
    """One score of how consistent a claim, the second text, is with evidence, the first."""


class PolicySettings(Section):
    """Which policy is in force."""

    file: Path | None = Field(
        default=None, description="The policy; none is the one that ships, which refuses nothing."
    )


class SelectionSettings(Section):
    """Which of the candidates become evidence; the gate sees all of them whatever is said here."""

    max_per_source: int = Field(default=0, ge=0, description="Evidence of one source; 0: any.")
    max_per_document: int = Field(default=0, ge=0, description="Evidence of one document; 0: any.")
    diversity: float = Field(
        default=0.0, ge=0, le=1, description="How much evidence that repeats other falls behind."
    )
    freshness_weight: float = Field(
        default=0.0, ge=0, le=1, description="How much a recent change counts; 0: nothing."
    )
    freshness_half_life_days: float = Field(
        default=365.0, gt=0, description="Age at which that is half of it."
    )
    neighbours: int = Field(
        default=0, ge=0, le=5, description="Chunks before and after that a generator reads too."
    )
    max_evidence_tokens: int = Field(
        default=0, ge=0, description="Tokens of all quotes, estimated from above; 0: any."
    )
    reranker: str | None = Field(
        default=None, description="A sentence-transformers CrossEncoder: a folder or a name."
    )
    rerank: int = Field(default=20, ge=1, le=200, description="Candidates that it reads.")


class QuotingSettings(Section):
    """How the sentences that evidence quotes are chosen."""

    remembered_mb: float = Field(
        default=32.0, ge=0, le=4096, description="Memory for vectors of sentences; 0: none."
    )


class ClaimsBy(StrEnum):
    """What tells whether evidence supports a claim."""

    RULES = "rules"
    READER = "reader"
    """The rules, and a trained reader that reads again what they said; see docs/claims.md."""


class ClaimSettings(Section):
    """How texts are checked against evidence."""

    checked_by: ClaimsBy = Field(
        default=ClaimsBy.READER, description="The rules alone, or a trained reader beside them."
    )
    reader: Path | None = Field(
        default=None, description="Folder of that reader; none: the shipped one."
    )


class DeadlineSettings(Section):
    """How long a part may take, and when one that fails is left alone for a while."""

    encoder_seconds: Seconds = Field(default=60.0, gt=0, description="Encoding, loading included.")
    store_seconds: Seconds = Field(default=45.0, gt=0, description="One search.")
    ledger_seconds: Seconds = Field(
        default=45.0, gt=0, description="Reading which state is live, or writing one log row."
    )
    reranker_seconds: Seconds = Field(default=30.0, gt=0, description="Reranking of one question.")
    judge_seconds: Seconds = Field(
        default=30.0, gt=0, description="The trained judge's reading, loading included."
    )
    failures: int = Field(default=3, ge=1, description="Failures in a row that open a circuit.")
    cooldown_seconds: Seconds = Field(
        default=15.0, gt=0, description="How long it stays open before one call is tried."
    )


class ProviderSettings(Section):
    """One OpenAI-compatible endpoint; its key is in `generation.api_keys`."""

    name: str = Field(pattern=r"^[A-Za-z0-9_.-]+$")
    url: str = Field(pattern=r"^https?://", description="Up to and without /chat/completions.")
    model: str = Field(min_length=1)
    timeout_seconds: Seconds = Field(default=30.0, gt=0, description="One try, from end to end.")
    context_tokens: int = Field(default=8192, ge=512, description="Window of the model.")
    input_price: float = Field(default=0.0, ge=0, description="Per million tokens.")
    output_price: float = Field(default=0.0, ge=0, description="Per million tokens.")


class GenerationSettings(Section):
    """Language models that phrase answers, in the order of trying; none: answers are quotes."""

    providers: tuple[ProviderSettings, ...] = ()
    api_keys: SecretStr | None = Field(
        default=None, description="JSON: key by name of provider; never in the file."
    )
    attempts: int = Field(default=2, ge=1, le=5, description="Tries per provider.")
    deadline_seconds: Seconds = Field(
        default=60.0, gt=0, description="All providers, tries and waits of one answer together."
    )
    longest_wait_seconds: Seconds = Field(default=5.0, ge=0, description="Between two tries.")
    max_output_tokens: int = Field(default=400, ge=16, description="Asked of the model.")
    max_answer_chars: int = Field(default=4000, ge=40, description="A longer text is not used.")
    max_cost: float = Field(
        default=0.0, ge=0, description="Of one answer, in the currency of the prices; 0: any."
    )

    @field_validator("providers")
    @classmethod
    def _named_once(cls, providers: tuple[ProviderSettings, ...]) -> tuple[ProviderSettings, ...]:
        names = [provider.name for provider in providers]
        if len(set(names)) < len(names):
            raise ValueError("every provider needs a name of its own")
        return providers


class ServeSettings(Section):
    """What `holdfast serve` lets in."""

    keys: SecretStr | None = Field(
        default=None, description="JSON list of keys, hashed; `holdfast key` makes one."
    )
    max_body_kb: int = Field(default=256, ge=1, description="Larger requests are refused.")
    concurrency: int = Field(default=32, ge=1, description="Requests worked on at the same time.")
    waiting: int = Field(
        default=64, ge=0, description="Requests that may wait for that; the others get a 503."
    )
    longest_wait_seconds: Seconds = Field(
        default=10.0, gt=0, description="Then they get a 503 as well."
    )


class QuerySections(Section):
    """The sections of this file, as `config/settings.py` takes them over."""

    policy: PolicySettings = PolicySettings()
    selection: SelectionSettings = SelectionSettings()
    quoting: QuotingSettings = QuotingSettings()
    claims: ClaimSettings = ClaimSettings()
    deadlines: DeadlineSettings = DeadlineSettings()
    generation: GenerationSettings = GenerationSettings()
    serve: ServeSettings = ServeSettings()
