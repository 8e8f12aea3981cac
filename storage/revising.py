"""Articles that say something else now, that vanished, or are back: kept with what they said.

The rules, which both stores go by, are in :mod:`storage.revised`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, select, true, update

from storage.columns import UtcTime
from storage.engine import chunks, select_pairs
from storage.mapping import CONTENT_COLUMNS, content_values, dump, strings
from storage.planning import Candidate, Head, stays_settled
from storage.revised import (
    BACK,
    DELISTED,
    GONE,
    LEFT_FEED,
    MOST_EARLIER,
    REMOVED,
    RESTORED,
    Revised,
    Word,
    is_listed,
    may_vanish,
    revised,
    version_of,
)
from storage.tables import ARTICLE, ENTRY, FEED, REVISION
from watchers.model import Feed, Item
from watchers.updates import COSMETIC, FACTS, Version
from watchers.urls import host

# Built once: building a statement costs more than SQLite needs to run it.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_ENTRY = ("feed_id", "guid_key", "article_id")
_OLD = (
    select(
        ARTICLE.c.id,
        ARTICLE.c.title,
        ARTICLE.c.text,
        ARTICLE.c.language,
        ARTICLE.c.officials,
        ARTICLE.c.people,
        ARTICLE.c.watchlist,
        ARTICLE.c.is_full,
    )
    .where(ARTICLE.c.id.in_(_IDS))
    .order_by(ARTICLE.c.id)
    .with_for_update()
)
_EARLIER = (
    select(REVISION.c.article_id, REVISION.c.title, REVISION.c.text)
    .where(REVISION.c.article_id.in_(_IDS), REVISION.c.kind.in_((FACTS, COSMETIC)))
    .order_by(REVISION.c.id.desc())
)
_AT: BindParameter[Any] = bindparam("at", type_=UtcTime())
_DATED = bindparam("dated", type_=ARTICLE.c.published.type)
REPLACE = (
    update(ARTICLE)
    .where(ARTICLE.c.id == bindparam("article"))
    .values(
        **{name: bindparam(f"new_{name}") for name in CONTENT_COLUMNS},
        settled=bindparam("stays_settled"),
        published=func.coalesce(_DATED, ARTICLE.c.published),
        time=func.coalesce(_DATED, ARTICLE.c.time),
        first_published=func.coalesce(ARTICLE.c.first_published, _DATED),
        text_kept=true(),
        resettle=true(),
    )
)
"""Gives an article its new content (`Changes.values`)."""
_CHANGED = update(ARTICLE).where(ARTICLE.c.id == bindparam("article")).values(changed_at=_AT)
_GONE = (
    update(ARTICLE)
    .where(ARTICLE.c.id == bindparam("article"), ARTICLE.c.gone_at.is_(None))
    .values(gone_at=_AT)
)
_BACK = update(ARTICLE).where(ARTICLE.c.id == bindparam("article")).values(gone_at=None)
_VANISHING = (
    select(ARTICLE.c.id, ARTICLE.c.feed_id, FEED.c.host, ARTICLE.c.gone_at)
    .join(FEED, FEED.c.id == ARTICLE.c.feed_id)
    .where(ARTICLE.c.id.in_(_IDS))
    .order_by(ARTICLE.c.id)
)
# Reads all feeds: it is rare that something vanishes, and an index on hosts makes the look for
# due feeds dearer, which is not.
_SIBLINGS = select(FEED.c.id, FEED.c.marked_at).where(
    FEED.c.host == bindparam("host"), FEED.c.removed_at.is_(None), FEED.c.id != bindparam("feed")
)
_SEEN_BY = select(ENTRY.c.article_id, ENTRY.c.last_seen).where(
    ENTRY.c.feed_id == bindparam("feed"),
    ENTRY.c.guid_key.in_(bindparam("guids", expanding=True)),
)
_DELIST = (
    update(ENTRY)
    .where(ENTRY.c.feed_id == bindparam("feed"), ENTRY.c.guid_key == bindparam("guid"))
    .values(last_seen=_AT)
)


# ---------------------------------------------------------------- what changed


@dataclass(slots=True)
class Changes:
    """What polls change of stored articles, still to be written."""

    values: list[dict[str, object]] = field(default_factory=list)  # for REPLACE
    items: list[tuple[int, Item]] = field(default_factory=list)  # the articles with new content
    facts: dict[int, int] = field(default_factory=dict)  # how many articles' facts, by feed
    _changed: list[dict[str, object]] = field(default_factory=list)
    _revisions: list[dict[str, object]] = field(default_factory=list)

    def add(self, feed: int, at: datetime, one: Candidate, row: Any, found: Revised) -> None:
        """Take one article up; `row` is what it was."""
        values = _revision(row.id, at, found.kind, found.reason, found.fields)
        self._revisions.append({**values, "title": row.title, "text": row.text})
        if found.kind == FACTS:
            self.facts[feed] = self.facts.get(feed, 0) + 1
            self._changed.append({"article": row.id, "at": at})
        if found.replaces:
            self.items.append((row.id, one.item))
            self.values.append(_replacing(one.head, one.item))

    def note(self, connection: Connection) -> None:
        """Keep what the articles said before, and when their facts changed."""
        if self._changed:
            connection.execute(_CHANGED, self._changed)
        if self._revisions:
            connection.execute(REVISION.insert(), self._revisions)


def changes(
    connection: Connection, candidates: Iterable[tuple[int, datetime, Candidate]]
) -> Changes:
    """What these candidates, with the feed and the time of their polls, come to."""
    by_id = {one.head.id: (feed, at, one) for feed, at, one in candidates}
    found = Changes()
    if not by_id:
        return found
    further = [number for number, one in by_id.items() if one[2].word is Word.FURTHER]
    earlier = _earlier(connection, further)
    for ids in chunks(sorted(by_id)):
        for row in connection.execute(_OLD, {"ids": ids}):
            feed, at, one = by_id[row.id]
            old, new = _versions(row, one.item)
            change = revised(one.word, old, new, earlier.get(row.id, ()))
            if change is not None:
                found.add(feed, at, one, row, change)
    return found


def _versions(row: Any, item: Item) -> tuple[Version, Version]:
    same_list = row.watchlist == item.verdict.watchlist
    named = (*strings(row.officials), *strings(row.people)) if same_list else ()
    content = content_values(item)
    title, text = str(content["title"]), str(content["text"])
    return (
        Version(row.title, row.text, row.language, frozenset(named), row.is_full),
        version_of(item, title, text, knows_people=same_list),
    )


def _earlier(
    connection: Connection, articles: Sequence[int]
) -> Mapping[int, Sequence[tuple[str, str]]]:
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for ids in chunks(articles):
        for row in connection.execute(_EARLIER, {"ids": ids}):
            if row.text and len(found[row.article_id]) < MOST_EARLIER:
                found[row.article_id].append((row.title, row.text))
    return found


def _replacing(head: Head, item: Item) -> dict[str, object]:
    content = content_values(item)
    return {
        "article": head.id,
        "stays_settled": stays_settled(head, item),
        "dated": item.article.published,
        **{f"new_{name}": content[name] for name in CONTENT_COLUMNS},
    }


def _revision(
    article: int, at: datetime, kind: str, reason: str, fields: Sequence[str]
) -> dict[str, object]:
    return {
        "article_id": article,
        "at": at,
        "title": "",
        "text": "",
        "fields": dump(fields),
        "kind": kind,
        "reason": reason,
    }


# ---------------------------------------------------------------- what vanished


def bring_back(connection: Connection, articles: Iterable[int], at: datetime, reason: str) -> None:
    """These articles had vanished and are there again."""
    ids = sorted(set(articles))
    if ids:
        connection.execute(_BACK, [{"article": number} for number in ids])
        rows = [_revision(number, at, BACK, reason, RESTORED) for number in ids]
        connection.execute(REVISION.insert(), rows)


def vanish(
    connection: Connection, feed: Feed, guids: Sequence[bytes], seen: Sequence[bytes], at: datetime
) -> int:
    """Note what the feed took out of its listing, unless it is listed elsewhere; how much.

    `seen`: what the feed lists still, by guid keys.
    """
    leaving = _entries(connection, feed.id, guids)
    articles = sorted(set(leaving.values()))
    if not articles:
        return 0
    left = [{"feed": feed.id, "guid": guid, "at": at - DELISTED} for guid in sorted(leaving)]
    connection.execute(_DELIST, left)
    listed = set(_entries(connection, feed.id, seen).values())
    gone: list[int] = []
    for ids in chunks(articles):
        rows = connection.execute(_VANISHING, {"ids": ids}).all()
        here = (row for row in rows if row.gone_at is None and may_vanish(feed, row.host))
        gone += (row.id for row in here if row.id not in listed)
    listed = _listed_by_siblings(connection, feed, sorted(leaving)) if gone else set()
    return _note_gone(connection, [n for n in gone if n not in listed], at, LEFT_FEED)


def note_gone(connection: Connection, article: int, at: datetime, reason: str) -> int:
    """Note that an article's page is gone; 0 if that is known, or there is no such article."""
    here = select(ARTICLE.c.id).where(ARTICLE.c.id == article, ARTICLE.c.gone_at.is_(None))
    return _note_gone(connection, connection.execute(here).scalars().all(), at, reason)


def _note_gone(connection: Connection, articles: Sequence[int], at: datetime, reason: str) -> int:
    if articles:
        connection.execute(_GONE, [{"article": number, "at": at} for number in articles])
        rows = [_revision(number, at, GONE, reason, REMOVED) for number in articles]
        connection.execute(REVISION.insert(), rows)
    return len(articles)


def _entries(connection: Connection, feed: int, guids: Sequence[bytes]) -> dict[bytes, int]:
    """The articles of a feed's entries, by guid key."""
    found: dict[bytes, int] = {}
    for some in chunks([(feed, guid) for guid in guids]):
        for row in select_pairs(connection, ENTRY, ("feed_id", "guid_key"), _ENTRY, some):
            found[row[1]] = row[2]
    return found


def _listed_by_siblings(connection: Connection, feed: Feed, guids: Sequence[bytes]) -> set[int]:
    """The articles that other feeds of the same host list; they give them the same guids."""
    listed: set[int] = set()
    own = {"host": host(feed.url), "feed": feed.id}
    for sibling in connection.execute(_SIBLINGS, own).all():
        for some in chunks(guids):
            rows = connection.execute(_SEEN_BY, {"feed": sibling.id, "guids": some})
            listed.update(n for n, last in rows if is_listed(last, sibling.marked_at))
    return listed
