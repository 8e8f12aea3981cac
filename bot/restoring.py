"""A backup put back, and posting taken up again: what `dadkhah db restore` and `resume` do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.app import Program
from bot.clock import utc_now
from bot.jobs import settle_all
from bot.knowing import LEASE
from bot.wording import count
from config import logs
from config.settings import Settings
from storage import state
from storage.backups import backup
from storage.copying import Progress, no_progress
from storage.engine import parse_url, place, sqlite_path
from storage.restores import lock_for_owner, prepared, put_back, sole
from watchers.errors import InputInvalid, StoreError
from watchers.ports import Store
from watchers.restoring import Counted

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of it."""

    kept: Path | None  # the database that was there before
    pages: int  # that waited in the backup, and are in doubt now


def restore(settings: Settings, file: Path, progress: Progress = no_progress) -> Restored:
    """Put a backup in the place of the settings' database; posting is held. StoreError: nothing
    was changed.
    """
    url, at = parse_url(settings.database), utc_now()
    path = sqlite_path(url)
    name = f"before-restore-{at:%Y%m%dT%H%M%SZ}.db"
    if path is not None and path.exists() and file.exists() and path.samefile(file):
        msg = f"{file} is the database itself; name a backup of it."
        raise StoreError(msg)
    backups = settings.data_dir / "backups"
    # A link stays one, and its file is where there is room for it.
    goal = backups / f"restore-{at:%Y%m%dT%H%M%SZ}.db" if path is None else path.resolve()
    goal.parent.mkdir(parents=True, exist_ok=True)
    with prepared(file, goal, at) as ready, sole(url, LEASE):
        if path is None:
            kept = _keep_server(settings, goal.with_name(name))
            put_back(ready, url, goal, progress)
        else:
            kept = put_back(ready, url.set(database=str(goal)), goal.with_name(name))
            lock_for_owner(path)
    log.info("database_restored", file=str(file), kept=str(kept or ""))
    return Restored(kept, ready.pages)


def _keep_server(settings: Settings, target: Path) -> Path | None:
    """A backup of what a server has now. StoreError: it is of another version of Dadkhah."""
    found = state(settings.database)
    if found == "missing":
        return None
    url = parse_url(settings.database)
    if found != "current":
        msg = (
            f"The database is of {'an older' if found == 'older' else 'a newer'} version of "
            f"Dadkhah: {place(url)}. Make an empty database, name it in DADKHAH_DATABASE_URL, "
            "and restore into that. Nothing was changed."
        )
        raise StoreError(msg)
    backup(url, target)
    return target


def carry_on(store: Store) -> int:
    """Nothing was posted since the backup: how many pages wait again. InputInvalid."""
    return store.carry_on(at=utc_now(), actor="cli")


async def count_as_told(program: Program, until: datetime) -> Counted:
    """What appeared by `until` was posted. InputInvalid: not held, or feeds are to be read first,
    for what they list since the backup must be known before it can count as told.
    """
    if until > utc_now():
        msg = "--told-until: that time is yet to come."
        raise InputInvalid(msg)
    held = await program.database(lambda store: store.posting_held())
    feeds = await program.database(lambda store: store.feeds()) if held else ()
    unread = [
        feed
        for feed in feeds
        if held and not feed.paused and (feed.last_polled is None or feed.last_polled < held.at)
    ]
    if unread:
        msg = (
            f"{count(len(unread), 'feed')} {'was' if len(unread) == 1 else 'were'} not read since "
            "the database was put back. Run `dadkhah poll --all`, then give this command again."
        )
        raise InputInvalid(msg)
    await settle_all(program)
    at = utc_now()
    return await program.database(lambda store: store.count_as_told(until, at=at, actor="cli"))
