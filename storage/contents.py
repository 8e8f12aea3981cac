"""Texts of pages, each kept once however many chats get it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, and_, bindparam, delete, exists, select

from storage.engine import chunks, insert_new, is_postgres
from storage.mapping_telling import content_values, mentions
from storage.tables import CONTENT, CORRECTION, DELIVERY, MENTION
from watchers.telling import Page

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
# Locked, so that nobody throws one away before the page that is to show it is queued.
_FOUND = (
    select(CONTENT.c.id, CONTENT.c.key)
    .where(CONTENT.c.key.in_(bindparam("keys", expanding=True)))
    .with_for_update(read=True, key_share=True)
)


def _unused(content: Any) -> Any:
    return and_(
        content.in_(_IDS),
        ~exists().where(DELIVERY.c.content_id == content),
        ~exists().where(CORRECTION.c.content_id == content),
    )


# In a statement of its own: what follows sees the pages of whoever we waited for.
_HELD = select(CONTENT.c.id).where(CONTENT.c.id.in_(_IDS)).order_by(CONTENT.c.id).with_for_update()
_DROP_MENTIONS = delete(MENTION).where(_unused(MENTION.c.content_id))
_DROP = delete(CONTENT).where(_unused(CONTENT.c.id))


def content_ids(connection: Connection, pages: Sequence[Page]) -> list[int]:
    """The ids of these pages' rows, made where there are none yet."""
    distinct = dict.fromkeys(pages)  # pages that thousands share are hashed once
    values = {page: content_values(page) for page in distinct}
    keys = {page: bytes(row["key"]) for page, row in values.items()}  # type: ignore[call-overload]
    found = _ids_of(connection, keys.values())
    new = {keys[page]: page for page in distinct if keys[page] not in found}
    if new:
        insert_new(connection, CONTENT, [values[page] for page in new.values()])
        found |= _ids_of(connection, new)
        rows = [
            {"name": name, "content_id": found[key]}
            for key, page in new.items()
            for name in mentions(page)
        ]
        insert_new(connection, MENTION, rows)
    return [found[keys[page]] for page in pages]


def _ids_of(connection: Connection, keys: Collection[bytes]) -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    for some in chunks(sorted(set(keys))):
        rows = connection.execute(_FOUND, {"keys": some})
        found.update({bytes(row.key): row.id for row in rows})
    return found


def drop_unused(connection: Connection, ids: Collection[int]) -> None:
    """Throw away those of these texts that no page and no correction shows any more."""
    for some in chunks(sorted(ids)):
        if is_postgres(connection):
            connection.execute(_HELD, {"ids": some})
        connection.execute(_DROP_MENTIONS, {"ids": some})
        connection.execute(_DROP, {"ids": some})
