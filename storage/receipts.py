"""What a receipt or a decision makes of a delivery or a channel: pure, shared by both stores."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal, cast, get_args

from storage.mapping import storable
from watchers.errors import ChannelExists, DeliverySettled, InputInvalid
from watchers.telling import Delivery, DeliveryState, SendOutcome, SendResult

Decision = Literal["arrived", "resend", "drop"]

CHANGEABLE = frozenset(
    {
        "chat", "timezone", "schedule", "weekdays", "language", "scope", "alerts",
        "tells_nothing_new", "needs_approval", "paused", "pause_reason",
    }
)  # fmt: skip
ABANDONED = "The process ended while this was being sent."
BETWEEN = timedelta(seconds=1)
"""Between two pages to one private chat: Telegram takes a message a second there."""
MOST_OURS = 100
"""Pages of ours between two others that are named as evidence."""
_BY_HAND = "An admin saw that it arrived."
OUT = (DeliveryState.SENDING, DeliveryState.UNCERTAIN)
"""What a receipt may still come of."""
OPEN = (DeliveryState.UNCERTAIN, DeliveryState.FAILED)
"""What an admin may decide on."""
SETTLED_MANY = "private"
"""The subject of the audit record of settling all pages of private chats."""
_STATES = {
    SendOutcome.SENT: DeliveryState.SENT,
    SendOutcome.FAILED: DeliveryState.FAILED,
    SendOutcome.UNCERTAIN: DeliveryState.UNCERTAIN,
}


def receipt(delivery: Delivery, result: SendResult, at: datetime) -> dict[str, object]:
    """The delivery's changed fields after an attempt. DeliverySettled.

    A receipt that comes late, when the page was given up as uncertain, still counts; not when
    another attempt has begun since, which it says nothing about: that one's page would be
    queued while it is on its way.
    """
    if result.attempt not in (None, delivery.attempts):
        msg = f"Delivery {delivery.id} was tried again since attempt {result.attempt}."
        raise DeliverySettled(msg)
    if delivery.state not in OUT:
        msg = f"Delivery {delivery.id} is {delivery.state.value}, not being sent."
        raise DeliverySettled(msg)
    state = _STATES.get(result.outcome, DeliveryState.QUEUED)
    if state is DeliveryState.QUEUED and not delivery.content.text:
        state = DeliveryState.DROPPED  # all of it was taken back while it was on its way
    changes: dict[str, object] = {"state": state.value, "error": storable(result.detail) or None}
    if state is DeliveryState.SENT:
        changes |= {"sent_at": at, "message_id": result.message_id, "error": None}
    elif result.outcome is SendOutcome.RETRY:
        changes["not_before"] = at + timedelta(seconds=result.wait)
    return changes


def decision_of(text: str) -> Decision:
    """The decision that somebody wrote. InputInvalid."""
    if text not in get_args(Decision):
        msg = f'{text!r} is no decision; write "arrived", "resend" or "drop".'
        raise InputInvalid(msg)
    return cast("Decision", text)


def decide(delivery: Delivery, decision: Decision, at: datetime) -> dict[str, object]:
    """The delivery's changed fields after an admin's decision. DeliverySettled."""
    if delivery.state not in OPEN:
        msg = f"Delivery {delivery.id} is {delivery.state.value}: there is nothing to decide."
        raise DeliverySettled(msg)
    if decision == "resend" and not delivery.content.text:
        decision = "drop"  # all of it was taken back
    changes = decide_many(decision, at)
    if "error" in changes:
        changes["error"] = delivery.error or changes["error"]
    return changes


def decide_many(decision: Decision, at: datetime) -> dict[str, object]:
    """The changed fields of any delivery after that decision; an error that it has stays."""
    if decision == "arrived":
        # Beside it: a sent page without a message id has to say why.
        return {"state": DeliveryState.SENT.value, "sent_at": at, "error": _BY_HAND}
    if decision == "resend":
        return {"state": DeliveryState.QUEUED.value, "not_before": None}
    return {"state": DeliveryState.DROPPED.value}


def taken(chat: str, *, private: bool) -> ChannelExists:
    """The error of a chat that is a channel already; it names no private one."""
    return ChannelExists("This chat is in use." if private else f"{chat} is a channel already.")


def lost(result: SendResult, *, private: bool) -> str:
    """Why a channel is paused whose chat moved to where it cannot be followed."""
    place = "another chat" if private else result.new_chat or "an unknown id"
    return f"The chat moved to {place}, which cannot be used. {result.detail}".strip()


def checked_changes(changes: Mapping[str, object]) -> dict[str, object]:
    """The changed fields as they are kept; ``ValueError`` for one that is none (a bug)."""
    if unknown := set(changes) - CHANGEABLE:
        msg = f"a channel's {', '.join(sorted(unknown))} cannot be changed"
        raise ValueError(msg)
    values = dict(changes)
    if "schedule" in values:
        values["schedule"] = tuple(values["schedule"])  # type: ignore[arg-type]
    if "weekdays" in values:
        values["weekdays"] = tuple(sorted(values["weekdays"]))  # type: ignore[call-overload]
    if values.get("paused") is False:
        values["pause_reason"] = None
    return values
