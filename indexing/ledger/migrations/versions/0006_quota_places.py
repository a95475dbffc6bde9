"""Places of requests that are counted for quotas and not logged yet."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; nothing is being asked."""
    op.create_table(
        "quota_place",
        sa.Column("request_id", sa.String(length=32), primary_key=True),
        sa.Column("tenant", sa.String(length=200), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("quota_place_by_tenant", "quota_place", ["tenant", "taken_at"])
