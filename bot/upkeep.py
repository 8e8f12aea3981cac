"""Keeping the database: an upgrade not without a backup, unless somebody says so."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from config import logs
from config.settings import Settings
from storage import state, upgrade
from storage.backups import backup, size
from storage.engine import parse_url, place, sqlite_path
from watchers.errors import StoreFull

log = logs.get(__name__)

LARGEST = 5 * 10**9  # bytes of a server's database: a copy of it takes half an hour


def upgrade_with_backup(settings: Settings, *, keep: bool = True) -> Path | None:
    """Bring the database to this version's schema; the backup's path if one was made.

    None is made if not `keep`, nor of a server that has more than :data:`LARGEST`, which the log
    says. StoreError leaves the old database as it was, also if the backup fails, and no backup
    for each try.
    """
    kept = None
    if keep and state(settings.database) == "older":
        kept = _backup(settings)
    try:
        upgrade(settings.database)
    except Exception:
        if kept is not None and state(settings.database) == "older":
            kept.unlink()  # a service that waits for its database tries again and again
        raise
    return kept


def _backup(settings: Settings) -> Path | None:
    """A backup in the data folder. StoreFull, before anything is written: it has no room."""
    url = parse_url(settings.database)
    bytes_ = size(url)
    if sqlite_path(url) is None and bytes_ > LARGEST:
        log.warning("backup_skipped", why="too large: it would take long", bytes=bytes_)
        return None
    folder = settings.data_dir / "backups"
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < bytes_:
        msg = (
            f"The backup before the upgrade may need {bytes_ // 10**6:,} MB in {folder}, which has "
            f"{free // 10**6:,} MB: {place(url)}. Nothing was changed."
        )
        advice = (
            "Make room there; or make a backup elsewhere (`pg_dump`, a copy of the stopped "
            "service's files) and run `dadkhah db upgrade --no-backup`."
        )
        raise StoreFull(msg, advice=advice)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    kept = folder / f"before-upgrade-{stamp}.db"
    backup(url, kept)
    log.info("database_backed_up", file=str(kept))
    return kept
