"""Posting held after a restore: see :mod:`watchers.restoring`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, select, update

from storage import copy_rows, ledger, posting, subscribing, upkeep
from storage.approvals import count_as_told as mark_told
from storage.audits import note
from storage.columns import UtcTime
from storage.copy_rows import shape_of
from storage.digests import untold
from storage.engine import chunks
from storage.holding import GIVEN_UP, HELD, TOLD_UNTIL, WAITED, notice_of, plain, watermark
from storage.mapping import subject_of
from storage.next_pages import refresh
from storage.receipts import ABANDONED
from storage.tables import (
    CHANNEL,
    CORRECTION,
    DELIVERY,
    DIGEST,
    FEED,
    LEDGER,
    METADATA,
    WITHDRAWAL,
)
from storage.taking_back import WAITING
from watchers.correcting import CorrectionState
from watchers.errors import InputInvalid
from watchers.restoring import REACH, Counted, Held, Why, is_after
from watchers.subscribing import NOBODY
from watchers.telling import AuditRecord, DeliveryState

SKIPPED = 100_000  # numbers that rows made after the backup may have had
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_QUEUED, _SENDING = DeliveryState.QUEUED.value, DeliveryState.SENDING.value
_UNCERTAIN = DeliveryState.UNCERTAIN.value
_WAITING = (CorrectionState.QUEUED.value, WAITING)
_LONGEST = func.min(func.coalesce(CHANNEL.c.last_slot, CHANNEL.c.added_at))


def hold(connection: Connection, why: Why, at: datetime) -> int:
    """Hold posting; how many pages became uncertain."""
    earlier = posting.held(connection)  # a backup of what was not decided yet
    known = Held(why, at, earlier.data_of if earlier else _latest(connection))
    upkeep.set_value(connection, HELD, json.dumps(plain(known)))
    changed = 0
    for state, reason in ((_SENDING, ABANDONED), (_QUEUED, WAITED)):
        pages = update(DELIVERY).where(DELIVERY.c.state == state)
        changed += connection.execute(pages.values(state=_UNCERTAIN, error=reason)).rowcount
    refresh(connection, connection.execute(select(CHANNEL.c.id)).scalars().all())
    for table in METADATA.sorted_tables:
        shape = shape_of(table)
        last = copy_rows.highest(connection, shape)
        copy_rows.go_on_after(connection, shape, last + SKIPPED)
    ledger.tell(connection, [notice_of(known, changed)], at)
    return changed


def _latest(connection: Connection) -> datetime | None:
    """The last thing that it knows of: a poll, or a digest."""
    times = [
        connection.execute(select(func.max(column))).scalar()
        for column in (LEDGER.c.until, DIGEST.c.built_at)
    ]
    return max((time for time in times if time is not None), default=None)


def carry_on(connection: Connection, at: datetime, actor: str) -> int:
    """Post again, with the pages that waited. InputInvalid."""
    _release(connection)
    mine = (DELIVERY.c.state == _UNCERTAIN, DELIVERY.c.error == WAITED)
    chats = set(connection.execute(select(DELIVERY.c.channel_id).where(*mine)).scalars())
    again = update(DELIVERY).where(*mine).values(state=_QUEUED, error=None)
    changed = connection.execute(again).rowcount
    refresh(connection, chats)
    note(connection, AuditRecord(at, actor, "posting.resume", "restored", "nothing was posted"))
    return changed


def _release(connection: Connection) -> Held:
    found = posting.held(connection)
    if found is None:
        msg = "Posting is not held: no restored database waits for a decision."
        raise InputInvalid(msg)
    upkeep.set_value(connection, HELD, "")
    return found


def count_as_told(connection: Connection, until: datetime, at: datetime, actor: str) -> Counted:
    """Count what appeared by then as told, and post again. InputInvalid."""
    since = _release(connection).at
    channels = connection.execute(select(CHANNEL.c.id, CHANNEL.c.private)).all()
    subjects = _appeared(connection, until, at)
    for some in chunks(channels):
        done = subscribing.told(connection, [row.id for row in some], subjects)
        for row in some:
            open_ones = [one for one in subjects if one not in done.get(row.id, frozenset())]
            _tell(connection, row, open_ones, at)
    feeds = _begin_anew(connection, since)
    given_up = connection.execute(
        update(CORRECTION)
        .where(CORRECTION.c.state.in_(_WAITING))
        .values(state=CorrectionState.FAILED.value, error=GIVEN_UP)
    ).rowcount
    upkeep.set_value(connection, TOLD_UNTIL, watermark(until, at))
    detail = f"{len(subjects)} told until {until.isoformat()}"
    note(connection, AuditRecord(at, actor, "posting.resume", "restored", detail))
    return Counted(len(subjects), len(channels), feeds, given_up)


def _appeared(connection: Connection, until: datetime, at: datetime) -> list[str]:
    """The subjects that some article of theirs makes old, of what anybody might be told."""
    longest = connection.execute(select(_LONGEST)).scalar()
    since = min(at - REACH, longest or at)
    found: dict[str, bool] = {}
    for article in untold(connection, NOBODY, since):
        subject = subject_of(article.id, article.duplicate_of, article.story)
        found[subject] = found.get(subject, True) and is_after(article, until)
    return [subject for subject, is_news in found.items() if not is_news]


def _tell(connection: Connection, channel: Any, subjects: Iterable[str], at: datetime) -> None:
    """Of one channel; what it was to be told was taken back counts as said, too."""
    names = list(subjects)
    waits = (WITHDRAWAL.c.channel_id == channel.id, WITHDRAWAL.c.digest_id.is_(None))
    taken = connection.execute(select(WITHDRAWAL.c.id).where(*waits).limit(1)).first()
    if names or taken is not None:
        digest = mark_told(connection, channel.id, at, names, at, private=channel.private)
        connection.execute(update(WITHDRAWAL).where(*waits).values(digest_id=digest))


def _begin_anew(connection: Connection, since: datetime) -> int:
    """Feeds that nobody could read since: what they list without a date is old."""
    late = select(FEED.c.id).where(
        FEED.c.removed_at.is_(None),
        FEED.c.last_success < bindparam("since", type_=UtcTime()),
    )
    ids = connection.execute(late, {"since": since}).scalars().all()
    for some in chunks(ids):
        connection.execute(update(FEED).where(FEED.c.id.in_(_IDS)).values(last_success=None),
                           {"ids": some})  # fmt: skip
    return len(ids)
