"""Every option Holdfast has, typed; `config/holdfast.yaml` shows the same tree with comments.

Reading files and the environment is `config/loading.py`; this module only says what exists.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, SecretStr, model_validator

from config.auditing import AuditSettings
from config.execution import OperatingSections
from config.orchestration import OrchestrationSettings
from config.querying import CrossEncoderKind, QuerySections
from config.recognition import OcrSettings, QualitySettings
from config.section import (
    LONGEST_ALIAS,
    LONGEST_NAME,
    Days,
    Hours,
    NamedPath,
    Seconds,
    Section,
)
from config.sources import AnySource
from config.trust import LowTrust


class IngestionSettings(Section):
    """Limits for reading and parsing one document, and how many children parse."""

    parser_processes: int = Field(default=2, ge=1, le=64, description="Parser child processes.")
    parse_timeout_seconds: Seconds = Field(
        default=120.0, gt=0, description="Wall-clock limit for one document."
    )
    parse_memory_mb: int = Field(
        default=2048, ge=512, le=1_048_576, description="Memory limit of one child."
    )
    recycle_after_documents: int = Field(
        default=200, ge=1, description="A parser child is replaced after so many documents."
    )
    max_document_mb: float = Field(
        default=100.0, gt=0, le=1_048_576, description="Larger files are refused."
    )
    max_parts: int = Field(
        default=1000, ge=0, le=1_000_000, description="Documents taken out of one archive or mail."
    )
    max_part_depth: int = Field(
        default=8, ge=0, le=64, description="Containers within containers that are opened."
    )
    max_parts_mb: float = Field(
        default=256.0, gt=0, le=1024, description="Unpacked size of all documents of one container."
    )
    max_unpack_ratio: float = Field(
        default=100.0, ge=1, description="Members packed more tightly are refused as bombs."
    )
    batch_documents: int = Field(default=128, ge=1, description="Documents per committed batch.")
    batch_chunks: int = Field(default=2048, ge=1, description="Chunks after which a batch closes.")


class ChunkingSettings(Section):
    """How cleaned text is cut; part of the pipeline fingerprint."""

    max_tokens: int = Field(default=200, ge=16, le=8192, description="Largest chunk in tokens.")
    min_tokens: int = Field(
        default=64, ge=0, description="A chunk may close early at a paragraph once this long."
    )
    heading_tokens: int = Field(
        default=48, ge=0, description="Budget for the heading path that is embedded with a chunk."
    )

    @model_validator(mode="after")
    def _minimum_below_maximum(self) -> Self:
        if self.min_tokens > self.max_tokens:
            raise ValueError("min_tokens must not be larger than max_tokens")
        return self


class EncoderPrecision(StrEnum):
    """Arithmetic of the dense encoder."""

    AUTO = "auto"
    BF16 = "bf16"
    FP32 = "fp32"


class EmbeddingSettings(Section):
    """The dense encoder; part of the pipeline fingerprint."""

    model: str = Field(
        default="sentence-transformers/all-MiniLM-L6-v2",
        description="A folder, or a model name looked up in wheel, hub cache, hub (in this order).",
    )
    revision: str | None = Field(default=None, description="Hub revision; none means the default.")
    query_prefix: str = ""
    document_prefix: str = ""
    normalize: bool = True
    precision: EncoderPrecision = EncoderPrecision.AUTO
    batch_tokens: int = Field(default=4096, ge=256, description="Padded tokens per forward pass.")
    threads: int = Field(default=0, ge=0, description="Encoder threads; 0 means one per core.")
    offline: bool = Field(default=True, description="False permits a download from the hub.")


class SparseSettings(Section):
    """BM25 sparse vectors; part of the pipeline fingerprint."""

    language: str = Field(default="english", description="Stemmer and stop words.")
    k: float = Field(default=1.2, ge=0)
    b: float = Field(default=0.75, ge=0, le=1)
    average_length: float = Field(default=128.0, gt=0, description="Expected tokens per chunk.")


class StoreKind(StrEnum):
    """Which Qdrant engine holds the points."""

    EDGE = "edge"
    SERVER = "server"


class Quantization(StrEnum):
    """Whether a server keeps a compressed copy of the dense vectors to search in."""

    NONE = "none"
    SCALAR = "scalar"
    """One byte per dimension."""
    BINARY = "binary"
    """One bit per dimension; only for encoders of a thousand dimensions or more."""


class VectorsIn(StrEnum):
    """Where a server keeps vectors and their graph while it runs."""

    MEMORY = "memory"
    DISK = "disk"


class StoreSettings(Section):
    """Where points live. A URL selects the server, otherwise the embedded engine."""

    url: str | None = Field(default=None, description="Qdrant server; also read from QDRANT_URL.")
    api_key: SecretStr | None = Field(default=None, description="Also read from QDRANT_API_KEY.")
    collection: str = Field(
        default="holdfast",
        pattern=r"^[A-Za-z0-9_-]+$",
        max_length=LONGEST_ALIAS,
        description="Alias of the live generation.",
    )
    timeout_seconds: Seconds = Field(
        default=10.0, gt=0, description="Limit of one try of a request, and of a whole search."
    )
    deadline_seconds: Seconds = Field(
        default=30.0, gt=0, description="Limit of one request with all its tries and waits."
    )
    turn_timeout_seconds: Seconds = Field(
        default=30.0, gt=0, description="How long to wait for another process's turn (edge)."
    )
    upsert_batch: int = Field(default=256, ge=1, le=2048, description="Points per upsert.")
    max_body_mb: int = Field(
        default=16, ge=1, le=1024, description="Largest request in MiB; a server takes 32."
    )
    # How new collections are created on a server; those that exist stay as they are.
    quantization: Quantization = Quantization.NONE
    vectors_in: VectorsIn = VectorsIn.MEMORY
    shard_number: int | None = Field(default=None, ge=1, description="None: the server decides.")
    replication_factor: int | None = Field(default=None, ge=1, description="None: as above.")
    write_consistency_factor: int | None = Field(default=None, ge=1, description="None: as above.")
    strict_mode: bool = Field(
        default=True, description="Let the server refuse unindexed filters and oversized queries."
    )

    @model_validator(mode="after")
    def _copies_that_exist(self) -> Self:
        copies, confirmed = self.replication_factor, self.write_consistency_factor
        if copies and confirmed and confirmed > copies:
            raise ValueError("write_consistency_factor must not be larger than replication_factor")
        return self

    @property
    def kind(self) -> StoreKind:
        """Which engine these settings select."""
        return StoreKind.SERVER if self.url else StoreKind.EDGE


class LedgerSettings(Section):
    """The SQL database that knows what exists and what was committed."""

    url: SecretStr | None = Field(
        default=None, description="SQLAlchemy URL; none means SQLite under the home folder."
    )
    busy_timeout_seconds: Seconds = Field(
        default=30.0, gt=0, description="Wait for a lock, and to reach PostgreSQL."
    )


class BlobSettings(Section):
    """Where raw bytes and parsed documents are kept, content-addressed."""

    url: str | None = Field(default=None, description="fsspec URL; none means the home folder.")
    keep_raw: bool = Field(default=True, description="Keep the raw bytes of every version.")


class GuardSettings(Section):
    """Limits past which a run withholds deletions instead of making them."""

    max_deletions: int = Field(default=10, ge=0, description="Deletions always allowed.")
    max_deleted_share: float = Field(
        default=0.10, ge=0, le=1, description="Above both limits deletions are withheld."
    )
    max_attempts: int = Field(
        default=5, ge=1, description="Runs that try a document again after a passing failure."
    )
    lease_seconds: Seconds = Field(default=60.0, gt=1, description="Lifetime of the writer lease.")


class Approval(StrEnum):
    """Who decides that a generation whose gates were passed becomes the live one."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"
    """A person, with `holdfast promote` or in the Prefect UI."""


class PromotionSettings(Section):
    """What a new generation must show before it is promoted, and how long the old one stays."""

    approval: Approval = Field(
        default=Approval.AUTOMATIC, description="Promote at once, or wait for `holdfast promote`."
    )
    golden: Path | None = Field(
        default=None, description="JSON-lines file of questions with their gold keys and verdicts."
    )
    golden_tolerance: float = Field(
        default=0.0, ge=0, le=1, description="By how much golden questions may fare worse."
    )
    known_items: int = Field(
        default=100, ge=0, description="Live chunks that must be found again by their own words."
    )
    known_item_tolerance: float = Field(
        default=0.05, ge=0, le=1, description="By how much that may be worse than in the live one."
    )
    recall_samples: int = Field(default=50, ge=1, description="Vectors searched for the recall.")
    min_recall: float = Field(
        default=0.95, ge=0, le=1, description="Least recall of the index against exact search."
    )
    max_latency_ratio: float = Field(
        default=2.0, gt=0, description="Largest p95 of a search, in times that of the live one."
    )
    latency_floor_ms: float = Field(
        default=50.0, ge=0, description="A p95 below this many milliseconds always passes."
    )
    soak_hours: Hours = Field(
        default=24.0, ge=0, description="How long a replaced generation is kept for a rollback."
    )
    wait_seconds: Seconds = Field(
        default=600.0, ge=0, description="How long a promotion waits for a running ingest."
    )


class RetentionSettings(Section):
    """How far back the index can be read; `holdfast gc` removes what is older."""

    history_days: Days = Field(
        default=30.0, ge=0, description="Superseded versions stay readable for so many days."
    )
    history_epochs: int = Field(
        default=20, ge=0, description="So many epochs stay readable whatever their age."
    )


class IdfScope(StrEnum):
    """The points over which the rarity of a term is measured."""

    VISIBLE = "visible"
    """Those that the reader may see at its epoch: equal questions at an epoch always get equal
    scores, and no tenant's texts show in the scores of another."""
    COLLECTION = "collection"
    """All points, superseded ones and other tenants' included; cheaper on very large indexes."""


class Duplicates(StrEnum):
    """What happens to evidence that repeats better evidence of another document."""

    MARK = "mark"
    """It is flagged `duplicate` and stays where it is."""
    KEEP = "keep"
    """Nothing."""


class RetrievalSettings(Section):
    """How many candidates are fetched and how the two lists are fused."""

    top_k: int = Field(default=8, ge=1, le=200, description="Pieces of evidence returned.")
    prefetch: int = Field(default=40, ge=1, le=1000, description="Candidates per list.")
    dense_weight: float = Field(default=1.0, ge=0)
    sparse_weight: float = Field(default=1.0, ge=0)
    rrf_k: int = Field(default=10, ge=1, description="Constant of reciprocal rank fusion.")
    idf: IdfScope = Field(
        default=IdfScope.VISIBLE, description="Points over which the rarity of a term is measured."
    )
    low_trust_penalty: float = Field(
        default=0.3, ge=0, le=1, description="Share of its score that a low-trust chunk loses."
    )
    duplicates: Duplicates = Field(
        default=Duplicates.MARK, description="Whether evidence that repeats other is flagged."
    )


class JudgeKind(StrEnum):
    """What estimates whether the evidence holds the answer."""

    FEATURES = "features"
    TRAINED = "trained"
    """The features together with a reader of the best passages; see docs/model_card.md."""
    CROSS_ENCODER = "cross_encoder"
    """The features together with a CrossEncoder that the settings name; see docs/judge.md."""


class GateSettings(Section):
    """The judge, and thresholds on its p_answerable; see docs/judge.md and docs/query.md."""

    answerable_at: Annotated[float, Field(ge=0, le=1)] = 0.45
    partial_at: Annotated[float, Field(ge=0, le=1)] = 0.45
    open_at: float = Field(
        default=0.8, ge=0, le=1, description="p_open from which on a question is given back."
    )
    judge: JudgeKind = Field(default=JudgeKind.TRAINED, description="What estimates p_answerable.")
    reader: Path | None = Field(
        default=None, description="Folder of the trained judge's reader; none: the shipped one."
    )
    judge_model: str | None = Field(
        default=None, min_length=1, description="CrossEncoder: a folder or a name on the hub."
    )
    judge_kind: CrossEncoderKind = CrossEncoderKind.RELEVANCE
    judge_weight: float = Field(
        default=0.5, gt=0, le=1, description="Share of the CrossEncoder's logit; 1: it alone."
    )
    judge_temperature: float = Field(
        default=1.0, gt=0, le=100, description="Divides the CrossEncoder's logit."
    )
    judge_passages: int = Field(default=5, ge=1, le=50, description="Best passages that it reads.")
    low_trust: LowTrust = Field(
        default=LowTrust.APART, description="Whether low trust counts only where others fail."
    )
    min_question_letters: int = Field(default=3, ge=1)
    max_question_chars: int = Field(default=4000, ge=10)

    @property
    def shaping(self) -> dict[str, Any]:
        """What scores depend on, for a digest; a judge that is not in use shapes nothing."""
        named = {name for name in type(self).model_fields if name.startswith("judge_")}
        unused = set() if self.judge is JudgeKind.CROSS_ENCODER else named
        return self.model_dump(mode="json", exclude=unused)

    @model_validator(mode="after")
    def _model_for_its_judge(self) -> Self:
        if self.judge is JudgeKind.CROSS_ENCODER and self.judge_model is None:
            raise ValueError("gate.judge is cross_encoder: name the model in gate.judge_model")
        return self

    @model_validator(mode="after")
    def _partial_below_answerable(self) -> Self:
        if self.partial_at > self.answerable_at:
            raise ValueError("partial_at must not be larger than answerable_at")
        return self


class Settings(QuerySections, OperatingSections):
    """All settings of one Holdfast home."""

    home: NamedPath = Field(default=Path(".holdfast"), description="Everything written lives here.")
    tenant: str = Field(default="default", min_length=1, max_length=LONGEST_NAME)
    log_level: str = Field(
        default="WARNING",
        pattern=r"(?i)^(debug|info|warning|error|critical)$",
        description="DEBUG also shows the traceback of a fault.",
    )
    sources: tuple[AnySource, ...] = ()
    source_secrets: SecretStr | None = Field(
        default=None,
        description="JSON: by source, options that are secret; never in the file.",
    )
    ingestion: IngestionSettings = IngestionSettings()
    ocr: OcrSettings = OcrSettings()
    quality: QualitySettings = QualitySettings()
    chunking: ChunkingSettings = ChunkingSettings()
    embedding: EmbeddingSettings = EmbeddingSettings()
    sparse: SparseSettings = SparseSettings()
    store: StoreSettings = StoreSettings()
    ledger: LedgerSettings = LedgerSettings()
    blobs: BlobSettings = BlobSettings()
    guards: GuardSettings = GuardSettings()
    promotion: PromotionSettings = PromotionSettings()
    retention: RetentionSettings = RetentionSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    gate: GateSettings = GateSettings()
    audit: AuditSettings = AuditSettings()
    orchestration: OrchestrationSettings = OrchestrationSettings()
