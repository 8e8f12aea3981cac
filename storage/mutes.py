"""What admins muted: stories and feeds that no channel is told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select

from storage.audits import note
from storage.engine import chunks, insert_one
from storage.feeds import find
from storage.mapping import storable
from storage.stories import followed
from storage.subjects import merged_names
from storage.tables import MUTE
from watchers.muting import Mutes
from watchers.telling import AuditRecord

SUBJECT, FEED = "subject", "feed"
_ALL = select(MUTE.c.kind, MUTE.c.ref)


def mutes(connection: Connection) -> Mutes:
    """All of them; a muted story that was merged mutes what it was merged into."""
    rows = connection.execute(_ALL).all()
    subjects = {row.ref for row in rows if row.kind == SUBJECT}
    feeds = frozenset(int(row.ref) for row in rows if row.kind == FEED)
    return Mutes(frozenset(subjects | set(followed(connection, subjects).values())), feeds)


def mute_subject(
    connection: Connection, subject: str, at: datetime, actor: str, *, muted: bool
) -> bool:
    """Tell a story no more, or again; whether that changed anything."""
    subject = storable(subject)
    if muted:
        changed = _mute(connection, SUBJECT, subject, at, actor)
    else:
        changed = _unmute(connection, SUBJECT, list(merged_names(connection, [subject])))
    if changed:
        action = "story.mute" if muted else "story.unmute"
        note(connection, AuditRecord(at, actor, action, subject))
    return changed


def mute_feed(
    connection: Connection, feed_id: int, at: datetime, actor: str, *, muted: bool
) -> bool:
    """Tell what a feed alone brings no more, or again. FeedUnknown."""
    feed = find(connection, str(feed_id))
    if muted:
        changed = _mute(connection, FEED, str(feed.id), at, actor)
    else:
        changed = _unmute(connection, FEED, [str(feed.id)])
    if changed:
        action = "feed.mute" if muted else "feed.unmute"
        note(connection, AuditRecord(at, actor, action, feed.url))
    return changed


def _mute(connection: Connection, kind: str, ref: str, at: datetime, actor: str) -> bool:
    return insert_one(connection, MUTE, {"kind": kind, "ref": ref, "at": at, "actor": actor})


def _unmute(connection: Connection, kind: str, refs: list[str]) -> bool:
    gone = 0
    for some in chunks(sorted(refs)):
        own = delete(MUTE).where(MUTE.c.kind == kind, MUTE.c.ref.in_(some))
        gone += connection.execute(own).rowcount
    return gone > 0
