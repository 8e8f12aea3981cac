"""Pages taken back: found, put right, and what comes of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, or_, select, update

from storage import ledger, posting
from storage.audits import note
from storage.contents import content_ids, drop_unused
from storage.engine import change, chunks, insert_new
from storage.mapping import storable
from storage.mapping_telling import content_values, delivery_with, page_of
from storage.next_pages import refresh
from storage.receipts import lost
from storage.standing import hold_telling
from storage.subjects import told_names
from storage.tables import CHANNEL, CONTENT, CORRECTION, DELIVERY, DIGEST, MENTION, MUTE
from storage.taking_back import (
    GONE,
    MOST_POSTED,
    WAITING,
    Fate,
    Place,
    Taking,
    attempt,
    audit_record,
    failed_notice,
    fate,
    unsure_notice,
)
from storage.withdrawals import announce
from watchers.correcting import Correction, CorrectionState, Posted
from watchers.telling import (
    AuditRecord,
    DeliveryState,
    Page,
    SendOutcome,
    SendResult,
)

_MAX_ID = 2**31 - 1
_QUEUED = CorrectionState.QUEUED.value
_POSTED = (
    select(DELIVERY, CHANNEL.c.chat, DIGEST.c.built_at)
    .join(CHANNEL, CHANNEL.c.id == DELIVERY.c.channel_id)
    .join(DIGEST, DIGEST.c.id == DELIVERY.c.digest_id)
    .where(
        DELIVERY.c.content_id.in_(
            select(MENTION.c.content_id).where(
                MENTION.c.name.in_(bindparam("names", expanding=True))
            )
        ),
        DELIVERY.c.state != DeliveryState.DROPPED.value,
    )
    .order_by(DELIVERY.c.id)
    .limit(MOST_POSTED)
)
_CONTENTS = select(CONTENT).where(CONTENT.c.id.in_(bindparam("ids", expanding=True)))
_IDS = DELIVERY.c.id.in_(bindparam("ids", expanding=True))
_CHANNELS = (  # in the order of claims: the channel first, then its deliveries
    select(CHANNEL.c.id)
    .where(CHANNEL.c.id.in_(select(DELIVERY.c.channel_id).where(_IDS)))
    .order_by(CHANNEL.c.id)
    .with_for_update()
)
_TAKEN = (
    select(
        DELIVERY.c.id,
        DELIVERY.c.channel_id,
        DELIVERY.c.state,
        DELIVERY.c.message_id,
        DELIVERY.c.private,
        DELIVERY.c.content_id,
        CHANNEL.c.chat,
    )
    .join(CHANNEL, CHANNEL.c.id == DELIVERY.c.channel_id)
    .where(_IDS)
    .order_by(DELIVERY.c.id)
    .with_for_update(of=DELIVERY)
)
_SHARE = update(DELIVERY).where(_IDS).values(content_id=bindparam("content"))
_SUPERSEDED = delete(CORRECTION).where(
    CORRECTION.c.delivery_id.in_(bindparam("ids", expanding=True)),
    CORRECTION.c.state.in_((_QUEUED, WAITING)),
)
_NOW = bindparam("now", type_=CORRECTION.c.not_before.type)
_FIRST = func.min(CORRECTION.c.id)
_FIRST_DUE = (
    select(_FIRST.label("first"))
    .join(CHANNEL, CHANNEL.c.id == CORRECTION.c.channel_id)
    .where(
        CORRECTION.c.state == _QUEUED,
        or_(CORRECTION.c.not_before.is_(None), CORRECTION.c.not_before <= _NOW),
        or_(CHANNEL.c.not_before.is_(None), CHANNEL.c.not_before <= _NOW),
    )
    .group_by(CORRECTION.c.channel_id, CHANNEL.c.private)
    .order_by(CHANNEL.c.private, _FIRST)
    .limit(bindparam("most"))
)
_WHOLE = (
    select(
        CORRECTION,
        CHANNEL.c.chat,
        DELIVERY.c.message_id,
        DELIVERY.c.private,
        CONTENT.c.text,
        CONTENT.c.entities,
        CONTENT.c.placed,
    )
    .join(CHANNEL, CHANNEL.c.id == CORRECTION.c.channel_id)
    .join(DELIVERY, DELIVERY.c.id == CORRECTION.c.delivery_id)
    .outerjoin(CONTENT, CONTENT.c.id == CORRECTION.c.content_id)
)
_DUE = _WHOLE.where(CORRECTION.c.id.in_(bindparam("ids", expanding=True))).order_by(CORRECTION.c.id)
_ITS_CHANNEL = (
    select(CHANNEL.c.id)
    .where(
        CHANNEL.c.id.in_(
            select(CORRECTION.c.channel_id).where(CORRECTION.c.id == bindparam("number"))
        )
    )
    .with_for_update()
)
_ONE = _WHOLE.where(CORRECTION.c.id == bindparam("number")).with_for_update(of=CORRECTION)
_DROP_GONE = (
    update(DELIVERY)
    .where(
        DELIVERY.c.private,
        DELIVERY.c.state.in_((DeliveryState.UNCERTAIN.value, DeliveryState.FAILED.value)),
        DELIVERY.c.content_id.in_(
            select(CONTENT.c.id).where(CONTENT.c.key == content_values(GONE)["key"])
        ),
    )
    .values(state=DeliveryState.DROPPED.value)
)
_RELEASE = (
    update(CORRECTION)
    .where(
        CORRECTION.c.delivery_id.in_(bindparam("ids", expanding=True)),
        CORRECTION.c.state == WAITING,
    )
    .values(state=_QUEUED)
)


# ---------------------------------------------------------------- what was posted


def posted(connection: Connection, subject: str, official: str) -> tuple[Posted, ...]:
    """The pages that tell a subject, under whatever name, or name an official; oldest first."""
    names = list(told_names(connection, [subject])) if subject else []
    if official:
        names.append(storable(f"official:{official}"))
    if not names:
        return ()
    found: dict[int, Any] = {}
    for some in chunks(names):
        found.update({row.id: row for row in connection.execute(_POSTED, {"names": some})})
    rows = [found[number] for number in sorted(found)][:MOST_POSTED]
    pages = _pages(connection, {row.content_id for row in rows})
    return tuple(
        Posted(delivery_with(row, pages[row.content_id]), row.chat, row.private, row.built_at)
        for row in rows
    )


def _pages(connection: Connection, ids: Collection[int]) -> dict[int, Page]:
    """Each content read once, however many chats got it."""
    pages: dict[int, Page] = {}
    for some in chunks(sorted(ids)):
        rows = connection.execute(_CONTENTS, {"ids": some})
        pages.update({row.id: page_of(row) for row in rows})
    return pages


# ---------------------------------------------------------------- taking back


def withdraw(connection: Connection, taking: Taking, changes: Mapping[int, Page | None]) -> int:
    """Take subjects back; how many messages are to be changed."""
    hold_telling(connection)
    rows = _taken(connection, changes)
    announce(connection, taking)  # first: it goes by what the pages tell
    fates = {
        row.id: found
        for row in rows
        if (found := fate(DeliveryState(row.state), row.message_id, changes[row.id]))
    }
    messages = _carry_out(connection, taking.at, rows, fates)
    dropped = {row.channel_id for row in rows if row.id in fates and fates[row.id].drops}
    refresh(connection, dropped)
    drop_unused(connection, {row.content_id for row in rows if row.id in fates})
    if taking.is_removal:
        _mute(connection, taking)
    places = [
        Place(row.id, row.chat, row.private)
        for row in rows
        if row.id in fates and fates[row.id].unsure
    ]
    if places:
        ledger.tell(connection, [unsure_notice(taking, places)], taking.at)
    record = audit_record(taking, messages, len(places))
    note(connection, record)
    return messages


def _taken(connection: Connection, ids: Iterable[int]) -> list[Any]:
    """The rows of these deliveries that are there, locked, after their channels."""
    known = sorted(number for number in ids if 0 < number <= _MAX_ID)
    for some in chunks(known):
        connection.execute(_CHANNELS, {"ids": some})
    return [row for some in chunks(known) for row in connection.execute(_TAKEN, {"ids": some})]


def _carry_out(
    connection: Connection, at: datetime, rows: Sequence[Any], fates: Mapping[int, Fate]
) -> int:
    contents = _content_numbers(connection, fates.values())
    corrections, dropped = [], []
    replaced: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        found = fates.get(row.id)
        if found is None:
            continue
        if found.content is None:
            dropped.append(row.id)
            continue
        content = contents[found.content]
        replaced[content].append(row.id)
        if found.correction:
            kept = content if found.content.text else None
            corrections.append(_correction_values(row, found.correction, kept, at))
    for some in chunks(sorted(fates)):
        connection.execute(_SUPERSEDED, {"ids": some})
    state = DeliveryState.DROPPED.value
    change(connection, DELIVERY, [{"state": state, "id": number} for number in dropped])
    _replace(connection, replaced)
    if corrections:
        connection.execute(CORRECTION.insert(), corrections)
    return sum(values["state"] == _QUEUED for values in corrections)


def _replace(connection: Connection, replaced: Mapping[int, Sequence[int]]) -> None:
    """Give the deliveries their contents: those that share one at once."""
    own = [
        {"content_id": content, "id": ids[0]} for content, ids in replaced.items() if len(ids) == 1
    ]
    change(connection, DELIVERY, own)
    for content, ids in replaced.items():
        for some in chunks(ids) if len(ids) > 1 else ():
            connection.execute(_SHARE, {"ids": some, "content": content})


def _content_numbers(connection: Connection, fates: Iterable[Fate]) -> dict[Page, int]:
    pages = list(dict.fromkeys(found.content for found in fates if found.content is not None))
    return dict(zip(pages, content_ids(connection, pages), strict=True))


def _correction_values(
    row: Any, state: str, content: int | None, at: datetime
) -> dict[str, object]:
    return {
        "channel_id": row.channel_id,
        "delivery_id": row.id,
        "content_id": content,
        "state": state,
        "attempts": 0,
        "at": at,
    }


def _mute(connection: Connection, taking: Taking) -> None:
    muted = [
        {"kind": "subject", "ref": storable(subject), "at": taking.at, "actor": taking.actor}
        for subject in taking.subjects
    ]
    insert_new(connection, MUTE, muted)


def release(connection: Connection, delivery_ids: Sequence[int]) -> None:
    """These pages' messages have ids now: what was to be changed in them can be."""
    for some in chunks(sorted(delivery_ids)):
        connection.execute(_RELEASE, {"ids": some})


def drop_gone(connection: Connection) -> int:
    """Drop what nobody knows of, or failed, in private chats, and is to go; how many."""
    return connection.execute(_DROP_GONE).rowcount


# ---------------------------------------------------------------- attempts


def due(connection: Connection, now: datetime, limit: int) -> tuple[Correction, ...]:
    """Queued ones whose time has come, the oldest of each chat, oldest first; none while posting
    is held after a restore: they might undo what was corrected later.
    """
    if posting.held(connection) is not None:
        return ()
    asked = {"now": now, "most": max(0, limit)}
    firsts = connection.execute(_FIRST_DUE, asked).scalars().all()
    rows = [row for some in chunks(firsts) for row in connection.execute(_DUE, {"ids": some})]
    return tuple(_correction_of(row) for row in rows)


def _correction_of(row: Any) -> Correction:
    return Correction(
        id=row.id,
        channel_id=row.channel_id,
        chat=row.chat,
        message_id=row.message_id,
        content=None if row.content_id is None else page_of(row),
        state=CorrectionState(row.state),
        attempts=row.attempts,
        not_before=row.not_before,
        error=row.error,
    )


def record(connection: Connection, correction_id: int, result: SendResult, at: datetime) -> None:
    """What came of an attempt; nothing for one that a later change replaced meanwhile."""
    if not 0 < correction_id <= _MAX_ID:
        return
    number = {"number": correction_id}
    connection.execute(_ITS_CHANNEL, number)  # in the order of locks that taking back has
    row = connection.execute(_ONE, number).one_or_none()
    if row is None or row.state != _QUEUED:
        return
    correction = _correction_of(row)
    if result.outcome is SendOutcome.MIGRATED:
        result = _follow(connection, correction, result, at, private=row.private)
    elif result.outcome is SendOutcome.RETRY:
        _rest(connection, row.channel_id, at + timedelta(seconds=result.wait))
    values = attempt(correction, result, at)
    values["error"] = values["error"] and storable(str(values["error"]))
    connection.execute(update(CORRECTION).where(CORRECTION.c.id == row.id).values(values))
    if values["state"] == CorrectionState.FAILED.value:
        why = failed_notice(correction, result.detail, taken_at=row.at, private=row.private)
        ledger.tell(connection, [why], at)


def _rest(connection: Connection, channel_id: int, until: datetime) -> None:
    """Telegram asks us to wait: posting to the chat waits as well."""
    sooner = or_(CHANNEL.c.not_before.is_(None), CHANNEL.c.not_before < until)
    resting = update(CHANNEL).where(CHANNEL.c.id == channel_id, sooner)
    connection.execute(resting.values(not_before=until))
    refresh(connection, [channel_id])


def _follow(
    connection: Connection,
    correction: Correction,
    result: SendResult,
    at: datetime,
    *,
    private: bool,
) -> SendResult:
    """Give the channel its new chat; FAILED if it cannot be followed."""
    chat = result.new_chat
    own = CHANNEL.c.id == correction.channel_id
    taken = select(CHANNEL.c.id).where(CHANNEL.c.chat == chat, ~own)
    if not chat or connection.execute(taken).first() is not None:
        return SendResult(SendOutcome.FAILED, lost(result, private=private))
    if chat != correction.chat:
        connection.execute(update(CHANNEL).where(own).values(chat=chat))
        if not private:
            note(connection, AuditRecord(at, "system", "channel.migrate", correction.chat, chat))
    return result
