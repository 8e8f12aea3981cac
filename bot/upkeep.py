"""Keeping the database: an upgrade never without a backup."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from config import logs
from config.settings import Settings
from storage import state, upgrade
from storage.engine import parse_url
from storage.upkeep import backup

log = logs.get(__name__)


def upgrade_with_backup(settings: Settings) -> Path | None:
    """Bring the database to this version's schema; the backup's path if one was made.

    Only SQLite is backed up here: for PostgreSQL the operator's own `pg_dump` serves
    (docs/operating.md). StoreError leaves the old database as it was.
    """
    kept = None
    if state(settings.database) == "older" and settings.database.startswith("sqlite"):
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        folder = settings.data_dir / "backups"
        folder.mkdir(parents=True, exist_ok=True)
        kept = folder / f"before-upgrade-{stamp}.db"
        backup(parse_url(settings.database), kept)
        log.info("database_backed_up", file=str(kept))
    upgrade(settings.database)
    return kept
