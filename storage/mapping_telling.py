"""Between rows and the nouns of telling: channels, pages, deliveries."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

from storage.mapping import dump, storable, strings
from storage.tables import CHANNEL
from watchers.scope import AlertRules, Scope
from watchers.telling import (
    Channel,
    ChannelSpec,
    Delivery,
    DeliveryState,
    Entity,
    Page,
    Placed,
)
from watchers.text import key


def channel_values(spec: ChannelSpec, at: datetime) -> dict[str, object]:
    """A new channel's row."""
    return {
        "chat": spec.chat,
        **stored_changes(
            {
                "schedule": spec.schedule,
                "weekdays": spec.weekdays,
                "scope": spec.scope,
                "alerts": AlertRules(),
            }
        ),
        "timezone": spec.timezone,
        "language": spec.language,
        "added_at": at,
        "paused": False,
        "tells_nothing_new": False,
        "needs_approval": False,
        "private": spec.private,
    }


def stored_changes(changes: Mapping[str, object]) -> dict[str, object]:
    """Changed fields of a channel as its columns keep them."""
    values = dict(changes)
    if isinstance(schedule := values.get("schedule"), tuple):
        values["schedule"] = dump(schedule)
    if isinstance(weekdays := values.get("weekdays"), tuple):
        values["weekdays"] = "".join(str(day) for day in sorted(weekdays))
    for name in ("scope", "alerts"):
        if isinstance(value := values.get(name), Scope | AlertRules):
            values[name] = _dumped(value)
    return values


def _dumped(value: Scope | AlertRules) -> str:
    """Only what differs from the default: a later version's defaults then count for all."""
    plain = type(value)()
    changed = {
        part.name: getattr(value, part.name)
        for part in fields(value)
        if getattr(value, part.name) != getattr(plain, part.name)
    }
    return json.dumps(changed, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


# Kept: thousands of subscribers have the same few settings, and are read at every slot.
@lru_cache(maxsize=4_096)
def _scope(text: str) -> Scope:
    return Scope(**_known(Scope, text))


@lru_cache(maxsize=4_096)
def _alerts(text: str) -> AlertRules:
    return AlertRules(**_known(AlertRules, text))


@lru_cache(maxsize=4_096)
def _schedule(text: str) -> tuple[str, ...]:
    return strings(text)


@lru_cache(maxsize=256)
def _weekdays(text: str) -> tuple[int, ...]:
    return tuple(int(day) for day in text)


_FIELDS = tuple(Channel.__dataclass_fields__)
_CHANNEL_VALUES = itemgetter(*(list(CHANNEL.c.keys()).index(name) for name in _FIELDS))
_READ: tuple[tuple[int, Callable[[str], object]], ...] = tuple(
    (_FIELDS.index(name), read)
    for name, read in (
        ("schedule", _schedule),
        ("weekdays", _weekdays),
        ("scope", _scope),
        ("alerts", _alerts),
    )
)


def _known(kind: type[Scope | AlertRules], text: str) -> dict[str, Any]:
    """A field that this version does not know is left out: going back a version must work."""
    names = {part.name for part in fields(kind)}
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in json.loads(text).items()
        if name in names
    }


def channel_of(row: Any) -> Channel:
    """A channel's row, of all columns of its table in their order, as the core knows it."""
    values = list(_CHANNEL_VALUES(row))
    for place, read in _READ:
        values[place] = read(values[place])
    return Channel(*values)


def content_values(page: Page) -> dict[str, object]:
    """A page as its row keeps it; pages that are alike have one key."""
    text = storable(page.text)
    entities = dump([part.type, part.offset, part.length, part.url] for part in page.entities)
    placed = dump(
        [storable(part.subject), part.offset, part.length, list(part.officials)]
        for part in page.placed
    )
    found = {"text": text, "entities": entities, "placed": placed}
    return {"key": key(text, entities, placed), **found}


def mentions(page: Page) -> tuple[str, ...]:
    """What a page tells of, as `storage.tables_telling.MentionRow` names it."""
    subjects = [storable(part.subject) for part in page.placed]
    officials = [f"official:{name}" for part in page.placed for name in part.officials]
    return tuple(dict.fromkeys((*subjects, *officials)))


def page_of(row: Any) -> Page:
    """A content row as the core knows it."""
    return Page(
        row.text,
        tuple(Entity(*parts) for parts in json.loads(row.entities)),
        tuple(
            Placed(subject, offset, length, tuple(officials))
            for subject, offset, length, officials in json.loads(row.placed)
        ),
    )


def delivery_of(row: Any) -> Delivery:
    """A delivery's row, joined with its content, as the core knows it."""
    return delivery_with(row, page_of(row))


def delivery_with(row: Any, content: Page) -> Delivery:
    """A delivery's row, its page read already, as the core knows it."""
    return Delivery(
        id=row.id,
        channel_id=row.channel_id,
        digest_id=row.digest_id,
        page=row.page,
        pages=row.pages,
        content=content,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        not_before=row.not_before,
        claimed_at=row.claimed_at,
        sent_at=row.sent_at,
        message_id=row.message_id,
        error=row.error,
        queued_at=getattr(row, "built_at", None),
    )
