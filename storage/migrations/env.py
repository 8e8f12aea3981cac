"""Alembic's entry: runs the revisions on the connection that `storage.schema` hands over."""

from __future__ import annotations

from alembic import context

from storage.tables import METADATA


def run() -> None:
    """Run the revisions inside the caller's transaction."""
    attributes = context.config.attributes
    context.configure(
        connection=attributes["connection"],
        target_metadata=METADATA,
        version_table=attributes["version_table"],
        render_as_batch=True,
        transactional_ddl=True,  # storage.engine begins by itself, so SQLite keeps to it too
    )
    with context.begin_transaction():
        context.run_migrations()


run()
