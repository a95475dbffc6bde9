"""The tables of the ledger; migrations under `migrations/` create exactly these.

Everything that depends on how points were made hangs on a generation, so that a second
generation can be built beside the live one without touching its rows.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData()

generation = Table(
    "generation",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("fingerprint", String(64), nullable=False),
    Column("spec", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("next_epoch", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("committed_at", DateTime(timezone=True)),
    # The oldest epoch that can still be read; what ended at or before it may be gone.
    Column("horizon", BigInteger, nullable=False, server_default="0"),
    # Options by dotted name that this generation was built with and the settings do not have.
    Column("overrides", JSON, nullable=False, server_default="{}"),
    Column("built_from", String(80)),
    Column("gates", JSON),
    Column("promoted_at", DateTime(timezone=True)),
    Column("retired_at", DateTime(timezone=True)),
)

promotion = Table(
    "promotion",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("alias", String(200), nullable=False),
    Column("generation", String(80), nullable=False),
    Column("previous", String(80)),
    Column("kind", String(16), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)
Index("promotion_by_alias", promotion.c.alias, promotion.c.number)

epoch = Table(
    "epoch",
    metadata,
    Column("generation", String(80), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("run_id", String(32), nullable=False),
    Column("committed_at", DateTime(timezone=True), nullable=False),
    Column("documents", Integer, nullable=False),
    Column("points_added", Integer, nullable=False),
    Column("points_closed", Integer, nullable=False),
    # How many numbers right below this one were handed out and never committed.
    Column("gap", Integer, nullable=False, server_default="0"),
)

document = Table(
    "document",
    metadata,
    Column("document_id", String(36), primary_key=True),
    Column("tenant", String(200), nullable=False),
    Column("source", String(200), nullable=False),
    Column("first_key", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

standing = Table(
    "standing",
    metadata,
    Column("generation", String(80), primary_key=True),
    Column("document_id", String(36), primary_key=True),
    Column("source", String(200), nullable=False),
    Column("key", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(40)),
    Column("detail", Text),
    Column("version", Integer, nullable=False),
    Column("content_sha256", String(64)),
    Column("size", BigInteger, nullable=False),
    Column("modified_ns", BigInteger, nullable=False),
    Column("tag", Text, nullable=False),
    Column("run_id", String(32), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    # How often in a row the document failed for a passing reason.
    Column("attempts", Integer, nullable=False, server_default="0"),
    # Digest of the labels that the served points carry; empty for the default ones.
    Column("labels", String(16), nullable=False, server_default=""),
    # The outermost document that it lies in, for a part of another document.
    Column("container", String(36)),
)
Index("standing_by_container", standing.c.generation, standing.c.container)
Index(
    "one_document_per_key",
    standing.c.generation,
    standing.c.source,
    standing.c.key,
    unique=True,
    sqlite_where=text("state != 'deleted'"),
    postgresql_where=text("state != 'deleted'"),
)
Index("standing_by_content", standing.c.generation, standing.c.content_sha256)

version = Table(
    "version",
    metadata,
    Column("generation", String(80), primary_key=True),
    Column("document_id", String(36), primary_key=True),
    Column("valid_from", BigInteger, primary_key=True),
    Column("valid_to", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("key", Text, nullable=False),
    Column("content_sha256", String(64), nullable=False),
    Column("text_sha256", String(64), nullable=False),
    Column("chunks_sha256", String(64), nullable=False),
    Column("chunk_count", Integer, nullable=False),
    Column("token_count", Integer, nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("title", Text),
    Column("flags", JSON, nullable=False),
    Column("modified_ns", BigInteger, nullable=False),
    # What the payloads of its points say; none in rows whose points lack these fields.
    Column("trust", String(16)),
    Column("acl", JSON(none_as_null=True)),
    Column("origin", JSON(none_as_null=True)),
)
Index("version_open", version.c.generation, version.c.valid_to)

chunk = Table(
    "chunk",
    metadata,
    Column("point_id", String(36), primary_key=True),
    Column("generation", String(80), nullable=False),
    Column("document_id", String(36), nullable=False),
    Column("valid_from", BigInteger, nullable=False),
    Column("valid_to", BigInteger, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("embed_sha256", String(64), nullable=False),
    # Of everything in the payload but `valid_to`; none in rows of the first schema.
    Column("payload_sha256", String(64)),
)
Index("chunk_by_document", chunk.c.generation, chunk.c.document_id, chunk.c.valid_to)
Index("chunk_by_text", chunk.c.generation, chunk.c.embed_sha256)

run = Table(
    "run",
    metadata,
    Column("run_id", String(32), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("runner", String(16), nullable=False),
    Column("tenant", String(200), nullable=False),
    Column("generation", String(80), nullable=False),
    Column("state", String(32), nullable=False),
    Column("message", Text),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Column("epoch_before", BigInteger, nullable=False),
    Column("epoch_after", BigInteger),
    Column("seconds", Float),
    Column("report", JSON),
)
Index("run_by_start", run.c.started_at)

outcome = Table(
    "outcome",
    metadata,
    Column("run_id", String(32), primary_key=True),
    Column("source", String(200), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("document_id", String(36)),
    Column("state", String(16), nullable=False),
    Column("reason", String(40)),
    Column("detail", Text),
    Column("chunks", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
)

lease = Table(
    "lease",
    metadata,
    Column("generation", String(80), primary_key=True),
    Column("token", BigInteger, nullable=False),
    Column("holder", Text, nullable=False),
    Column("run_id", String(32), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)

request = Table(
    "request",
    metadata,
    Column("request_id", String(32), primary_key=True),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("tenant", String(200), nullable=False),
    Column("status", String(16), nullable=False),
    Column("verdict", String(24)),
    Column("generation", String(80)),
    Column("epoch", BigInteger),
    Column("body", JSON, nullable=False),
)
Index("request_by_time", request.c.received_at)

feedback = Table(
    "feedback",
    metadata,
    Column("feedback_id", String(32), primary_key=True),
    Column("request_id", String(32), nullable=False),
    Column("tenant", String(200), nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("body", JSON, nullable=False),
)
Index("feedback_by_request", feedback.c.request_id)

quota_place = Table(
    "quota_place",
    metadata,
    Column("request_id", String(32), primary_key=True),
    Column("tenant", String(200), nullable=False),
    Column("taken_at", DateTime(timezone=True), nullable=False),
)
Index("quota_place_by_tenant", quota_place.c.tenant, quota_place.c.taken_at)

purge = Table(
    "purge",
    metadata,
    Column("document_id", String(36), primary_key=True),
    Column("purged_at", DateTime(timezone=True), nullable=False),
    Column("content_sha256s", JSON, nullable=False),
    Column("receipt", JSON, nullable=False),
)
