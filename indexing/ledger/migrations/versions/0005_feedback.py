"""What people said about answered requests."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; nobody has said anything yet."""
    op.create_table(
        "feedback",
        sa.Column("feedback_id", sa.String(length=32), primary_key=True),
        sa.Column("request_id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=200), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
    )
    op.create_index("feedback_by_request", "feedback", ["request_id"])
