"""Labels of documents, trust and groups, and where a version came from."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what the points carry from now on; documents so far have the default labels."""
    op.add_column(
        "standing", sa.Column("labels", sa.String(length=16), nullable=False, server_default="")
    )
    op.add_column("version", sa.Column("trust", sa.String(length=16)))
    op.add_column("version", sa.Column("acl", sa.JSON()))
    op.add_column("version", sa.Column("origin", sa.JSON()))
