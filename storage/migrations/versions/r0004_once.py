"""Once each: kinds of revisions, what vanished, stories that admins joined and parted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """From the third schema: columns are added in place."""
    for column in (
        sa.Column("changed_at", TIME, nullable=True),
        sa.Column("gone_at", TIME, nullable=True),
        sa.Column("pinned", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("text_kept", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("check_at", TIME, nullable=True),
        sa.Column("lead_at", TIME, nullable=True),
        sa.Column("resettle", sa.Boolean(), nullable=False, server_default=sa.false()),
    ):
        op.add_column("article", column)
    op.create_index(
        "article_check", "article", ["check_at"],
        sqlite_where=sa.text("check_at IS NOT NULL"),
        postgresql_where=sa.text("check_at IS NOT NULL"),
    )  # fmt: skip
    op.create_index(
        "article_texts", "article", ["first_seen"],
        sqlite_where=sa.text("text_kept = 1"), postgresql_where=sa.text("text_kept"),
    )  # fmt: skip
    op.add_column(
        "revision", sa.Column("kind", sa.String(), nullable=False, server_default="facts")
    )
    op.add_column("revision", sa.Column("reason", sa.String(), nullable=False, server_default=""))
    op.add_column("story", sa.Column("merged_into", sa.String(), nullable=True))
    op.add_column("told", sa.Column("again", sa.Integer(), nullable=True))
    _groups()
    _bands()


def _groups() -> None:
    """Which articles lead, and what event a story is (watchers.groups), of what was grouped.

    A story was named after the article that began it: it is that event until it is found to
    begin with another. Of copies of an article without a story the first one leads.
    """
    op.add_column("story", sa.Column("event", sa.String(), nullable=True))
    op.execute("UPDATE story SET event = id")
    op.execute(
        "UPDATE article SET lead_at = time "
        "WHERE story_id IS NOT NULL AND relevant AND duplicate_of IS NULL"
    )
    op.execute(
        "UPDATE article SET lead_at = time WHERE id IN ("
        "SELECT min(copy.id) FROM article AS copy "
        "JOIN article AS first ON first.id = copy.duplicate_of "
        "WHERE first.lead_at IS NULL AND copy.relevant AND copy.story_id IS NOT NULL "
        "GROUP BY copy.duplicate_of)"
    )
    for name, table, columns, where in (
        ("story_event", "story", ["event"], "event IS NOT NULL"),
        ("article_leads", "article", ["lead_at"], "lead_at IS NOT NULL"),
        (
            "article_leading_copies", "article", ["duplicate_of"],
            "duplicate_of IS NOT NULL AND lead_at IS NOT NULL",
        ),
    ):  # fmt: skip
        op.create_index(
            name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )
    op.create_index(
        "article_resettle", "article", ["time"],
        sqlite_where=sa.text("resettle = 1"), postgresql_where=sa.text("resettle"),
    )  # fmt: skip
    op.drop_index("article_stories", "article")


def _bands() -> None:
    """The bands by periods of 15 days (storage.bands), with the rows that there are."""
    postgres = op.get_bind().dialect.name == "postgresql"
    op.rename_table("band", "old_band")
    if postgres:  # else the new table's could not have its name
        op.execute("ALTER TABLE old_band RENAME CONSTRAINT band_pkey TO old_band_pkey")
    op.create_table(
        "band",
        sa.Column("period", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("band", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("article_id", sa.Integer(), sa.ForeignKey("article.id"), nullable=False),
        sa.PrimaryKeyConstraint("period", "band", "article_id"),
        sqlite_with_rowid=False,
    )
    # The days since year 1, this one included, as Python counts them.
    lite = "CAST(julianday(substr(article.time, 1, 10)) - 1721424.5 AS INTEGER)"
    post = "((article.time AT TIME ZONE 'UTC')::date - DATE '0001-01-01' + 1)"
    op.execute(
        "INSERT INTO band (period, band, article_id) "  # noqa: S608 - no values in it
        f"SELECT {post if postgres else lite} / 15, old_band.band, article.id "
        "FROM old_band JOIN article ON article.id = old_band.article_id ORDER BY 1, 2, 3"
    )
    op.drop_table("old_band")
