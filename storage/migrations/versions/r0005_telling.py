"""Telling: scopes, alerts, subscribers, approvals, mutes, and what was posted taken back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from watchers.text import key

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
_PART = 500  # pages moved at once


def upgrade() -> None:
    """From the fourth schema."""
    _channels()
    _contents()
    _pages()
    _corrections()
    _decisions()
    # What an admin's own topic found may be told where a channel asks for that topic.
    op.execute("UPDATE article SET tells = (1 = 1) WHERE topics <> '[]' AND NOT tells")


def _channels() -> None:
    for column in (
        sa.Column("weekdays", sa.String(), nullable=False, server_default="1234567"),
        sa.Column("scope", sa.String(), nullable=False, server_default="{}"),
        sa.Column("alerts", sa.String(), nullable=False, server_default="{}"),
        sa.Column("tells_nothing_new", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("needs_approval", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("private", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("next_digest", sa.Integer(), nullable=True),
        sa.Column("next_at", TIME, nullable=True),
    ):
        op.add_column("channel", column)
    op.create_index(
        "channel_private", "channel", ["paused"],
        sqlite_where=sa.text("private = 1"), postgresql_where=sa.text("private"),
    )  # fmt: skip
    for name, columns, where in (
        ("channel_next", ["next_digest", "id"], "next_digest IS NOT NULL AND next_at IS NULL"),
        ("channel_waiting", ["next_at"], "next_at IS NOT NULL"),
    ):
        op.create_index(
            name, "channel", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )
    _digests()


def _digests() -> None:
    for column in (
        sa.Column("kind", sa.String(), nullable=False, server_default="digest"),
        sa.Column("private", sa.Boolean(), nullable=False, server_default=sa.false()),
    ):
        op.add_column("digest", column)
    op.create_index(
        "digest_private", "digest", ["built_at"],
        sqlite_where=sa.text("private = 1"), postgresql_where=sa.text("private"),
    )  # fmt: skip
    op.drop_index("digest_slot", "digest")
    op.create_index("digest_slot", "digest", ["channel_id", "kind", "slot"], unique=True)
    op.create_table(
        "alerted",
        sa.Column("channel_id", sa.Integer(), sa.ForeignKey("channel.id"), primary_key=True),
        sa.Column("subject", sa.String(), primary_key=True),
        sa.Column("digest_id", sa.Integer(), sa.ForeignKey("digest.id"), nullable=False),
        sa.Column("at", TIME, nullable=False),
    )
    op.create_index("alerted_digest_id", "alerted", ["digest_id"])
    op.create_index("alerted_subject", "alerted", ["subject"])
    op.create_index("told_subject", "told", ["subject"])


def _contents() -> None:
    op.create_table(
        "content",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("entities", sa.String(), nullable=False),
        sa.Column("placed", sa.String(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("content_key", "content", ["key"], unique=True)
    op.create_table(
        "mention",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("content_id", sa.Integer(), sa.ForeignKey("content.id"), primary_key=True),
    )
    op.create_index("mention_content_id", "mention", ["content_id"])


def _pages() -> None:
    """Texts go to a table of their own; which stories they tell was not kept until now."""
    op.add_column("delivery", sa.Column("content_id", sa.Integer(), nullable=True))
    op.add_column(
        "delivery", sa.Column("private", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    _move_texts(op.get_bind())
    op.drop_index("delivery_state", "delivery")
    # SQLite makes the table anew: that its ids are never given again has to be said again.
    kwargs = {"sqlite_autoincrement": True}
    with op.batch_alter_table("delivery", table_kwargs=kwargs) as batch:
        batch.alter_column("content_id", existing_type=sa.Integer(), nullable=False)
        batch.create_foreign_key("delivery_content_id_fkey", "content", ["content_id"], ["id"])
        batch.drop_column("text")
        batch.drop_column("entities")
    op.create_index("delivery_state", "delivery", ["private", "state", "id"])
    op.create_index("delivery_content_id", "delivery", ["content_id"])
    op.create_index(
        "delivery_message", "delivery", ["channel_id", "message_id"],
        sqlite_where=sa.text("message_id IS NOT NULL"),
        postgresql_where=sa.text("message_id IS NOT NULL"),
    )  # fmt: skip


def _move_texts(connection: sa.Connection) -> None:
    delivery = sa.table(
        "delivery",
        sa.column("id", sa.Integer()),
        sa.column("text", sa.String()),
        sa.column("entities", sa.String()),
        sa.column("content_id", sa.Integer()),
    )
    content = sa.table(
        "content",
        sa.column("id", sa.Integer()),
        sa.column("key", sa.LargeBinary()),
        sa.column("text", sa.String()),
        sa.column("entities", sa.String()),
        sa.column("placed", sa.String()),
    )
    known: dict[object, int] = {}
    last = 0
    while rows := connection.execute(
        sa.select(delivery.c.id, delivery.c.text, delivery.c.entities)
        .where(delivery.c.id > last)
        .order_by(delivery.c.id)
        .limit(_PART)
    ).all():
        for row in rows:
            # Spelled out: what storage.mapping_telling writes may change, this must not.
            values = {
                "key": key(row.text, row.entities, "[]"),
                "text": row.text,
                "entities": row.entities,
                "placed": "[]",
            }
            if values["key"] not in known:
                made = content.insert().values(values).returning(content.c.id)
                known[values["key"]] = connection.execute(made).scalar_one()
            connection.execute(
                delivery.update()
                .where(delivery.c.id == row.id)
                .values(content_id=known[values["key"]])
            )
        last = rows[-1].id


def _corrections() -> None:
    op.create_table(
        "correction",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("channel_id", sa.Integer(), sa.ForeignKey("channel.id"), nullable=False),
        sa.Column("delivery_id", sa.Integer(), sa.ForeignKey("delivery.id"), nullable=False),
        sa.Column("content_id", sa.Integer(), sa.ForeignKey("content.id"), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", TIME, nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("at", TIME, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("correction_state", "correction", ["state", "id"])
    for column in ("channel_id", "delivery_id", "content_id"):
        op.create_index(f"correction_{column}", "correction", [column])
    op.create_table(
        "withdrawal",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("channel_id", sa.Integer(), sa.ForeignKey("channel.id"), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("told_at", TIME, nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("digest_id", sa.Integer(), sa.ForeignKey("digest.id"), nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index("withdrawal_channel_id", "withdrawal", ["channel_id", "digest_id"])
    op.create_index("withdrawal_digest_id", "withdrawal", ["digest_id"])


def _decisions() -> None:
    op.create_table(
        "approval",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("channel_id", sa.Integer(), sa.ForeignKey("channel.id"), nullable=False),
        sa.Column("slot", TIME, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("chosen", sa.String(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("approval_slot", "approval", ["channel_id", "slot"], unique=True)
    op.create_index("approval_state", "approval", ["state", "id"])
    op.create_table(
        "mute",
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("ref", sa.String(), primary_key=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
    )
    op.create_index(
        "story_merged_into", "story", ["merged_into"],
        sqlite_where=sa.text("merged_into IS NOT NULL"),
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )  # fmt: skip
