"""Stories taken back that channels are still to be told of."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, exists, func, select

from storage.engine import chunks
from storage.mapping import storable
from storage.subjects import told_names
from storage.tables import CHANNEL, CONTENT, DELIVERY, DIGEST, MENTION, TOLD, WITHDRAWAL
from storage.taking_back import OUT, Taking, latest_times
from watchers.telling import DigestKind, Withdrawal

_NAMES: BindParameter[Any] = bindparam("names", expanding=True)
_IS_OUT = DELIVERY.c.state.in_([state.value for state in OUT])
_BY_PAGES = (
    select(MENTION.c.name, DELIVERY.c.channel_id, func.max(DIGEST.c.built_at).label("told_at"))
    .select_from(MENTION)
    .join(DELIVERY, DELIVERY.c.content_id == MENTION.c.content_id)
    .join(DIGEST, DIGEST.c.id == DELIVERY.c.digest_id)
    .where(MENTION.c.name.in_(_NAMES), _IS_OUT)
    .group_by(MENTION.c.name, DELIVERY.c.channel_id)
)
# Of pages of earlier versions it was not kept what they tell; there were no private chats then.
_BY_OLD_PAGES = (
    select(TOLD.c.subject, TOLD.c.channel_id, DIGEST.c.built_at)
    .join(DIGEST, DIGEST.c.id == TOLD.c.digest_id)
    .join(CHANNEL, CHANNEL.c.id == TOLD.c.channel_id)
    .where(
        ~CHANNEL.c.private,
        TOLD.c.subject.in_(_NAMES),
        DIGEST.c.kind == DigestKind.DIGEST.value,
        exists()
        .select_from(DELIVERY.join(CONTENT, CONTENT.c.id == DELIVERY.c.content_id))
        .where(
            DELIVERY.c.digest_id == DIGEST.c.id,
            _IS_OUT,
            CONTENT.c.placed == "[]",
            CONTENT.c.text != "",
        ),
        ~exists()
        .select_from(DELIVERY.join(MENTION, MENTION.c.content_id == DELIVERY.c.content_id))
        .where(DELIVERY.c.digest_id == DIGEST.c.id),
    )
)
_EARLIER = select(
    WITHDRAWAL.c.id, WITHDRAWAL.c.channel_id, WITHDRAWAL.c.subject, WITHDRAWAL.c.digest_id
).where(
    WITHDRAWAL.c.channel_id.in_(bindparam("channels", expanding=True)),
    WITHDRAWAL.c.subject.in_(bindparam("subjects", expanding=True)),
)
_FORGET = delete(WITHDRAWAL).where(WITHDRAWAL.c.id.in_(bindparam("ids", expanding=True)))
_OF_CHANNEL = (
    select(WITHDRAWAL)
    .where(WITHDRAWAL.c.channel_id == bindparam("channel"), WITHDRAWAL.c.digest_id.is_(None))
    .order_by(WITHDRAWAL.c.id)
)


def waiting(connection: Connection, channel_id: int) -> tuple[Withdrawal, ...]:
    """What the channel is to be told of, oldest first."""
    return tuple(
        Withdrawal(row.id, row.channel_id, row.subject, row.at, row.told_at, row.what, row.note)
        for row in connection.execute(_OF_CHANNEL, {"channel": channel_id})
    )


def announce(connection: Connection, taking: Taking) -> None:
    """Have each channel that saw, or may have seen, one of the subjects be told so.

    To be called before the pages are changed. What was not told yet of the same subject is
    replaced.
    """
    names = told_names(connection, taking.subjects)
    told = latest_times(_by_pages(connection, names))
    old = latest_times(_by_old_pages(connection, names))
    pending, said = _earlier(connection, (told | old).keys())
    told = {pair: at for pair, at in old.items() if pair not in said} | told
    for some in chunks(sorted(pending)):
        connection.execute(_FORGET, {"ids": some})
    rows = [
        {
            "channel_id": channel,
            "subject": subject,
            "at": taking.at,
            "told_at": told_at,
            "what": taking.what,
            "note": storable(taking.note),
        }
        for (channel, subject), told_at in sorted(told.items())
    ]
    if rows:
        connection.execute(WITHDRAWAL.insert(), rows)


_Told = Iterable[tuple[int, str, datetime]]


def _by_pages(connection: Connection, names: dict[str, str]) -> _Told:
    for some in chunks(sorted(names)):
        for row in connection.execute(_BY_PAGES, {"names": some}):
            yield row.channel_id, names[row.name], row.told_at


def _by_old_pages(connection: Connection, names: dict[str, str]) -> _Told:
    for some in chunks(sorted(names)):
        for row in connection.execute(_BY_OLD_PAGES, {"names": some}):
            yield row.channel_id, names[row.subject], row.built_at


def _earlier(
    connection: Connection, pairs: Collection[tuple[int, str]]
) -> tuple[list[int], set[tuple[int, str]]]:
    """What was taken back before: the ids of what is not told yet, and the pairs that are."""
    pending: list[int] = []
    said: set[tuple[int, str]] = set()
    subjects = sorted({subject for _, subject in pairs})
    for channels in chunks(sorted({channel for channel, _ in pairs})):
        for some in chunks(subjects):
            asked = {"channels": channels, "subjects": some}
            for row in connection.execute(_EARLIER, asked):
                pair = (row.channel_id, row.subject)
                if pair in pairs and row.digest_id is None:
                    pending.append(row.id)
                elif pair in pairs:
                    said.add(pair)
    return pending, said
