"""Digests that wait for an admin, story by story."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from storage import posting
from storage.approving import (
    HELD,
    OPEN,
    SHOWN,
    asked,
    choice_record,
    chosen,
    chosen_text,
    closed,
    closing_record,
    extended,
    refuse_closed,
    unknown,
)
from storage.audits import note
from storage.engine import chunks, insert_new
from storage.mapping import storable
from storage.stories import followed
from storage.tables import APPROVAL, CHANNEL, DIGEST, TOLD
from watchers.approving import Approval
from watchers.errors import ChannelUnknown

_MAX_ID = 2**31 - 1
_ONE = select(APPROVAL)


def ask(
    connection: Connection, channel_id: int, slot: datetime, subjects: Sequence[str], at: datetime
) -> Approval | None:
    """Keep a digest's subjects and move the channel's last_slot. ChannelUnknown, PostingHeld.

    None if there are no subjects, or that slot was asked for, or told, already.
    """
    posting.refuse_held(connection)
    channel = connection.execute(
        select(CHANNEL.c.last_slot).where(CHANNEL.c.id == channel_id).with_for_update()
    ).one_or_none()
    if channel is None:
        msg = f"No channel has the number {channel_id}."
        raise ChannelUnknown(msg)
    same = select(APPROVAL.c.id).where(APPROVAL.c.channel_id == channel_id, APPROVAL.c.slot == slot)
    if asked(channel.last_slot, slot) or connection.execute(same).first() is not None:
        return None
    moved = update(CHANNEL).where(CHANNEL.c.id == channel_id)
    connection.execute(moved.values(last_slot=slot))
    names = [storable(subject) for subject in subjects]
    return _keep(connection, channel_id, slot, names, at) if names else None


def _keep(
    connection: Connection, channel_id: int, slot: datetime, subjects: Sequence[str], at: datetime
) -> Approval:
    """One approval more, or the channel's open one made longer: it is of the new slot then."""
    row = connection.execute(
        _ONE.where(APPROVAL.c.channel_id == channel_id, APPROVAL.c.state == OPEN).with_for_update()
    ).one_or_none()
    if row is not None:
        text = chosen_text(extended(chosen(row.chosen), subjects))
        own = update(APPROVAL).where(APPROVAL.c.id == row.id)
        connection.execute(own.values(chosen=text, slot=slot, at=at))
        return find(connection, row.id)
    values = {
        "channel_id": channel_id,
        "slot": slot,
        "at": at,
        "state": OPEN,
        "chosen": chosen_text(extended({}, subjects)),
    }
    made = APPROVAL.insert().values(values).returning(APPROVAL.c.id)
    return find(connection, connection.execute(made).scalar_one())


def listed(connection: Connection, *, open_only: bool) -> tuple[Approval, ...]:
    """Newest first; at most 100."""
    statement = _ONE.order_by(APPROVAL.c.id.desc()).limit(SHOWN)
    if open_only:
        statement = statement.where(APPROVAL.c.state == OPEN)
    return tuple(_approval_of(row) for row in connection.execute(statement))


def find(connection: Connection, approval_id: int) -> Approval:
    """One of them. ApprovalUnknown."""
    return _approval_of(_row(connection, approval_id))


def _row(connection: Connection, approval_id: int, *, lock: bool = False) -> Any:
    row = None
    if 0 < approval_id <= _MAX_ID:
        statement = _ONE.where(APPROVAL.c.id == approval_id)
        statement = statement.with_for_update() if lock else statement
        row = connection.execute(statement).one_or_none()
    if row is None:
        raise unknown(approval_id)
    return row


def _approval_of(row: Any) -> Approval:
    return Approval(row.id, row.channel_id, row.slot, row.at, row.state, chosen(row.chosen))


def _open(connection: Connection, approval_id: int) -> tuple[Approval, Any]:
    """An open one, locked, with its channel. ApprovalUnknown, ApprovalClosed."""
    own = CHANNEL.c.id == _row(connection, approval_id).channel_id
    channel = select(CHANNEL.c.chat, CHANNEL.c.private).where(own).with_for_update()
    found = connection.execute(channel).one()  # locked first, as by `ask`
    approval = _approval_of(_row(connection, approval_id, lock=True))
    refuse_closed(approval)
    return approval, found


def _shown(approval: Approval, channel: Any) -> str:
    """The channel as the audit log names it."""
    return f"channel {approval.channel_id}" if channel.private else str(channel.chat)


def choose(
    connection: Connection,
    approval_id: int,
    subjects: Sequence[str],
    at: datetime,
    actor: str,
    *,
    keep: bool,
) -> Approval:
    """Let subjects through, or not. ApprovalUnknown, ApprovalClosed."""
    approval, channel = _open(connection, approval_id)
    known = [name for name in map(storable, subjects) if name in approval.chosen]
    if not known:
        return approval
    decided = {**approval.chosen, **dict.fromkeys(known, keep)}
    own = update(APPROVAL).where(APPROVAL.c.id == approval_id)
    connection.execute(own.values(chosen=chosen_text(decided)))
    note(connection, choice_record(_shown(approval, channel), known, at, actor, keep=keep))
    return find(connection, approval_id)


def close(
    connection: Connection, approval_id: int, at: datetime, actor: str, *, posted: bool
) -> Approval:
    """The digest is to be posted, or dropped. ApprovalUnknown, ApprovalClosed."""
    approval, channel = _open(connection, approval_id)
    state, held = closed(approval, posted=posted)
    connection.execute(update(APPROVAL).where(APPROVAL.c.id == approval_id).values(state=state))
    if held:
        whose, slot = approval.channel_id, approval.slot
        count_as_told(connection, whose, slot, held, at, private=channel.private)
    chat = _shown(approval, channel)
    note(connection, closing_record(chat, approval, held, at, actor, posted=posted))
    return find(connection, approval_id)


def count_as_told(
    connection: Connection,
    channel_id: int,
    slot: datetime,
    held: Sequence[str],
    at: datetime,
    *,
    private: bool,
) -> int:
    """Count these as told, for ever: by a digest without pages, which told them again too.

    The digest's number.
    """
    held = sorted({*held, *followed(connection, held).values()})  # merged since it was asked
    own = TOLD.c.channel_id == channel_id
    told: set[str] = set()
    for some in chunks(held):
        told |= set(
            connection.execute(
                select(TOLD.c.subject).where(own, TOLD.c.subject.in_(some))
            ).scalars()
        )
    new = [subject for subject in held if subject not in told]
    values = {
        "channel_id": channel_id,
        "slot": slot,
        "built_at": at,
        "since": slot,
        "kind": HELD,
        "private": private,
    }
    made = DIGEST.insert().values(values).returning(DIGEST.c.id)
    digest_id: int = connection.execute(made).scalar_one()
    by = {"channel_id": channel_id, "digest_id": digest_id, "again": digest_id}
    insert_new(connection, TOLD, [{**by, "subject": subject} for subject in new])
    for some in chunks([subject for subject in held if subject in told]):
        once = update(TOLD).where(own, TOLD.c.subject.in_(some), TOLD.c.again.is_(None))
        connection.execute(once.values(again=digest_id))
    return digest_id
