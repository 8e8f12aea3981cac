"""The first schema: feeds, articles with what was found out about them, telling."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """From nothing."""
    _feeds()
    _articles()
    _article_indexes()
    _findings()
    _reasons()
    _telling()
    _deliveries()
    _program()


def _feeds() -> None:
    op.create_table(
        "feed",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("url_key", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("added_at", TIME, nullable=False),
        sa.Column("next_due", TIME, nullable=False),
        sa.Column("interval", sa.Integer(), nullable=False),
        sa.Column("etag", sa.String(), nullable=True),
        sa.Column("last_modified", sa.String(), nullable=True),
        sa.Column("body_key", sa.LargeBinary(), nullable=True),
        sa.Column("last_polled", TIME, nullable=True),
        sa.Column("last_success", TIME, nullable=True),
        sa.Column("failures", sa.Float(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("failing_since", TIME, nullable=True),
        sa.Column("removed_at", TIME, nullable=True),
    )
    op.create_index(
        "feed_due",
        "feed",
        ["next_due", "id"],
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_index(
        "feed_url_key",
        "feed",
        ["url_key"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )


def _articles() -> None:
    op.create_table(
        "story",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("created_at", TIME, nullable=False),
    )
    op.create_table(
        "article",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("feed_id", sa.Integer(), sa.ForeignKey("feed.id"), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("canonical_url", sa.String(), nullable=False),
        sa.Column("url_key", sa.LargeBinary(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("published", TIME, nullable=True),
        sa.Column("first_published", TIME, nullable=True),
        sa.Column("first_seen", TIME, nullable=False),
        sa.Column("time", TIME, nullable=False),
        sa.Column("relevant", sa.Boolean(), nullable=False),
        sa.Column("suspicious", sa.Boolean(), nullable=False),
        sa.Column("tells", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("watchlist", sa.String(), nullable=False),
        sa.Column("officials", sa.String(), nullable=False),
        sa.Column("people", sa.String(), nullable=False),
        sa.Column("topics", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("text_key", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("bands", sa.LargeBinary(), nullable=False),
        sa.Column("baseline", sa.Boolean(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("duplicate_of", sa.Integer(), sa.ForeignKey("article.id"), nullable=True),
        sa.Column("story_id", sa.String(), sa.ForeignKey("story.id"), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
    )


def _article_indexes() -> None:
    op.create_index("article_duplicate_of", "article", ["duplicate_of"])
    op.create_index("article_first_seen", "article", ["first_seen", "id"])
    op.create_index(
        "article_stories",
        "article",
        ["time", "id"],
        sqlite_where=sa.text("relevant = 1 AND settled = 1 AND duplicate_of IS NULL"),
        postgresql_where=sa.text("relevant AND settled AND duplicate_of IS NULL"),
    )
    op.create_index("article_story_id", "article", ["story_id"])
    op.create_index(
        "article_tells",
        "article",
        ["first_seen"],
        sqlite_where=sa.text("tells = 1 AND settled = 1 AND baseline = 0"),
        postgresql_where=sa.text("tells AND settled AND NOT baseline"),
    )
    op.create_index(
        "article_text_key",
        "article",
        ["text_key"],
        sqlite_where=sa.text("settled = 1"),
        postgresql_where=sa.text("settled"),
    )
    op.create_index(
        "article_unsettled",
        "article",
        ["time"],
        sqlite_where=sa.text("settled = 0"),
        postgresql_where=sa.text("NOT settled"),
    )
    op.create_index("article_url_key", "article", ["url_key"], unique=True)


def _findings() -> None:
    op.create_table(
        "entry",
        sa.Column("feed_id", sa.Integer(), sa.ForeignKey("feed.id"), nullable=False),
        sa.Column("guid_key", sa.LargeBinary(), nullable=False),
        sa.Column("article_id", sa.Integer(), sa.ForeignKey("article.id"), nullable=False),
        sa.Column("content_key", sa.LargeBinary(), nullable=False),
        sa.Column("last_seen", TIME, nullable=False),
        sa.PrimaryKeyConstraint("feed_id", "guid_key"),
    )
    op.create_index("entry_last_seen", "entry", ["feed_id", "last_seen"])
    op.create_table(
        "address",
        sa.Column("article_id", sa.Integer(), sa.ForeignKey("article.id"), nullable=False),
        sa.Column("printed_key", sa.LargeBinary(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("url_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("article_id", "printed_key"),
    )
    op.create_index("address_url_key", "address", ["url_key"])


def _reasons() -> None:
    op.create_table(
        "match",
        sa.Column("article_id", sa.Integer(), sa.ForeignKey("article.id"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("alias", sa.String(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("article_id", "position"),
    )
    op.create_table(
        "band",
        sa.Column("band", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("article_id", sa.Integer(), sa.ForeignKey("article.id"), nullable=False),
        sa.PrimaryKeyConstraint("band", "article_id"),
    )
    op.create_index("band_article_id", "band", ["article_id"])
    op.create_table(
        "revision",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("article_id", sa.Integer(), sa.ForeignKey("article.id"), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("fields", sa.String(), nullable=False),
    )
    op.create_index("revision_article_id", "revision", ["article_id"])


def _telling() -> None:
    op.create_table(
        "channel",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("schedule", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("added_at", TIME, nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("pause_reason", sa.String(), nullable=True),
        sa.Column("last_slot", TIME, nullable=True),
        sa.Column("not_before", TIME, nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index("channel_chat", "channel", ["chat"], unique=True)
    op.create_table(
        "digest",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("channel_id", sa.Integer(), sa.ForeignKey("channel.id"), nullable=False),
        sa.Column("slot", TIME, nullable=False),
        sa.Column("built_at", TIME, nullable=False),
        sa.Column("since", TIME, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("digest_slot", "digest", ["channel_id", "slot"], unique=True)
    op.create_table(
        "told",
        sa.Column("channel_id", sa.Integer(), sa.ForeignKey("channel.id"), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("digest_id", sa.Integer(), sa.ForeignKey("digest.id"), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", "subject"),
    )
    op.create_index("told_digest_id", "told", ["digest_id"])


def _deliveries() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("channel_id", sa.Integer(), sa.ForeignKey("channel.id"), nullable=False),
        sa.Column("digest_id", sa.Integer(), sa.ForeignKey("digest.id"), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("entities", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", TIME, nullable=True),
        sa.Column("claimed_at", TIME, nullable=True),
        sa.Column("sent_at", TIME, nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index("delivery_digest_id", "delivery", ["digest_id"])
    op.create_index("delivery_next", "delivery", ["channel_id", "state", "digest_id", "page"])
    op.create_index("delivery_page", "delivery", ["channel_id", "digest_id", "page"], unique=True)
    op.create_index("delivery_state", "delivery", ["state", "id"])


def _program() -> None:
    op.create_table(
        "admin",
        sa.Column("user_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("added_at", TIME, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
    )
    op.create_table(
        "value",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("value", sa.String(), nullable=False),
    )
