"""What settling decided, stored: copies and stories (look-ups are in `storage.candidates`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    Boolean,
    Connection,
    String,
    bindparam,
    func,
    select,
    text,
    update,
)

from storage.candidates import copied
from storage.columns import UtcTime
from storage.engine import chunks, insert_new
from storage.regrouping import SETTLING, Change, Kept, advanced, changes_of, told_as
from storage.tables import ALERTED, ARTICLE, STORY, TOLD, VALUE
from watchers.groups import Progress, Regrouping, StoryHead, packed, unpacked
from watchers.model import Grouping

# Built once: building a statement costs more than SQLite needs to run it.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_STORY = bindparam("story", type_=String)
_PROGRESS = select(VALUE.c.value).where(VALUE.c.name == SETTLING)
_PROGRESS_LOCKED = _PROGRESS.with_for_update()
_ADVANCE = update(VALUE).where(VALUE.c.name == SETTLING).values(value=bindparam("progress"))
_KEPT = (
    select(
        ARTICLE.c.id,
        ARTICLE.c.duplicate_of,
        ARTICLE.c.story_id,
        ARTICLE.c.reason,
        ARTICLE.c.pinned,
        ARTICLE.c.settled,
        ARTICLE.c.relevant,
        ARTICLE.c.text_key,
        ARTICLE.c.time,
        ARTICLE.c.first_seen,
        ARTICLE.c.lead_at,
    )
    .where(ARTICLE.c.id.in_(_IDS))
    .order_by(ARTICLE.c.id)
    .with_for_update()
)
_SETTLE = (
    update(ARTICLE)
    .where(ARTICLE.c.id == bindparam("article"))
    .values(
        settled=bindparam("is_settled"),
        resettle=ARTICLE.c.resettle & ~bindparam("is_turn", type_=Boolean),
        duplicate_of=bindparam("first"),
        story_id=_STORY,
        reason=func.coalesce(bindparam("why", type_=String), ARTICLE.c.reason),
        lead_at=bindparam("leads_at", type_=UtcTime()),
    )
)
_LATER = ~ARTICLE.c.pinned & ARTICLE.c.story_id.is_distinct_from(_STORY)
_FOLLOW = (update(ARTICLE).where(ARTICLE.c.duplicate_of == bindparam("first"), _LATER)).values(
    story_id=_STORY
)
_RENAME = (
    update(ARTICLE)
    .where(ARTICLE.c.story_id == bindparam("old"), ~ARTICLE.c.pinned)
    .values(story_id=_STORY)
)
_MERGED = (
    update(STORY)
    .where(
        STORY.c.id == bindparam("old"),
        ~select(ARTICLE.c.id).where(ARTICLE.c.story_id == STORY.c.id).exists(),
    )
    .values(merged_into=_STORY)
)
_NO_EVENT = update(STORY).where(STORY.c.id == bindparam("story")).values(event=None)
_BE = (
    update(STORY)
    .where(STORY.c.id == bindparam("story"))
    .values(event=bindparam("is_event", type_=String), merged_into=None)
)
_HEAD = select(STORY.c.id, STORY.c.created_at, STORY.c.event, STORY.c.merged_into)
_HEADS_BY_ID = _HEAD.where(STORY.c.id.in_(_IDS))
_HEADS_BY_EVENT = _HEAD.where(STORY.c.event.in_(_IDS), STORY.c.event.is_not(None))
_TOLD = select(TOLD.c.channel_id, TOLD.c.subject, TOLD.c.digest_id, TOLD.c.again).where(
    TOLD.c.subject.in_(_IDS)
)
_ALERTED = select(ALERTED.c.channel_id, ALERTED.c.subject, ALERTED.c.digest_id, ALERTED.c.at).where(
    ALERTED.c.subject.in_(_IDS)
)
# The later digest counts: what changed before it was told with it.
_TELL = text(
    "INSERT INTO told (channel_id, subject, digest_id, again) "
    "VALUES (:channel, :subject, :digest, :again) "
    "ON CONFLICT (channel_id, subject) DO UPDATE SET "
    "digest_id = CASE WHEN excluded.digest_id > told.digest_id "
    "THEN excluded.digest_id ELSE told.digest_id END, "
    "again = COALESCE(told.again, excluded.again)"
)


# ---------------------------------------------------------------- progress


def progress(connection: Connection) -> Progress:
    """How far settling has come."""
    return unpacked(connection.execute(_PROGRESS).scalar())


def turn(connection: Connection, regrouping: Regrouping | None = None) -> bool:
    """Note that groups change, before they do; False if they changed since it was decided.

    Whoever changes groups calls it first: what is being decided meanwhile is then not saved.
    """
    insert_new(connection, VALUE, [{"name": SETTLING, "value": packed(Progress())}])
    now = unpacked(connection.execute(_PROGRESS_LOCKED).scalar())
    further = advanced(now, regrouping)
    if further is not None:
        connection.execute(_ADVANCE, {"progress": packed(further)})
    return further is not None


def story_heads(
    connection: Connection, ids: Iterable[str], events: Iterable[str]
) -> tuple[StoryHead, ...]:
    """Stories with one of these ids or events, by (created_at, id)."""
    found: dict[str, StoryHead] = {}
    for statement, wanted in ((_HEADS_BY_ID, ids), (_HEADS_BY_EVENT, events)):
        for some in chunks(sorted(set(wanted))):
            rows = connection.execute(statement, {"ids": some})
            found.update((row.id, StoryHead(*row)) for row in rows)
    return tuple(sorted(found.values(), key=lambda head: (head.created_at, head.id)))


# ---------------------------------------------------------------- saving


def save(
    connection: Connection, groupings: Sequence[Grouping], regrouping: Regrouping | None
) -> bool:
    """Settle these articles; `duplicate_of` is never re-pointed, and never makes a chain."""
    if not groupings and regrouping is None:
        return True
    if not turn(connection, regrouping):
        return False
    kept = _kept(connection, groupings)
    have_copies = copied(connection, kept.keys())
    changes = changes_of(groupings, kept, have_copies)
    merged = regrouping.merged if regrouping is not None else {}
    tell_as(connection, told_as(changes, kept, merged))
    _store_stories(connection, changes, kept, regrouping)
    _store(connection, changes, have_copies)
    _merge(connection, merged)
    return True


def _kept(connection: Connection, groupings: Sequence[Grouping]) -> dict[int, Kept]:
    named = {grouping.article_id for grouping in groupings}
    named.update(g.duplicate_of for g in groupings if g.duplicate_of is not None)
    kept: dict[int, Kept] = {}
    for ids in chunks(sorted(named)):
        kept.update((row.id, Kept(*row)) for row in connection.execute(_KEPT, {"ids": ids}))
    return kept


def _store_stories(
    connection: Connection,
    changes: Sequence[Change],
    kept: Mapping[int, Kept],
    regrouping: Regrouping | None,
) -> None:
    heads = list(regrouping.stories) if regrouping is not None else []
    rows = {head.id: {"id": head.id, "created_at": head.created_at} for head in heads}
    for change in changes:
        if change.story is not None:
            seen = kept[change.id].first_seen
            rows.setdefault(change.story, {"id": change.story, "created_at": seen})
    insert_new(connection, STORY, list(rows.values()))
    if heads:
        connection.execute(_BE, [{"story": head.id, "is_event": head.event} for head in heads])


def _store(connection: Connection, changes: Sequence[Change], have_copies: frozenset[int]) -> None:
    rows = [
        {
            "article": change.id,
            "is_settled": change.settled,
            "is_turn": change.is_turn,
            "first": change.duplicate_of,
            "story": change.story,
            "why": change.reason,
            "leads_at": change.lead_at,
        }
        for change in changes
    ]
    if rows:
        connection.execute(_SETTLE, rows)
    moved = [
        {"first": change.id, "story": change.story}
        for change in changes
        if change.moved and change.id in have_copies
    ]
    if moved:
        connection.execute(_FOLLOW, moved)


def _merge(connection: Connection, merged: Mapping[str, str]) -> None:
    if merged:
        rows = [{"old": old, "story": new} for old, new in merged.items()]
        connection.execute(_RENAME, rows)
        connection.execute(_NO_EVENT, [{"story": old} for old in merged])
        connection.execute(_MERGED, rows)


def tell_as(connection: Connection, pairs: Iterable[tuple[str, str]]) -> None:
    """What was told as the first of a pair counts as told as the second, the first stays told.

    All are read before one is written: what comes from elsewhere goes no further.
    """
    become: dict[str, list[str]] = {}
    for old, new in sorted(pairs):
        become.setdefault(old, []).append(new)
    found: list[Any] = []
    for some in chunks(list(become)):
        found += connection.execute(_TOLD, {"ids": some})
    rows = [
        {"channel": row.channel_id, "subject": new, "digest": row.digest_id, "again": row.again}
        for row in found
        for new in become[row.subject]
    ]
    if rows:
        connection.execute(_TELL, rows)
    _alert_as(connection, become)


def _alert_as(connection: Connection, become: Mapping[str, Sequence[str]]) -> None:
    for some in chunks(list(become)):
        rows = [
            {
                "channel_id": row.channel_id,
                "subject": new,
                "digest_id": row.digest_id,
                "at": row.at,
            }
            for row in connection.execute(_ALERTED, {"ids": some})
            for new in become[row.subject]
        ]
        insert_new(connection, ALERTED, rows)
