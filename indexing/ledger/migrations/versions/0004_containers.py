"""Documents inside documents: the outermost document that a standing belongs to."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the container; documents so far lie in none."""
    op.add_column("standing", sa.Column("container", sa.String(length=36)))
    op.create_index("standing_by_container", "standing", ["generation", "container"])
