"""Watching: the coverage ledger, hosts at rest, former addresses, notices, outlets of articles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from watchers.urls import host

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """From the first schema: columns are added in place, no table is rebuilt."""
    _feeds()
    _hosts_of_feeds()
    _beside_feeds()
    _ledger()
    _notices()
    _articles()


def _feeds() -> None:
    for column in (
        sa.Column("floor", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("newest", TIME, nullable=True),
        sa.Column("span", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("last_full", TIME, nullable=True),
        sa.Column("host", sa.String(), nullable=False, server_default=""),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("marked_at", TIME, nullable=True),
    ):
        op.add_column("feed", column)


def _hosts_of_feeds() -> None:
    feed = sa.table(
        "feed", sa.column("id", sa.Integer), sa.column("url", sa.String), sa.column("host")
    )
    connection = op.get_bind()
    rows = connection.execute(sa.select(feed.c.id, feed.c.url)).all()
    if rows:
        connection.execute(
            sa.update(feed)
            .where(feed.c.id == sa.bindparam("feed"))
            .values(host=sa.bindparam("name", type_=sa.String)),
            [{"feed": row.id, "name": host(row.url)} for row in rows],
        )


def _beside_feeds() -> None:
    op.create_table(
        "listing",
        sa.Column("feed_id", sa.Integer(), sa.ForeignKey("feed.id"), primary_key=True),
        sa.Column("listing", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "former_address",
        sa.Column("feed_id", sa.Integer(), sa.ForeignKey("feed.id"), nullable=False),
        sa.Column("url_key", sa.LargeBinary(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.PrimaryKeyConstraint("feed_id", "url_key"),
    )
    op.create_index("former_address_url_key", "former_address", ["url_key"])
    op.create_table(
        "host",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("not_before", TIME, nullable=False),
    )


def _ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("feed_id", sa.Integer(), sa.ForeignKey("feed.id"), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("polls", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("down", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("listed", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("overlap", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("gap_since", TIME, nullable=True),
        sa.Column("gap_until", TIME, nullable=True),
    )
    op.create_index("ledger_feed", "ledger", ["feed_id", "until"])
    op.create_index("ledger_until", "ledger", ["until"])
    _partial("ledger_down", "ledger", ["until"], "down = 1", "down")
    _partial("ledger_gap", "ledger", ["until"], "gap_since IS NOT NULL")
    _partial("ledger_finds", "ledger", ["feed_id", "since", "new"], "new > 0")


def _notices() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("told_at", TIME, nullable=True),
    )
    op.create_index("notice_key", "notice", ["key"], unique=True)
    _partial("notice_untold", "notice", ["id"], "told_at IS NULL")


def _partial(name: str, table: str, columns: list[str], lite: str, post: str = "") -> None:
    op.create_index(
        name,
        table,
        columns,
        sqlite_where=sa.text(lite),
        postgresql_where=sa.text(post or lite),
    )


def _articles() -> None:
    for column in (
        sa.Column("source", sa.String(), nullable=False, server_default=""),
        sa.Column("source_url", sa.String(), nullable=True),
        sa.Column("is_full", sa.Boolean(), nullable=False, server_default=sa.false()),
    ):
        op.add_column("article", column)
    op.drop_index("article_duplicate_of", "article")
    _partial("article_duplicate_of", "article", ["duplicate_of"], "duplicate_of IS NOT NULL")
