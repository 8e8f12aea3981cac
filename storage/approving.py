"""What admins' choices make of a digest that waits for them: pure, shared by both stores."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from storage.mapping import dump
from watchers.approving import Approval
from watchers.errors import ApprovalClosed, ApprovalUnknown
from watchers.telling import (
    AuditRecord,
)

OPEN, POSTED, DROPPED = "open", "posted", "dropped"
HELD = "held"
"""The kind of a digest without pages: what it counts as told was not let through."""

SHOWN = 100
_LISTED = 20  # subjects in one audit record

Chosen = Mapping[str, bool | None]


def asked(last_slot: datetime | None, slot: datetime) -> bool:
    """Whether the channel has that slot behind it."""
    return last_slot is not None and last_slot >= slot


def chosen_text(choices: Chosen) -> str:
    """Choices as JSON, in reading order."""
    return dump([subject, keep] for subject, keep in choices.items())


def chosen(text: str) -> dict[str, bool | None]:
    """What :func:`chosen_text` wrote."""
    return dict(json.loads(text))


def extended(choices: Chosen, subjects: Sequence[str]) -> dict[str, bool | None]:
    """With these subjects at the end, undecided; those that are there keep place and decision."""
    return {**choices, **{name: None for name in subjects if name not in choices}}


def closed(approval: Approval, *, posted: bool) -> tuple[str, list[str]]:
    """The state after closing, and what counts as told though nobody was told."""
    if posted:
        return POSTED, [name for name, keep in approval.chosen.items() if keep is False]
    return DROPPED, list(approval.chosen)


def unknown(approval_id: int) -> ApprovalUnknown:
    """The error for this number."""
    return ApprovalUnknown(f"No digest with the number {approval_id} waits for approval.")


def refuse_closed(approval: Approval) -> None:
    """ApprovalClosed unless it is open."""
    if approval.state != OPEN:
        msg = f"Digest {approval.id} was {approval.state} already."
        raise ApprovalClosed(msg)


def choice_record(
    chat: str, subjects: Sequence[str], at: datetime, actor: str, *, keep: bool
) -> AuditRecord:
    """The record of letting subjects through, or not."""
    return AuditRecord(at, actor, f"digest.{'approve' if keep else 'hold'}", chat, _list(subjects))


def closing_record(
    chat: str, approval: Approval, held: Sequence[str], at: datetime, actor: str, *, posted: bool
) -> AuditRecord:
    """The record of posting what was let through, or dropping all."""
    through = sum(keep is True for keep in approval.chosen.values())
    counted = f"let through: {through}, held back: {len(held)}" if posted else _list(held)
    action = "digest.approve" if posted else "digest.drop"
    detail = f"digest {approval.id} {POSTED if posted else DROPPED}: {counted}"
    return AuditRecord(at, actor, action, chat, detail)


def _list(subjects: Sequence[str]) -> str:
    more = f" and {len(subjects) - _LISTED:,} more" if len(subjects) > _LISTED else ""
    return ", ".join(subjects[:_LISTED]) + more
