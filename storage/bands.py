"""The bands of articles that are kept close: where near copies are looked up.

A row has the period of its article's `time` (15 days) before the band's hash: hashes lie
anywhere in a tree, so that each of an article's bands would be written to another page of all
that was ever stored. Copies are only looked for within 30 days: five periods hold them all,
new rows go to the last part of the tree, and nothing older is touched again. Shorter periods
make writing a little cheaper and looking up dearer: 15 days cost least, both together.

An article's bands stand in its own row too, so that they are deleted by key and the table
needs no second index. That row has to be as it was when they are dropped: `drop` goes before
its update, `save` after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, select

from storage.engine import chunks, insert_new
from storage.mapping import unpack
from storage.tables import ARTICLE, BAND

DAYS = 15  # of a period; the migration that made the table counts alike

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_TIMES = select(ARTICLE.c.id, ARTICLE.c.time).where(ARTICLE.c.id.in_(_IDS))
_KEPT = select(ARTICLE.c.id, ARTICLE.c.time, ARTICLE.c.bands).where(
    ARTICLE.c.id.in_(_IDS), ARTICLE.c.bands != b""
)
_DROP = delete(BAND).where(
    BAND.c.period == bindparam("in_period"),
    BAND.c.band == bindparam("hash"),
    BAND.c.article_id == bindparam("article"),
)


def period_of(time: datetime) -> int:
    """The period of a UTC time: how many times 15 days have passed since year 1."""
    return time.toordinal() // DAYS


def save(connection: Connection, bands: Mapping[int, Sequence[int]]) -> None:
    """Add the bands of these stored articles, by id."""
    rows: list[dict[str, object]] = []
    for ids in chunks(sorted(number for number, own in bands.items() if own)):
        for number, time in connection.execute(_TIMES, {"ids": ids}):
            period = period_of(time)
            rows += (
                {"period": period, "band": band, "article_id": number} for band in bands[number]
            )
    insert_new(connection, BAND, rows)


def drop(connection: Connection, articles: Sequence[int]) -> None:
    """Delete the bands of these articles; before their rows are changed."""
    for ids in chunks(articles):
        rows = [
            {"in_period": period_of(time), "hash": band, "article": number}
            for number, time, kept in connection.execute(_KEPT, {"ids": ids})
            for band in unpack(kept, "q")
        ]
        if rows:
            connection.execute(_DROP, rows)
