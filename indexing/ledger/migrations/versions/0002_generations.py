"""Generations with a history of promotions, gaps between epochs, hashes of payloads, purges."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what the first schema lacks; no row is lost."""
    op.add_column(
        "generation", sa.Column("horizon", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.add_column(
        "generation", sa.Column("overrides", sa.JSON(), nullable=False, server_default="{}")
    )
    op.add_column("generation", sa.Column("built_from", sa.String(length=80)))
    op.add_column("generation", sa.Column("gates", sa.JSON()))
    op.add_column("generation", sa.Column("promoted_at", sa.DateTime(timezone=True)))
    op.add_column("generation", sa.Column("retired_at", sa.DateTime(timezone=True)))
    op.add_column("epoch", sa.Column("gap", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(
        "standing", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("chunk", sa.Column("payload_sha256", sa.String(length=64)))
    op.create_table(
        "promotion",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("alias", sa.String(length=200), nullable=False),
        sa.Column("generation", sa.String(length=80), nullable=False),
        sa.Column("previous", sa.String(length=80)),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("promotion_by_alias", "promotion", ["alias", "number"], unique=False)
    op.create_table(
        "purge",
        sa.Column("document_id", sa.String(length=36), nullable=False),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_sha256s", sa.JSON(), nullable=False),
        sa.Column("receipt", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("document_id"),
    )
    count_gaps()


def count_gaps() -> None:
    """Fill in how many numbers below each committed epoch were never committed."""
    epochs = sa.table(
        "epoch", sa.column("generation"), sa.column("number"), sa.column("gap", sa.Integer)
    )
    connection = op.get_bind()
    rows = connection.execute(
        sa.select(epochs.c.generation, epochs.c.number).order_by(
            epochs.c.generation, epochs.c.number
        )
    ).all()
    before: dict[str, int] = {}
    for generation, number in rows:
        gap = number - before.get(generation, 0) - 1
        before[generation] = number
        if gap:
            connection.execute(
                sa.update(epochs)
                .where(epochs.c.generation == generation, epochs.c.number == number)
                .values(gap=gap)
            )
