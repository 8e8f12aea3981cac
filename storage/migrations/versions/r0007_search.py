"""The index of the full search (watchers.searching).

What is to be indexed is a table of ours. The index itself is none that is copied or compared: it
is made of the articles, by the service, and can be made anew at any time (storage.search_index).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From the schema before."""
    op.create_table(
        "search_due",
        sa.Column("article_id", sa.Integer(), sa.ForeignKey("article.id"), primary_key=True),
        sa.Column("mark", sa.BigInteger(), nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TABLE search_doc (article_id INTEGER PRIMARY KEY, time TEXT NOT NULL, "
            "packed BLOB NOT NULL)"
        )
        # Tokens come ready made between spaces: letters beyond ASCII are never looked at.
        op.execute(
            "CREATE VIRTUAL TABLE search_words USING fts5(words, content='', columnsize=0, "
            "tokenize=\"ascii tokenchars ':.-_='\")"
        )
        return
    op.execute(
        "CREATE TABLE search_doc (article_id integer PRIMARY KEY, time timestamptz NOT NULL, "
        "packed bytea NOT NULL, words tsvector NOT NULL)"
    )
    # Unpacked: a phrase is looked up in thousands of them.
    op.execute("ALTER TABLE search_doc ALTER packed SET STORAGE EXTERNAL")
    op.execute("ALTER TABLE search_doc ALTER words SET STORAGE EXTERNAL")
    op.execute("CREATE INDEX search_words ON search_doc USING gin (words)")
