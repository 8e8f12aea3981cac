"""A poll's result, carried out: few statements a poll, whatever it found."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, func, or_, select, update

from storage.audits import note
from storage.engine import chunks, insert_new
from storage.mapping import (
    article_values,
    content_values,
    dump,
    feed_of,
    match_values,
    printed_key,
    storable,
)
from storage.planning import (
    LISTED_LATELY,
    SEEN_AGAIN,
    Head,
    Known,
    KnownEntry,
    PollPlan,
    Target,
    changed_fields,
    feed_changes,
    is_baseline,
    plan_poll,
    stays_settled,
)
from storage.tables import ADDRESS, ARTICLE, BAND, ENTRY, FEED, MATCH, REVISION
from watchers.model import Feed, Item, PollResult, PollSaved
from watchers.telling import AuditRecord

# Built once: building a statement costs more than SQLite needs to run it.
_GUIDS = ENTRY.c.guid_key.in_(bindparam("guids", expanding=True))
_URLS: BindParameter[Any] = bindparam("urls", expanding=True)
_FEED = (
    select(FEED)
    .where(FEED.c.id == bindparam("feed"), FEED.c.removed_at.is_(None))
    .with_for_update()
)
_ENTRIES = select(ENTRY.c.guid_key, ENTRY.c.article_id, ENTRY.c.content_key).where(
    ENTRY.c.feed_id == bindparam("feed"), _GUIDS
)
_HEAD = select(
    ARTICLE.c.id,
    ARTICLE.c.feed_id,
    ARTICLE.c.url,
    ARTICLE.c.relevant,
    or_(ARTICLE.c.tells, ARTICLE.c.suspicious).label("close"),
    ARTICLE.c.settled,
    ARTICLE.c.url_key,
)
_HEADS_BY_URL = _HEAD.where(ARTICLE.c.url_key.in_(_URLS))
_HEADS_BY_ID = _HEAD.where(ARTICLE.c.id.in_(bindparam("ids", expanding=True)))
_ADDRESSES = (
    select(ADDRESS.c.url_key, ADDRESS.c.article_id)
    .where(ADDRESS.c.url_key.in_(_URLS))
    .order_by(ADDRESS.c.article_id.desc())
)
_STORED = select(ARTICLE.c.id, ARTICLE.c.url_key, ARTICLE.c.feed_id, ARTICLE.c.url).where(
    ARTICLE.c.url_key.in_(_URLS)
)
_LISTED = (
    update(ENTRY)
    .where(ENTRY.c.feed_id == bindparam("feed"), _GUIDS, ENTRY.c.last_seen <= bindparam("before"))
    .values(last_seen=bindparam("at"))
)


def entry_keys(connection: Connection, feed_id: int) -> Mapping[bytes, bytes]:
    """guid_key -> content_key of what the feed listed in the week before its latest listing.

    Not relative to now: a feed that answers 304 for a month still lists the same entries.
    """
    own = ENTRY.c.feed_id == feed_id
    latest = connection.execute(select(func.max(ENTRY.c.last_seen)).where(own)).scalar()
    if latest is None:
        return {}
    rows = connection.execute(
        select(ENTRY.c.guid_key, ENTRY.c.content_key).where(
            own, ENTRY.c.last_seen >= latest - LISTED_LATELY
        )
    )
    return {row.guid_key: row.content_key for row in rows}


def save(connection: Connection, result: PollResult) -> PollSaved:
    """Carry out one poll; an empty PollSaved if the feed was removed meanwhile."""
    row = connection.execute(_FEED, {"feed": result.feed_id}).one_or_none()
    if row is None:
        return PollSaved(result.feed_id)
    feed = feed_of(row)
    saved = _save_items(connection, feed, result) if result.items else PollSaved(feed.id)
    _mark_listed(connection, result)
    changes = feed_changes(feed, result, row.failing_since)
    for name in ("etag", "last_modified", "last_error", "name"):
        if isinstance(value := changes.get(name), str):
            changes[name] = storable(value)
    connection.execute(update(FEED).where(FEED.c.id == feed.id).values(changes))
    if result.moved_to and result.moved_to != feed.url:
        _move(connection, feed, result.moved_to, result.at)
    return saved


def _move(connection: Connection, feed: Feed, url: str, at: datetime) -> None:
    """Follow a permanent redirect, unless another watched feed has that address already."""
    key = printed_key(url)
    taken = select(FEED.c.id).where(FEED.c.url_key == key, FEED.c.removed_at.is_(None))
    if connection.execute(taken).first() is None:
        move = update(FEED).where(FEED.c.id == feed.id).values(url=storable(url), url_key=key)
        connection.execute(move)
        note(connection, AuditRecord(at, "system", "feed.move", feed.url, storable(url)))


def _save_items(connection: Connection, feed: Feed, result: PollResult) -> PollSaved:
    known = _known(connection, result)
    plan = plan_poll(result, known)
    ids, lost = _store_new(connection, feed, result, plan)
    _store_entries(connection, result, plan, ids)
    _store_addresses(connection, plan, ids, lost)
    updated = _store_changes(connection, plan, result.at)
    new = [item for item in plan.new if item.article.url_key not in lost]
    relevant = sum(item.verdict.relevant for item in new)
    tells = sum(item.verdict.relevant or bool(item.verdict.officials) for item in new)
    return PollSaved(
        feed_id=feed.id,
        new=len(new),
        copies=plan.copies + len(lost),
        updated=updated,
        relevant=relevant,
        named=tells - relevant,
        baseline=sum(is_baseline(item, feed, result.at) for item in new),
    )


# ---------------------------------------------------------------- what is known


def _known(connection: Connection, result: PollResult) -> Known:
    guids = list({item.article.guid_key for item in result.items})
    urls = list({item.article.url_key for item in result.items})
    entries: dict[bytes, KnownEntry] = {}
    for some in chunks(guids):
        rows = connection.execute(_ENTRIES, {"feed": result.feed_id, "guids": some})
        entries.update({row[0]: KnownEntry(row[1], row[2]) for row in rows})
    keys: dict[bytes, int] = {}
    heads: dict[int, Head] = {}
    for some in chunks(urls):
        for row in connection.execute(_HEADS_BY_URL, {"urls": some}):
            heads[row.id] = _head(row)
            keys[row.url_key] = row.id
    for some in chunks([key for key in urls if key not in keys]):
        moved = connection.execute(_ADDRESSES, {"urls": some})
        keys.update({row.url_key: row.article_id for row in moved})
    wanted = {*keys.values(), *(entry.article_id for entry in entries.values())}
    for ids in chunks(sorted(wanted - heads.keys())):
        rows = connection.execute(_HEADS_BY_ID, {"ids": ids})
        heads.update({row.id: _head(row) for row in rows})
    return Known(entries, keys, heads)


def _head(row: Any) -> Head:
    return Head(row.id, row.feed_id, row.url, row.relevant, bool(row.close), row.settled)


# ---------------------------------------------------------------- what is stored


def _store_new(
    connection: Connection, feed: Feed, result: PollResult, plan: PollPlan
) -> tuple[dict[bytes, int], dict[bytes, str]]:
    """Store the new articles: their ids by url key, and the addresses of lost races.

    A race is lost when another process stored the article between our look and our insert
    (possible on PostgreSQL only): the entry then leads to a copy.
    """
    # Sorted: two processes that insert the same articles must not wait for each other.
    new = sorted(plan.new, key=lambda item: item.article.url_key)
    insert_new(
        connection,
        ARTICLE,
        [
            article_values(item, feed.id, result.at, baseline=is_baseline(item, feed, result.at))
            for item in new
        ],
    )
    ids: dict[bytes, int] = {}
    lost: dict[bytes, str] = {}
    for some in chunks([item.article.url_key for item in new]):
        for row in connection.execute(_STORED, {"urls": some}):
            ids[row.url_key] = row.id
            if row.feed_id != feed.id:
                lost[row.url_key] = row.url
    for item in new:
        if item.article.url_key not in lost:
            _store_findings(connection, ids[item.article.url_key], item)
    return ids, lost


def _store_findings(connection: Connection, article_id: int, item: Item) -> None:
    insert_new(connection, MATCH, match_values(article_id, item.verdict.matches))
    bands = [{"band": band, "article_id": article_id} for band in item.fingerprint.bands]
    insert_new(connection, BAND, bands)


def _id(target: Target, ids: Mapping[bytes, int]) -> int:
    return ids[target] if isinstance(target, bytes) else target


def _store_entries(
    connection: Connection, result: PollResult, plan: PollPlan, ids: Mapping[bytes, int]
) -> None:
    rows = [
        {
            "feed_id": result.feed_id,
            "guid_key": item.article.guid_key,
            "article_id": _id(target, ids),
            "content_key": item.article.content_key,
            "last_seen": result.at,
        }
        for item, target in plan.entries
    ]
    insert_new(connection, ENTRY, rows)
    if plan.reread:
        connection.execute(
            update(ENTRY)
            .where(ENTRY.c.feed_id == result.feed_id, ENTRY.c.guid_key == bindparam("guid"))
            .values(content_key=bindparam("content"), last_seen=result.at),
            [
                {"guid": item.article.guid_key, "content": item.article.content_key}
                for item in plan.reread
            ],
        )


def _store_addresses(
    connection: Connection, plan: PollPlan, ids: Mapping[bytes, int], lost: Mapping[bytes, str]
) -> None:
    raced = [
        (item.article.url_key, item)
        for item in plan.new
        if lost.get(item.article.url_key, item.article.url) != item.article.url
    ]
    rows = [
        {
            "article_id": _id(target, ids),
            "printed_key": printed_key(item.article.url),
            "url": storable(item.article.url),
            "url_key": item.article.url_key,
        }
        for target, item in (*plan.addresses, *raced)
    ]
    rows.sort(key=lambda row: (row["article_id"], row["printed_key"]))
    insert_new(connection, ADDRESS, rows)


def _store_changes(connection: Connection, plan: PollPlan, at: datetime) -> int:
    """Replace what this feed itself changed, and keep what it said before; how many."""
    changed = 0
    for head, item in sorted(plan.changed, key=lambda pair: pair[0].id):
        columns = select(ARTICLE.c.title, ARTICLE.c.text, ARTICLE.c.published)
        old = connection.execute(columns.where(ARTICLE.c.id == head.id).with_for_update()).one()
        values = content_values(item)
        now = (str(values["title"]), str(values["text"]))
        if fields := changed_fields((old.title, old.text), now):
            _replace(connection, head, item, values)
            revision = {"at": at, "title": old.title, "text": old.text, "fields": dump(fields)}
            connection.execute(REVISION.insert(), {"article_id": head.id, **revision})
            changed += 1
    return changed


def _replace(connection: Connection, head: Head, item: Item, values: Mapping[str, object]) -> None:
    published = item.article.published
    dated = {"published": published, "time": published} if published else {}
    own = ARTICLE.c.id == head.id
    settled = stays_settled(head, item)
    connection.execute(update(ARTICLE).where(own).values(**values, **dated, settled=settled))
    if published:
        first = update(ARTICLE).where(own, ARTICLE.c.first_published.is_(None))
        connection.execute(first.values(first_published=published))
    connection.execute(delete(MATCH).where(MATCH.c.article_id == head.id))
    connection.execute(delete(BAND).where(BAND.c.article_id == head.id))
    _store_findings(connection, head.id, item)


def _mark_listed(connection: Connection, result: PollResult) -> None:
    guids = {*result.seen, *(item.article.guid_key for item in result.items)}
    times = {"at": result.at, "before": result.at - SEEN_AGAIN}
    for some in chunks(sorted(guids)):
        connection.execute(_LISTED, {"feed": result.feed_id, "guids": some, **times})
