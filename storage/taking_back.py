"""What taking back makes of a page, and what is told of it: pure, shared by both stores."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.notices import Telling
from watchers.correcting import Correction, CorrectionState
from watchers.telling import (
    AuditRecord,
    DeliveryState,
    Page,
    SendOutcome,
    SendResult,
)

WAITING = "waiting"  # a correction whose message has no known id yet
GONE = Page("")
"""What is kept of a page whose message is to go."""

MOST_POSTED = 20_000  # pages that one question gives
OUT = (DeliveryState.SENT, DeliveryState.SENDING, DeliveryState.UNCERTAIN)
"""Pages that readers saw, or may have seen."""

_CHANGES = ("removed", "corrected")
_FIRST_WAIT = timedelta(seconds=10)
_LONGEST_WAIT = timedelta(hours=1)
_DOUBLINGS = 9  # 10 s doubled so often is more than an hour
_SHOWN = 20  # things that a record or a notice lists
_MOST = 500  # characters of what somebody else wrote


@dataclass(frozen=True, slots=True)
class Taking:
    """What an admin takes back, and how."""

    subjects: tuple[str, ...]
    what: str  # "removed" or "corrected"
    note: str
    at: datetime
    actor: str

    def __post_init__(self) -> None:
        """``ValueError`` for a change that there is none of (a bug)."""
        if self.what not in _CHANGES:
            msg = f"{self.what!r} is no way to take a story back"
            raise ValueError(msg)

    @property
    def is_removal(self) -> bool:
        """Whether the subjects are told no more."""
        return self.what == "removed"


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a delivery; what is None stays as it is."""

    drops: bool = False
    content: Page | None = None
    correction: str | None = None  # the state of the one that it gets
    unsure: bool = False  # admins have to look


def fate(state: DeliveryState, message_id: int | None, page: Page | None) -> Fate | None:
    """What becomes of a page that is to read otherwise, or (None) to go; None: nothing."""
    if state is DeliveryState.DROPPED:
        return None
    if state not in OUT:
        return Fate(drops=True) if page is None else Fate(content=page)
    left = GONE if page is None else page
    if state is not DeliveryState.SENT:  # its receipt may come yet, and name its message
        return Fate(content=left, correction=WAITING, unsure=True)
    if message_id is None:
        return Fate(content=left, unsure=True)
    return Fate(content=left, correction=CorrectionState.QUEUED.value)


@dataclass(frozen=True, slots=True)
class Place:
    """A page that admins are told about."""

    delivery_id: int
    chat: str
    private: bool


def unsure_notice(taking: Taking, places: Sequence[Place]) -> Telling:
    """Pages of which nobody knows whether, or as which message, they are out."""
    public = [f"{place.delivery_id} in {place.chat}" for place in places if not place.private]
    private = sum(place.private for place in places)
    listed = _listed([f"delivery {text}" for text in public])
    parts = [part for part in (listed, f"{private:,} in private chats" if private else "") if part]
    text = (
        f"What was taken back stands on pages of which it is not known whether, or as which "
        f"message, they are out: {', and '.join(parts)}. Those whose receipt still comes are put "
        "right by themselves. Look for the others, and edit or delete them by hand; /deliveries "
        "shows those that wait for a decision, and what is sent again reads as it should."
    )
    named = "\n".join(taking.subjects).encode("utf-8", "surrogatepass")
    key = hashlib.blake2b(named, digest_size=8).hexdigest()
    return Telling(f"withdraw:{taking.at.isoformat()}:{key}", "correction", text)


def audit_record(taking: Taking, messages: int, unsure: int) -> AuditRecord:
    """The record of taking back: what and how many, without any chat."""
    counted = f"{taking.what}; messages to change: {messages}"
    doubtful = f"; not known whether out: {unsure}" if unsure else ""
    note = f"; note: {taking.note[:_MOST]}" if taking.note else ""
    subject = _listed(taking.subjects)
    return AuditRecord(
        taking.at, taking.actor, "story.withdraw", subject, counted + doubtful + note
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else shown


# ---------------------------------------------------------------- attempts


def attempt(correction: Correction, result: SendResult, at: datetime) -> dict[str, object]:
    """The correction's changed fields after an attempt (a migration that can be followed)."""
    changes: dict[str, object] = {
        "state": CorrectionState.QUEUED.value,
        "attempts": correction.attempts + 1,
        "error": result.detail[:_MOST] or None,
    }
    match result.outcome:
        case SendOutcome.SENT:
            return {**changes, "state": CorrectionState.DONE.value, "error": None}
        case SendOutcome.RETRY:
            return {**changes, "not_before": at + timedelta(seconds=result.wait)}
        case SendOutcome.UNCERTAIN:
            return {**changes, "not_before": at + wait_after(correction.attempts)}
        case SendOutcome.MIGRATED:
            return changes
    return {**changes, "state": CorrectionState.FAILED.value}


def wait_after(attempts: int) -> timedelta:
    """How long after so many earlier attempts nobody knows: 10 seconds, doubled, to an hour."""
    return min(_LONGEST_WAIT, _FIRST_WAIT * (1 << min(attempts, _DOUBLINGS)))


def failed_notice(
    correction: Correction, why: str, *, taken_at: datetime, private: bool
) -> Telling:
    """Telegram will not have it: of private chats it is told once for all of one taking back."""
    if private:
        text = (
            "At least one private chat still shows what was taken back: Telegram refused the "
            "change there (the bot was blocked, or the message is gone). Nothing can be done; "
            "the next digest says so where it can be sent."
        )
        return Telling(f"correction:private:{taken_at.isoformat()}", "correction", text)
    order = "deleted" if correction.content is None else "changed"
    text = (
        f"Message {correction.message_id} in {correction.chat} tells what was taken back, and "
        f"could not be {order}: {why[:_MOST] or 'no reason was given'}. Do it by hand."
    )
    return Telling(f"correction:{correction.id}", "correction", text)


def latest_times(times: Iterable[tuple[int, str, datetime]]) -> dict[tuple[int, str], datetime]:
    """The latest time of each pair of a channel and a subject."""
    found: dict[tuple[int, str], datetime] = {}
    for channel, subject, at in times:
        found[channel, subject] = max(at, found.get((channel, subject), at))
    return found
