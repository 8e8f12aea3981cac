"""What a receipt or a decision makes of a delivery or a channel: pure, shared by both stores."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal, cast, get_args

from storage.mapping import storable
from watchers.errors import DeliverySettled, InputInvalid
from watchers.telling import Delivery, DeliveryState, SendOutcome, SendResult

Decision = Literal["arrived", "resend", "drop"]

CHANGEABLE = frozenset({"chat", "timezone", "schedule", "language", "paused", "pause_reason"})
ABANDONED = "The process ended while this was being sent."
_BY_HAND = "An admin saw that it arrived."
_OUT = (DeliveryState.SENDING, DeliveryState.UNCERTAIN)
_OPEN = (DeliveryState.UNCERTAIN, DeliveryState.FAILED)
_STATES = {
    SendOutcome.SENT: DeliveryState.SENT,
    SendOutcome.FAILED: DeliveryState.FAILED,
    SendOutcome.UNCERTAIN: DeliveryState.UNCERTAIN,
}


def receipt(delivery: Delivery, result: SendResult, at: datetime) -> dict[str, object]:
    """The delivery's changed fields after an attempt. DeliverySettled.

    A receipt that comes late, when the page was given up as uncertain, still counts.
    """
    if delivery.state not in _OUT:
        msg = f"Delivery {delivery.id} is {delivery.state.value}, not being sent."
        raise DeliverySettled(msg)
    state = _STATES.get(result.outcome, DeliveryState.QUEUED)
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
    if delivery.state not in _OPEN:
        msg = f"Delivery {delivery.id} is {delivery.state.value}: there is nothing to decide."
        raise DeliverySettled(msg)
    if decision == "arrived":
        # The error stays beside it: a sent page without a message id has to say why.
        error = delivery.error or _BY_HAND
        return {"state": DeliveryState.SENT.value, "sent_at": at, "error": error}
    if decision == "resend":
        return {"state": DeliveryState.QUEUED.value, "not_before": None}
    return {"state": DeliveryState.DROPPED.value}


def checked_changes(changes: Mapping[str, object]) -> dict[str, object]:
    """The changed fields as they are kept; ``ValueError`` for one that is none (a bug)."""
    if unknown := set(changes) - CHANGEABLE:
        msg = f"a channel's {', '.join(sorted(unknown))} cannot be changed"
        raise ValueError(msg)
    values = dict(changes)
    if "schedule" in values:
        values["schedule"] = tuple(values["schedule"])  # type: ignore[arg-type]
    if values.get("paused") is False:
        values["pause_reason"] = None
    return values
