"""Texts and records that are thrown away, and fingerprints that are computed anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    bindparam,
    delete,
    false,
    func,
    or_,
    select,
    update,
)

from storage import bands, search_index
from storage.columns import UtcTime
from storage.engine import chunks
from storage.mapping import pack
from storage.tables import ARTICLE, AUDIT, REVISION
from watchers.keeping import Outdated, Reprinted

# Built once: building a statement costs more than SQLite needs to run it.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_BEFORE = bindparam("before", type_=UtcTime())
_MOST: BindParameter[Any] = bindparam("most")
_LAST = select(func.max(ARTICLE.c.id))
_FIRST = (
    select(ARTICLE.c.id)
    .where(ARTICLE.c.first_seen >= bindparam("since", type_=UtcTime()))
    .order_by(ARTICLE.c.first_seen, ARTICLE.c.id)
    .limit(1)
)
_OUTDATED = (
    select(
        ARTICLE.c.id,
        ARTICLE.c.title,
        ARTICLE.c.text,
        or_(ARTICLE.c.tells, ARTICLE.c.suspicious),
        ARTICLE.c.text_key,
    )
    .where(
        ARTICLE.c.id > bindparam("after"),
        ARTICLE.c.id <= bindparam("until"),
        ARTICLE.c.fingerprint != bindparam("version"),
        ARTICLE.c.text_kept,
    )
    .order_by(ARTICLE.c.id)
)
_KEPT = (
    select(ARTICLE.c.id, ARTICLE.c.fingerprint, ARTICLE.c.text_key)
    .where(ARTICLE.c.id.in_(_IDS))
    .order_by(ARTICLE.c.id)
    .with_for_update()
)
_REPRINT = (
    update(ARTICLE)
    .where(ARTICLE.c.id == bindparam("article"))
    .values(
        fingerprint=bindparam("version"),
        text_key=bindparam("exact"),
        signature=bindparam("hashes"),
        bands=bindparam("packed"),
    )
)
_OLD_TEXTS = (
    select(ARTICLE.c.id)
    .where(ARTICLE.c.text_kept, ARTICLE.c.settled, ARTICLE.c.first_seen < _BEFORE)
    .order_by(ARTICLE.c.first_seen)
    .limit(_MOST)
)
_EMPTY = update(ARTICLE).where(ARTICLE.c.id.in_(_IDS)).values(text="", text_kept=false())
_EMPTY_REVISIONS = update(REVISION).where(REVISION.c.article_id.in_(_IDS)).values(title="", text="")
# By number: records are added in the order of time, and there is no index on it.
_OLD_RECORDS = select(AUDIT.c.id, AUDIT.c.at).order_by(AUDIT.c.id).limit(_MOST)
_DELETE_RECORDS = delete(AUDIT).where(AUDIT.c.id.in_(_IDS))


def outdated(
    connection: Connection, version: str, after: int, limit: int, since: datetime | None
) -> tuple[Sequence[Outdated], int | None]:
    """Articles with a fingerprint of another version, and where to go on."""
    last = connection.execute(_LAST).scalar() or 0
    if since is not None:
        first = connection.execute(_FIRST, {"since": since}).scalar()
        after = last if first is None else max(after, first - 1)
    until = after + limit
    values = {"after": after, "until": until, "version": version}
    found = [
        Outdated(number, title, text, bool(close), bytes(text_key))
        for number, title, text, close, text_key in connection.execute(_OUTDATED, values)
    ]
    return found, until if until < last else None


def save_fingerprints(connection: Connection, items: Sequence[Reprinted]) -> int:
    """Give these articles other fingerprints; how many."""
    by_id = {item.article_id: item for item in items}
    found: list[Reprinted] = []
    for ids in chunks(sorted(by_id)):
        for number, version, text_key in connection.execute(_KEPT, {"ids": ids}):
            item = by_id[number]
            if version != item.fingerprint.version and bytes(text_key) == item.text_key:
                found.append(item)
    if found:
        bands.drop(connection, [item.article_id for item in found])
        connection.execute(_REPRINT, [_values(item) for item in found])
        bands.save(connection, {item.article_id: item.fingerprint.bands for item in found})
    return len(found)


def _values(item: Reprinted) -> dict[str, object]:
    prints = item.fingerprint
    return {
        "article": item.article_id,
        "version": prints.version,
        "exact": prints.text_key,
        "hashes": pack(prints.signature, "Q"),
        "packed": pack(prints.bands, "q"),
    }


def forget_texts(connection: Connection, before: datetime, limit: int) -> int:
    """Empty the texts of up to so many articles first seen before then; how many."""
    found = connection.execute(_OLD_TEXTS, {"before": before, "most": limit}).scalars().all()
    for ids in chunks(found):
        connection.execute(_EMPTY_REVISIONS, {"ids": ids})
        connection.execute(_EMPTY, {"ids": ids})
    search_index.mark(connection, found)
    return len(found)


def forget_audit(connection: Connection, before: datetime, limit: int) -> int:
    """Delete up to so many of the oldest records, if they are older than that; how many."""
    old = [row.id for row in connection.execute(_OLD_RECORDS, {"most": limit}) if row.at < before]
    for ids in chunks(old):
        connection.execute(_DELETE_RECORDS, {"ids": ids})
    return len(old)
