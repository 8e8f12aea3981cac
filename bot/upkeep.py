"""Keeping the database: an upgrade never without a backup."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from config import logs
from config.settings import Settings
from storage import state, upgrade
from storage.backups import backup
from storage.engine import parse_url

log = logs.get(__name__)


def upgrade_with_backup(settings: Settings) -> Path | None:
    """Bring the database to this version's schema; the backup's path if one was made.

    StoreError leaves the old database as it was, also if the backup fails.
    """
    kept = None
    if state(settings.database) == "older":
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        folder = settings.data_dir / "backups"
        folder.mkdir(parents=True, exist_ok=True)
        kept = folder / f"before-upgrade-{stamp}.db"
        backup(parse_url(settings.database), kept)
        log.info("database_backed_up", file=str(kept))
    upgrade(settings.database)
    return kept
