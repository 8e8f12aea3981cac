"""What settling looks an article up by: its text, its bands, who leads before and after it.

Candidates of many articles are looked up together, each by index and no more than a few of a
text or a band, so that no article costs more because of what is stored.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    bindparam,
    collate,
    or_,
    select,
)

from storage.bands import DAYS, period_of
from storage.columns import UtcTime
from storage.engine import chunks, is_postgres
from storage.mapping import GROUPED_COLUMNS, grouped_of
from storage.planning import COPY_WINDOW, MOST_COPIES, MOST_OF_A_BAND, MOST_OF_A_TEXT
from storage.tables import ARTICLE, STORY
from watchers.groups import Place
from watchers.model import Grouped

# Built once: building a statement costs more than SQLite needs to run it.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_GROUPED: Select[Any] = select(
    *(ARTICLE.c[name] for name in GROUPED_COLUMNS), STORY.c.event
).select_from(ARTICLE.outerjoin(STORY, STORY.c.id == ARTICLE.c.story_id))
_BY_ID = _GROUPED.where(ARTICLE.c.id.in_(_IDS)).order_by(ARTICLE.c.id)
_LEAD = _GROUPED.where(ARTICLE.c.lead_at.is_not(None))
_LEADING_FIRSTS = _LEAD.where(ARTICLE.c.id.in_(_IDS))
_LEADING_COPIES = _LEAD.where(ARTICLE.c.duplicate_of.in_(_IDS), ARTICLE.c.duplicate_of.is_not(None))
_COPIED = select(ARTICLE.c.duplicate_of).where(ARTICLE.c.duplicate_of.in_(_IDS)).distinct()
# Distinct: one text may have been printed a thousand times.
_SETTLED_TEXTS = (
    select(ARTICLE.c.text_key)
    .where(ARTICLE.c.settled, ARTICLE.c.text_key.in_(bindparam("keys", expanding=True)))
    .distinct()
)

# Each database has its own way to take at most some rows for each of many keys; the other's
# would read them all. Their first column is the article asked about. "+": else SQLite makes an
# index of all settled articles for the occasion. Nearly the same text: not without a text.
_TEXTS_LITE = """
    WITH wanted (number, text_key) AS (VALUES {rows})
    SELECT wanted.number, article.id, article.time FROM wanted CROSS JOIN article
    WHERE article.id IN (
        SELECT other.id FROM article AS other
        WHERE other.text_key = wanted.text_key AND other.settled = 1
        ORDER BY other.id DESC LIMIT {most}
    )"""
_TEXTS_POST = """
    SELECT wanted.number, other.id, other.time
    FROM (VALUES {rows}) AS wanted (number, text_key) CROSS JOIN LATERAL (
        SELECT article.id, article.time FROM article
        WHERE article.text_key = wanted.text_key AND article.settled
        ORDER BY article.id DESC LIMIT {most}
    ) AS other"""
_BANDS_LITE = """
    WITH wanted (number, band, period) AS (VALUES {rows}), step (number) AS (VALUES {steps})
    SELECT wanted.number, article.id, article.time
    FROM wanted CROSS JOIN step CROSS JOIN article
    WHERE +article.settled = 1 AND +article.text_kept = 1 AND article.id IN (
        SELECT band.article_id FROM band
        WHERE band.period = wanted.period + step.number AND band.band = wanted.band
        ORDER BY band.article_id DESC LIMIT {most}
    )"""
_BANDS_POST = """
    SELECT wanted.number, article.id, article.time
    FROM (VALUES {rows}) AS wanted (number, band, period)
    CROSS JOIN (VALUES {steps}) AS step (number) CROSS JOIN LATERAL (
        SELECT band.article_id FROM band
        WHERE band.period = wanted.period + step.number AND band.band = wanted.band
        ORDER BY band.article_id DESC LIMIT {most}
    ) AS other
    JOIN article ON article.id = other.article_id
    WHERE article.settled AND article.text_kept"""
_SAME_TEXT = {
    "sqlite": ("(?, ?)", _TEXTS_LITE),
    "postgresql": ("(%s::integer, %s::bytea)", _TEXTS_POST),
}
_SAME_BAND = {
    "sqlite": ("(?, ?, ?)", _BANDS_LITE),
    "postgresql": ("(%s::integer, %s::bigint, %s::integer)", _BANDS_POST),
}
# The periods of storage.bands that may hold a copy, from the first on.
_STEPS = ", ".join(f"({number})" for number in range(2 * COPY_WINDOW.days // DAYS + 1))


def unsettled(connection: Connection, limit: int) -> tuple[Grouped, ...]:
    """Articles to be settled, by (published or first seen, canonical URL)."""
    found: dict[int, Grouped] = {}
    for waiting in ("new", "changed"):
        statement = _unsettled(_bytewise(connection), waiting)
        rows = connection.execute(statement, {"most": limit})
        found.update((row[0], grouped_of(row)) for row in rows)
    ordered = sorted(found.values(), key=lambda one: Place(one.time, one.canonical_url).key)
    return tuple(ordered[:limit])


def _bytewise(connection: Connection) -> str:
    """URLs are compared by their bytes, whatever the collation of the database.

    The same articles have to be grouped in the same order everywhere.
    """
    return "C" if is_postgres(connection) else "BINARY"


@cache
def _unsettled(collation: str, waiting: str) -> Select[Any]:
    """Those never settled, and those that changed: each by an index of its own."""
    url = collate(ARTICLE.c.canonical_url, collation)
    where = ~ARTICLE.c.settled if waiting == "new" else ARTICLE.c.resettle
    ordered = _GROUPED.where(where).order_by(ARTICLE.c.time, url)
    return ordered.limit(bindparam("most"))


def settled_texts(connection: Connection, keys: Collection[bytes]) -> frozenset[bytes]:
    """Those of these text_keys that some settled article has."""
    found: set[bytes] = set()
    for some in chunks(list(keys)):
        found.update(connection.execute(_SETTLED_TEXTS, {"keys": some}).scalars())
    return frozenset(found)


# ---------------------------------------------------------------- copies


def copies_of(
    connection: Connection, articles: Sequence[Grouped]
) -> Mapping[int, tuple[Grouped, ...]]:
    """By article, as :meth:`watchers.groups.GroupPort.copy_candidates_of` says.

    First only ids and times, then those rows whole that are needed, each once.
    """
    times: dict[int, datetime] = {}
    texts = [(article.id, article.fingerprint.text_key) for article in articles]
    same = _pairs(connection, _SAME_TEXT, texts, MOST_OF_A_TEXT, times)
    bands = [
        (article.id, band, period_of(article.time - COPY_WINDOW))
        for article in articles
        for band in article.fingerprint.bands
    ]
    close = _pairs(connection, _SAME_BAND, bands, MOST_OF_A_BAND, times)
    chosen = {article.id: _nearest(article, same, close, times) for article in articles}
    whole = load(connection, {number for own in chosen.values() for number in own})
    return {asked: tuple(whole[n] for n in own if n in whole) for asked, own in chosen.items()}


_Found = Mapping[int, Counter[int]]  # by article asked about: others, and how often they came


def _nearest(
    article: Grouped, same: _Found, close: _Found, times: Mapping[int, datetime]
) -> list[int]:
    texts, bands = same.get(article.id, Counter()), close.get(article.id, Counter())

    def apart(number: int) -> float:
        return abs((times[number] - article.time).total_seconds())

    within = [n for n in bands if n not in texts and apart(n) <= COPY_WINDOW.total_seconds()]
    within.sort(key=lambda number: (-bands[number], apart(number), number))
    found = [number for number in [*texts, *within] if number != article.id]
    return sorted(found[:MOST_COPIES])


def _pairs(
    connection: Connection,
    spelled: Mapping[str, tuple[str, str]],
    wanted: Sequence[tuple[object, ...]],
    most: int,
    times: dict[int, datetime],
) -> _Found:
    mark, statement = spelled[connection.dialect.name]
    of_database = UtcTime().result_processor(connection.dialect, None)
    found: dict[int, Counter[int]] = defaultdict(Counter)
    for some in chunks(wanted):
        asked = statement.format(rows=", ".join([mark] * len(some)), steps=_STEPS, most=most)
        values = tuple(value for row in some for value in row)
        for number, other, time in connection.exec_driver_sql(asked, values):
            found[number][other] += 1
            if other not in times:
                times[other] = of_database(time)
    return found


def copied(connection: Connection, articles: Collection[int]) -> frozenset[int]:
    """Those of these articles that have copies."""
    found: set[int] = set()
    for ids in chunks(sorted(articles)):
        found.update(connection.execute(_COPIED, {"ids": ids}).scalars())
    return frozenset(found)


def load(connection: Connection, ids: Collection[int]) -> dict[int, Grouped]:
    """These articles, by id."""
    found: dict[int, Grouped] = {}
    for some in chunks(sorted(ids)):
        found.update((row[0], grouped_of(row)) for row in connection.execute(_BY_ID, {"ids": some}))
    return found


# ---------------------------------------------------------------- who leads


def leading(connection: Connection, firsts: Collection[int]) -> Mapping[int, Grouped]:
    """By the first of the copies: the article that leads, if any does."""
    found: dict[int, Grouped] = {}
    for ids in chunks(sorted(firsts)):
        for statement in (_LEADING_FIRSTS, _LEADING_COPIES):
            for one in _whole(connection.execute(statement, {"ids": ids})):
                found[one.duplicate_of or one.id] = one
    return found


def _whole(rows: Iterable[Any]) -> list[Grouped]:
    return [grouped_of(row) for row in rows]


def relevant_copies(connection: Connection, first: int, limit: int) -> tuple[Grouped, ...]:
    """Settled relevant articles of a group of copies (the first too), in order."""
    values = {"first": first, "most": limit}
    rows = connection.execute(_relevant_copies(_bytewise(connection)), values)
    return tuple(_whole(rows))


@cache
def _relevant_copies(collation: str) -> Select[Any]:
    first: BindParameter[int] = bindparam("first")
    return (
        _GROUPED.where(
            or_(ARTICLE.c.id == first, ARTICLE.c.duplicate_of == first),
            ARTICLE.c.relevant,
            ARTICLE.c.settled,
        )
        .order_by(ARTICLE.c.time, collate(ARTICLE.c.canonical_url, collation))
        .limit(bindparam("most"))
    )


def leads_until(connection: Connection, place: Place, limit: int) -> tuple[Grouped, ...]:
    """The last leading articles up to a place, in order."""
    return tuple(reversed(_leads(connection, place, limit, "until")))


def leads_after(connection: Connection, place: Place, limit: int) -> tuple[Grouped, ...]:
    """The next leading articles after a place, in order."""
    return tuple(_leads(connection, place, limit, "after"))


def _leads(connection: Connection, place: Place, limit: int, side: str) -> list[Grouped]:
    values = {"at": place.time, "url": place.canonical_url, "most": limit}
    return _whole(connection.execute(_leads_on(_bytewise(connection), side), values))


@cache
def _leads_on(collation: str, side: str) -> Select[Any]:
    """Outwards by the index; the URLs decide only between articles of one time."""
    at, time = bindparam("at", type_=UtcTime()), ARTICLE.c.lead_at
    url: ColumnElement[str] = collate(ARTICLE.c.canonical_url, collation)
    own = collate(bindparam("url"), collation)
    if side == "until":
        where = (time <= at, or_(time < at, url <= own))
        order = (time.desc(), url.desc())
    else:
        where = (time >= at, or_(time > at, url > own))
        order = (time.asc(), url.asc())
    return _LEAD.where(*where).order_by(*order).limit(bindparam("most"))
