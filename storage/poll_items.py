"""What polls found, stored: few statements however many polls, none of them an item's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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

from storage import bands, first_published, revising, search_index
from storage.addressing import Further, Target, link_of
from storage.engine import chunks, insert_new, select_pairs
from storage.mapping import (
    article_values,
    match_values,
    printed_key,
    storable,
)
from storage.planning import (
    Head,
    Known,
    KnownEntry,
    PollPlan,
    Work,
    independent,
    is_baseline,
    plan_poll,
    saved_of,
)
from storage.revised import LISTED_AGAIN
from storage.tables import ADDRESS, ARTICLE, ENTRY, FEED, MATCH
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
    ARTICLE.c.gone_at,
    ARTICLE.c.text_kept,
    (func.length(ARTICLE.c.text) - func.length(ARTICLE.c.title)).label("size"),
)
_FEED_HOSTS = select(FEED.c.id, FEED.c.host).where(FEED.c.id.in_(_IDS))
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
_NO_MATCHES = delete(MATCH).where(MATCH.c.article_id.in_(_IDS))


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
        polls = [
            _Poll(feed, result, plan_poll(feed, result, known[feed.id])) for feed, result in now
        ]
        saved.update(_save_together(connection, polls))
    return saved


def _save_together(connection: Connection, polls: Sequence[_Poll]) -> dict[int, PollSaved]:
    stored = _store_new(connection, polls)
    _store_entries(connection, polls, stored)
    _store_addresses(connection, polls, stored)
    first_published.lower(connection, _further_dates(polls, stored))
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
    wanted_keys = {key for item in items for key in item.article.keys}
    keys = _known_keys(connection, list(wanted_keys), heads)
    wanted = {entry.article_id for own in entries.values() for entry in own.values()}
    for ids in chunks(sorted(wanted.union(keys.values()) - heads.keys())):
        for row in connection.execute(_HEADS_BY_ID, {"ids": ids}):
            heads[row.id] = Head(*row[1:])
    hosts = _hosts(connection, heads.values(), {feed.id for feed, _ in work})
    known = {}
    for feed, result in work:
        own = entries.get(feed.id, {})
        mine = {entry.article_id for entry in own.values()}
        own_keys = (key for item in result.items for key in item.article.keys)
        mine.update(keys[key] for key in own_keys if key in keys)
        known[feed.id] = Known(own, keys, {number: heads[number] for number in mine}, hosts)
    return known


def _hosts(connection: Connection, heads: Iterable[Head], polled: set[int]) -> dict[int, str]:
    """The hosts of the feeds that gave these articles first; none if those polled here did."""
    feeds = sorted({head.feed_id for head in heads})
    if polled.issuperset(feeds) and len(polled) == 1:
        return {}
    return {
        row[0]: row[1]
        for ids in chunks(feeds)
        for row in connection.execute(_FEED_HOSTS, {"ids": ids})
    }


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
    mine = [item for _, item, _ in new if item.article.url_key not in lost]
    store_findings(connection, ((ids[item.article.url_key], item) for item in mine))
    search_index.mark(connection, (ids[item.article.url_key] for item in mine))
    return _Stored(ids, lost)


def store_findings(connection: Connection, found: Iterable[tuple[int, Item | Rejudged]]) -> None:
    """Give these stored articles their reasons and bands; they have none."""
    matches: list[dict[str, object]] = []
    close: dict[int, Sequence[int]] = {}
    for number, item in found:
        matches += match_values(number, item.verdict.matches)
        close[number] = item.fingerprint.bands
    insert_new(connection, MATCH, matches)
    bands.save(connection, close)


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


def _further_dates(
    polls: Sequence[_Poll], stored: _Stored
) -> Iterator[tuple[int, datetime | None]]:
    """The dates of entries that led to an article which another entry had brought."""
    for poll in polls:
        own = {id(i) for i in poll.plan.new if i.article.url_key not in stored.lost}
        for item, target in poll.plan.entries:
            if id(item) not in own:
                yield stored.id(target), item.article.published


def _store_addresses(connection: Connection, polls: Sequence[_Poll], stored: _Stored) -> None:
    found: list[Further] = []
    for poll in polls:
        found += poll.plan.addresses
        found += (
            link_of(item, item.article.url_key)
            for item in poll.plan.new
            if stored.lost.get(item.article.url_key, item.article.url) != item.article.url
        )
    rows = [
        {
            "article_id": stored.id(one.target),
            "printed_key": printed_key(one.url),
            "url": storable(one.url),
            "url_key": one.key,
        }
        for one in found
    ]
    rows.sort(key=lambda row: (row["article_id"], row["printed_key"]))
    insert_new(connection, ADDRESS, rows)


# ---------------------------------------------------------------- what changed


def _store_changes(connection: Connection, polls: Sequence[_Poll]) -> dict[int, int]:
    """Replace what feeds changed, and keep what they said before; facts changed, by feed."""
    found = revising.changes(
        connection,
        ((poll.feed.id, poll.result.at, one) for poll in polls for one in poll.plan.changed),
    )
    if found.items:
        drop_findings(connection, [number for number, _ in found.items])
        connection.execute(revising.REPLACE, found.values)
        store_findings(connection, found.items)
        search_index.mark(connection, (number for number, _ in found.items))
    found.note(connection)
    for poll in polls:
        back = (head.id for head in poll.plan.back)
        revising.bring_back(connection, back, poll.result.at, LISTED_AGAIN)
    return found.facts


def drop_findings(connection: Connection, articles: Sequence[int]) -> None:
    """Delete the reasons and bands of these articles; before their rows are changed."""
    for ids in chunks(articles):
        connection.execute(_NO_MATCHES, {"ids": ids})
    bands.drop(connection, articles)
