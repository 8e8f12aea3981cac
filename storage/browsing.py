"""What is stored, as readers look at it: the latest of what tells something."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BindParameter,
    Connection,
    Integer,
    Select,
    String,
    Subquery,
    any_,
    bindparam,
    cast,
    func,
    or_,
    select,
)

from storage.digests import TELLABLE
from storage.engine import chunks, is_postgres
from storage.mapping import storable, tellable_of
from storage.tables import ARTICLE, FEED
from watchers.telling import Tellable

MOST = 2_000  # articles of one answer
MOST_READ = 20_000  # rows looked through for it
MOST_TEXT = 5_000  # characters
MOST_WHOLE = 50  # whole texts of one answer
_MAX_ID = 2**31 - 1

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_DOWN = (  # the condition of the index article_tells, word for word
    select(ARTICLE.c.id, ARTICLE.c.officials, ARTICLE.c.language, ARTICLE.c.relevant)
    .where(ARTICLE.c.tells, ARTICLE.c.settled, ~ARTICLE.c.baseline)
    .order_by(ARTICLE.c.first_seen.desc(), ARTICLE.c.id.desc())
    .limit(MOST_READ)
)
_CHOSEN = select(*TELLABLE).join(FEED, FEED.c.id == ARTICLE.c.feed_id).where(ARTICLE.c.id.in_(_IDS))
_SETTLED = _CHOSEN.where(ARTICLE.c.settled)
# On PostgreSQL: its driver would take longer over a hundred marks than the server over the rows.
_AMONG = ARTICLE.c.id == any_(cast(bindparam("ids", type_=String), ARRAY(Integer)))
_CHOSEN_ARRAY = select(*TELLABLE).join(FEED, FEED.c.id == ARTICLE.c.feed_id).where(_AMONG)
_SETTLED_ARRAY = _CHOSEN_ARRAY.where(ARTICLE.c.settled)
_TEXTS = select(ARTICLE.c.id, func.substr(ARTICLE.c.text, 1, MOST_TEXT).label("text")).where(
    ARTICLE.c.id.in_(_IDS)
)

_WHOLE_TEXTS = select(ARTICLE.c.id, ARTICLE.c.text).where(ARTICLE.c.id.in_(_IDS))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which articles; what is empty, or None, asks for no less than all."""

    officials: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    relevant: bool | None = True

    def takes(self, officials: Sequence[str], language: str | None, *, relevant: bool) -> bool:
        """Whether an article is one of them."""
        return (
            (self.relevant is None or relevant is self.relevant)
            and (not self.languages or language in self.languages)
            and (not self.officials or not self.officials.isdisjoint(officials))
        )


def latest(
    connection: Connection, limit: int, wanted: Wanted, since: datetime | None
) -> tuple[Tellable, ...]:
    """Newest first seen first; among the 20,000 newest that tell something."""
    down = _DOWN if since is None else _DOWN.where(ARTICLE.c.first_seen >= since)
    chosen = _among(down.subquery("down"), wanted).limit(max(0, min(limit, MOST)))
    ids = connection.execute(chosen).scalars().all()
    found: list[Tellable] = []
    for some in chunks(ids):
        found += map(tellable_of, connection.execute(_CHOSEN, {"ids": some}))
    return tuple(sorted(found, key=lambda one: (one.first_seen, one.id), reverse=True))


def _among(down: Subquery, wanted: Wanted) -> Select[tuple[int]]:
    """Those that are wanted. Not sorted once more: so it is read no further than is needed."""
    chosen = select(down.c.id)
    if wanted.relevant is not None:
        chosen = chosen.where(down.c.relevant if wanted.relevant else ~down.c.relevant)
    if wanted.languages:
        chosen = chosen.where(down.c.language.in_(sorted(map(storable, wanted.languages))))
    if wanted.officials:
        quoted = [
            json.dumps(storable(name), ensure_ascii=False) for name in sorted(wanted.officials)
        ]
        named = [down.c.officials.contains(name, autoescape=True) for name in quoted]
        chosen = chosen.where(or_(*named))
    return chosen


def found(
    connection: Connection, article_ids: Sequence[int], *, settled: bool
) -> tuple[Tellable, ...]:
    """These articles in the order given; with `settled` only those that were grouped."""
    by_id: dict[int, Tellable] = {}
    statement = _SETTLED if settled else _CHOSEN
    postgres = is_postgres(connection)
    if postgres:
        statement = _SETTLED_ARRAY if settled else _CHOSEN_ARRAY
    for some in chunks(sorted({number for number in article_ids if 0 < number <= _MAX_ID})):
        ids = f"{{{','.join(map(str, some))}}}" if postgres else some
        rows = connection.execute(statement, {"ids": ids}).all()
        by_id.update({article.id: article for article in map(tellable_of, rows)})
    return tuple(by_id[number] for number in dict.fromkeys(article_ids) if number in by_id)


def whole_texts(connection: Connection, article_ids: Sequence[int]) -> dict[int, str]:
    """These articles' texts, by id; of 50 at most."""
    ids = sorted({number for number in article_ids if 0 < number <= _MAX_ID})[:MOST_WHOLE]
    return {row.id: row.text for row in connection.execute(_WHOLE_TEXTS, {"ids": ids})}


def texts(connection: Connection, article_ids: Sequence[int]) -> dict[int, str]:
    """The beginnings of these articles' texts, by id."""
    found: dict[int, str] = {}
    for some in chunks(sorted({number for number in article_ids if 0 < number <= _MAX_ID})):
        found.update({row.id: row.text for row in connection.execute(_TEXTS, {"ids": some})})
    return found
