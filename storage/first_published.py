"""When an article first came out: the earliest time that it or one of its copies was given.

That is kept apart from who was seen first, which `duplicate_of` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, or_, select, update

from storage.columns import UtcTime
from storage.engine import chunks
from storage.tables import ARTICLE

# Built once: building a statement costs more than SQLite needs to run it.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_DATED = bindparam("dated", type_=UtcTime())
_LOWER = (
    update(ARTICLE)
    .where(
        ARTICLE.c.id == bindparam("article"),
        or_(ARTICLE.c.first_published.is_(None), ARTICLE.c.first_published > _DATED),
    )
    .values(first_published=_DATED)
)
_FIRSTS = select(ARTICLE.c.id, ARTICLE.c.first_published, ARTICLE.c.published).where(
    ARTICLE.c.id.in_(_IDS)
)
_COPIES = (
    select(
        ARTICLE.c.duplicate_of, func.min(ARTICLE.c.first_published), func.min(ARTICLE.c.published)
    )
    .where(ARTICLE.c.duplicate_of.in_(_IDS))
    .group_by(ARTICLE.c.duplicate_of)
)


def earliest(*times: datetime | None) -> datetime | None:
    """The earliest of those that are known."""
    return min((time for time in times if time is not None), default=None)


def lower(connection: Connection, found: Iterable[tuple[int, datetime | None]]) -> None:
    """Articles that were given with these times, also at other addresses or by other feeds."""
    times: dict[int, datetime] = {}
    for number, time in found:
        if time is not None:
            times[number] = min(time, times.get(number, time))
    if times:
        # In order: two processes that change the same articles must not wait for each other.
        rows = [{"article": number, "dated": times[number]} for number in sorted(times)]
        connection.execute(_LOWER, rows)


def of_groups(connection: Connection, firsts: Iterable[int]) -> Mapping[int, datetime | None]:
    """By the first of the copies: the earliest time of them all; None if none was dated."""
    found: dict[int, datetime | None] = {}
    for ids in chunks(sorted(set(firsts))):
        for statement in (_FIRSTS, _COPIES):
            for number, first, published in connection.execute(statement, {"ids": ids}):
                found[number] = earliest(found.get(number), first, published)
    return found
