"""Knowing: what admins changed in the watchlist. Its revision is a row of `value`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From the second schema: one new table, no other is touched."""
    op.create_table(
        "watch_row",
        sa.Column("section", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("row", sa.String(), nullable=True),
        sa.Column("base", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("section", "id"),
    )
