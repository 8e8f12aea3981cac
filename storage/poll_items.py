"""What polls found, stored: few statements however many polls, none of them an item's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)

from storage.engine import chunks, insert_new, select_pairs
from storage.mapping import (
    CONTENT_COLUMNS,
    article_values,
    content_values,
    dump,
    match_values,
    printed_key,
    storable,
)
from storage.planning import (
    Head,
    Known,
    KnownEntry,
    PollPlan,
    Target,
    Work,
    changed_fields,
    independent,
    is_baseline,
    plan_poll,
    saved_of,
    stays_settled,
)
from storage.tables import ADDRESS, ARTICLE, BAND, ENTRY, MATCH, REVISION
from watchers.changes import Rejudged
from watchers.model import Feed, Item, PollResult, PollSaved

# Built once: building a statement costs more than SQLite needs to run it.
_URLS: BindParameter[Any] = bindparam("urls", expanding=True)
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_ENTRY = ("feed_id", "guid_key", "article_id", "content_key")
_HEAD = select(
    ARTICLE.c.url_key,
    ARTICLE.c.id,
    ARTICLE.c.feed_id,
    ARTICLE.c.url,
    ARTICLE.c.relevant,
    or_(ARTICLE.c.tells, ARTICLE.c.suspicious).label("close"),
    ARTICLE.c.settled,
    ARTICLE.c.is_full,
)
_HEADS_BY_URL = _HEAD.where(ARTICLE.c.url_key.in_(_URLS))
_HEADS_BY_ID = _HEAD.where(ARTICLE.c.id.in_(_IDS))
_ADDRESSES = (
    select(ADDRESS.c.url_key, ADDRESS.c.article_id)
    .where(ADDRESS.c.url_key.in_(_URLS))
    .order_by(ADDRESS.c.article_id.desc())
)
_STORED = select(ARTICLE.c.id, ARTICLE.c.url_key, ARTICLE.c.feed_id, ARTICLE.c.url).where(
    ARTICLE.c.url_key.in_(_URLS)
)
_REREAD = (
    update(ENTRY)
    .where(ENTRY.c.feed_id == bindparam("feed"), ENTRY.c.guid_key == bindparam("guid"))
    .values(content_key=bindparam("content"), last_seen=bindparam("at"))
)
_OLD = (
    select(ARTICLE.c.id, ARTICLE.c.title, ARTICLE.c.text)
    .where(ARTICLE.c.id.in_(_IDS))
    .order_by(ARTICLE.c.id)
    .with_for_update()
)
_DATED = bindparam("dated", type_=ARTICLE.c.published.type)
_REPLACE = (
    update(ARTICLE)
    .where(ARTICLE.c.id == bindparam("article"))
    .values(
        **{name: bindparam(f"new_{name}") for name in CONTENT_COLUMNS},
        settled=bindparam("stays_settled"),
        published=func.coalesce(_DATED, ARTICLE.c.published),
        time=func.coalesce(_DATED, ARTICLE.c.time),
        first_published=func.coalesce(ARTICLE.c.first_published, _DATED),
    )
)
_NO_MATCHES = delete(MATCH).where(MATCH.c.article_id.in_(_IDS))
_NO_BANDS = delete(BAND).where(BAND.c.article_id.in_(_IDS))


@dataclass(frozen=True, slots=True)
class _Poll:
    """A poll that is being stored."""

    feed: Feed
    result: PollResult
    plan: PollPlan


@dataclass(frozen=True, slots=True)
class _Stored:
    """Where the new articles are: ids by url key, and the addresses of lost races.

    A race is lost when another process stored the article between our look and our insert
    (possible on PostgreSQL only): the entry then leads to a copy.
    """

    ids: Mapping[bytes, int]
    lost: Mapping[bytes, str]

    def id(self, target: Target) -> int:
        """The id of a stored article, or of a new one by its url key."""
        return self.ids[target] if isinstance(target, bytes) else target


def save(connection: Connection, work: Sequence[Work]) -> dict[int, PollSaved]:
    """Store the items of these polls of different feeds, as if one after the other; by feed."""
    saved: dict[int, PollSaved] = {}
    left = list(work)
    while left:
        known = _known(connection, left)
        now, left = independent(left, known)
        polls = [_Poll(feed, result, plan_poll(result, known[feed.id])) for feed, result in now]
        saved.update(_save_together(connection, polls))
    return saved


def _save_together(connection: Connection, polls: Sequence[_Poll]) -> dict[int, PollSaved]:
    stored = _store_new(connection, polls)
    _store_entries(connection, polls, stored)
    _store_addresses(connection, polls, stored)
    updated = _store_changes(connection, polls)
    return {
        poll.feed.id: saved_of(
            (poll.feed, poll.result),
            [item for item in poll.plan.new if item.article.url_key not in stored.lost],
            copies=poll.plan.copies
            + sum(item.article.url_key in stored.lost for item in poll.plan.new),
            updated=updated.get(poll.feed.id, 0),
        )
        for poll in polls
    }


# ---------------------------------------------------------------- what is known


def _known(connection: Connection, work: Sequence[Work]) -> dict[int, Known]:
    entries = _known_entries(connection, work)
    items = [item for _, result in work for item in result.items]
    heads: dict[int, Head] = {}
    keys = _known_keys(connection, list({item.article.url_key for item in items}), heads)
    wanted = {entry.article_id for own in entries.values() for entry in own.values()}
    for ids in chunks(sorted(wanted.union(keys.values()) - heads.keys())):
        for row in connection.execute(_HEADS_BY_ID, {"ids": ids}):
            heads[row.id] = Head(*row[1:])
    known = {}
    for feed, result in work:
        own = entries.get(feed.id, {})
        mine = {entry.article_id for entry in own.values()}
        mine.update(
            keys[item.article.url_key] for item in result.items if item.article.url_key in keys
        )
        known[feed.id] = Known(own, keys, {number: heads[number] for number in mine})
    return known


def _known_entries(
    connection: Connection, work: Sequence[Work]
) -> dict[int, dict[bytes, KnownEntry]]:
    """By feed and guid key. A feed that was never read has none."""
    pairs = [
        (feed.id, guid)
        for feed, result in work
        if not feed.is_new
        for guid in {item.article.guid_key for item in result.items}
    ]
    entries: dict[int, dict[bytes, KnownEntry]] = {}
    for some in chunks(pairs):
        for row in select_pairs(connection, ENTRY, ("feed_id", "guid_key"), _ENTRY, some):
            entries.setdefault(row[0], {})[row[1]] = KnownEntry(row[2], row[3])
    return entries


def _known_keys(
    connection: Connection, urls: Sequence[bytes], heads: dict[int, Head]
) -> dict[bytes, int]:
    """The articles that these url keys lead to; those found by their own are put in `heads`."""
    keys: dict[bytes, int] = {}
    for some in chunks(urls):
        for row in connection.execute(_HEADS_BY_URL, {"urls": some}):
            heads[row[1]] = Head(*row[1:])
            keys[row[0]] = row[1]
    for some in chunks([key for key in urls if key not in keys]):
        moved = connection.execute(_ADDRESSES, {"urls": some})
        keys.update({row[0]: row[1] for row in moved})
    return keys


# ---------------------------------------------------------------- what is stored


def _store_new(connection: Connection, polls: Sequence[_Poll]) -> _Stored:
    new = [(poll.feed, item, poll.result.at) for poll in polls for item in poll.plan.new]
    # Sorted: two processes that insert the same articles must not wait for each other.
    new.sort(key=lambda one: one[1].article.url_key)
    insert_new(
        connection,
        ARTICLE,
        [
            article_values(item, feed.id, at, baseline=is_baseline(item, feed, at))
            for feed, item, at in new
        ],
    )
    owners = {item.article.url_key: feed.id for feed, item, _ in new}
    ids: dict[bytes, int] = {}
    lost: dict[bytes, str] = {}
    for some in chunks(list(owners)):
        for row in connection.execute(_STORED, {"urls": some}):
            ids[row.url_key] = row.id
            if row.feed_id != owners[row.url_key]:
                lost[row.url_key] = row.url
    mine = (item for _, item, _ in new if item.article.url_key not in lost)
    _store_findings(connection, ((ids[item.article.url_key], item) for item in mine))
    return _Stored(ids, lost)


def _store_findings(connection: Connection, found: Iterable[tuple[int, Item | Rejudged]]) -> None:
    matches: list[dict[str, object]] = []
    bands: list[dict[str, object]] = []
    for number, item in found:
        matches += match_values(number, item.verdict.matches)
        bands += ({"band": band, "article_id": number} for band in item.fingerprint.bands)
    insert_new(connection, MATCH, matches)
    insert_new(connection, BAND, bands)


def _store_entries(connection: Connection, polls: Sequence[_Poll], stored: _Stored) -> None:
    rows: list[dict[str, object]] = [
        {
            "feed_id": poll.feed.id,
            "guid_key": item.article.guid_key,
            "article_id": stored.id(target),
            "content_key": item.article.content_key,
            "last_seen": poll.result.at,
        }
        for poll in polls
        for item, target in poll.plan.entries
    ]
    insert_new(connection, ENTRY, rows)
    reread = [
        {
            "feed": poll.feed.id,
            "guid": item.article.guid_key,
            "content": item.article.content_key,
            "at": poll.result.at,
        }
        for poll in polls
        for item in poll.plan.reread
    ]
    if reread:
        connection.execute(_REREAD, reread)


def _store_addresses(connection: Connection, polls: Sequence[_Poll], stored: _Stored) -> None:
    found: list[tuple[Target, Item]] = []
    for poll in polls:
        found += poll.plan.addresses
        found += (
            (item.article.url_key, item)
            for item in poll.plan.new
            if stored.lost.get(item.article.url_key, item.article.url) != item.article.url
        )
    rows = [
        {
            "article_id": stored.id(target),
            "printed_key": printed_key(item.article.url),
            "url": storable(item.article.url),
            "url_key": item.article.url_key,
        }
        for target, item in found
    ]
    rows.sort(key=lambda row: (row["article_id"], row["printed_key"]))
    insert_new(connection, ADDRESS, rows)


# ---------------------------------------------------------------- what changed


def _store_changes(connection: Connection, polls: Sequence[_Poll]) -> dict[int, int]:
    """Replace what feeds changed, and keep what they said before; how many by feed."""
    candidates = {head.id: (poll, head, item) for poll in polls for head, item in poll.plan.changed}
    old: dict[int, Any] = {}
    for ids in chunks(sorted(candidates)):
        old.update({row.id: row for row in connection.execute(_OLD, {"ids": ids})})
    changed: dict[int, int] = {}
    values: list[dict[str, object]] = []
    revisions: list[dict[str, object]] = []
    items: list[tuple[int, Item]] = []
    for number, row in old.items():
        poll, head, item = candidates[number]
        content = content_values(item)
        now = (str(content["title"]), str(content["text"]))
        if fields := changed_fields((row.title, row.text), now):
            values.append(_replacing(head, item, content))
            revisions.append(_revision(row, poll.result.at, fields))
            items.append((number, item))
            changed[poll.feed.id] = changed.get(poll.feed.id, 0) + 1
    if items:
        _replace(connection, values, items)
        connection.execute(REVISION.insert(), revisions)
    return changed


def _replacing(head: Head, item: Item, content: Mapping[str, object]) -> dict[str, object]:
    return {
        "article": head.id,
        "stays_settled": stays_settled(head, item),
        "dated": item.article.published,
        **{f"new_{name}": content[name] for name in CONTENT_COLUMNS},
    }


def _revision(row: Any, at: datetime, fields: Sequence[str]) -> dict[str, object]:
    return {
        "article_id": row.id,
        "at": at,
        "title": row.title,
        "text": row.text,
        "fields": dump(fields),
    }


def _replace(
    connection: Connection,
    values: Sequence[dict[str, object]],
    items: Sequence[tuple[int, Item]],
) -> None:
    connection.execute(_REPLACE, values)
    replace_findings(connection, items)


def replace_findings(connection: Connection, found: Sequence[tuple[int, Item | Rejudged]]) -> None:
    """Give these articles other reasons and bands."""
    for ids in chunks([number for number, _ in found]):
        connection.execute(_NO_MATCHES, {"ids": ids})
        connection.execute(_NO_BANDS, {"ids": ids})
    _store_findings(connection, found)
