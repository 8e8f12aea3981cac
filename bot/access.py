"""Who may give orders. Pure: a decision with its reason from what Telegram says of a message.

Only numeric ids count: names change hands. Edited and forwarded messages, and those written
as a group or channel (anonymous admins), have no rights whoever wrote them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Said:
    """What matters of a message."""

    user_id: int | None
    edited: bool = False
    forwarded: bool = False
    on_behalf: bool = False  # sender_chat is set: an anonymous admin or a channel


def refusal(said: Said, admins: Collection[int]) -> str | None:
    """Why an order is not followed, or None if it is."""
    if said.user_id is None or said.on_behalf:
        return "Orders count only under your own account, not as an anonymous admin."
    if said.edited or said.forwarded:
        return "Edited and forwarded messages are not followed. Send the command anew."
    if said.user_id not in admins:
        return "This command is for admins of this bot."
    return None
