"""Turns of hosts, for several machines that poll (watchers.claiming)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """From the schema before: nobody holds anything yet, and no host has a pause."""
    op.create_table(
        "host_turn",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("next_start", TIME, nullable=False),
        sa.Column("held_until", TIME, nullable=False),
        sa.Column("holder", sa.String(), nullable=True),
    )
    where = sa.text("holder IS NOT NULL")
    op.create_index(
        "host_turn_holder", "host_turn", ["holder"], sqlite_where=where, postgresql_where=where
    )
    op.create_index(
        "feed_host_due", "feed", ["host", "next_due", "id"],
        sqlite_where=sa.text("removed_at IS NULL"), postgresql_where=sa.text("removed_at IS NULL"),
    )  # fmt: skip
