"""Under which names a subject was told before: its story was merged, or began as an article."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, select

from storage.engine import chunks
from storage.mapping import storable
from storage.tables import ARTICLE, STORY

_SUBJECTS: BindParameter[Any] = bindparam("subjects", expanding=True)
_MERGED = select(STORY.c.id, STORY.c.merged_into).where(
    STORY.c.merged_into.is_not(None), STORY.c.merged_into.in_(_SUBJECTS)
)
_FIRSTS = (
    select(ARTICLE.c.story_id, func.coalesce(ARTICLE.c.duplicate_of, ARTICLE.c.id).label("first"))
    .where(ARTICLE.c.story_id.in_(_SUBJECTS))
    .distinct()
)


def merged_names(connection: Connection, subjects: Iterable[str]) -> dict[str, str]:
    """By name which of these subjects it is: their own, and those of stories merged into them."""
    names = {name: name for name in map(storable, subjects)}
    wanted = sorted(names)
    while wanted:
        found: dict[str, str] = {}
        for some in chunks(wanted):
            for row in connection.execute(_MERGED, {"subjects": some}):
                found.setdefault(row.id, names[row.merged_into])
        wanted = sorted(found.keys() - names.keys())
        names = {**found, **names}
    return names


def told_names(connection: Connection, subjects: Iterable[str]) -> dict[str, str]:
    """As :func:`merged_names`; with what their articles were told as before they had a story."""
    names = merged_names(connection, subjects)
    found: dict[str, str] = {}
    for some in chunks(sorted(names)):
        for row in connection.execute(_FIRSTS, {"subjects": some}):
            found.setdefault(f"article:{row.first}", names[row.story_id])
    return {**found, **names}
