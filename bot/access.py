"""Who may give orders. Pure: a decision with its reason from what Telegram says of a message.

Only numeric ids count: names change hands. Edited and forwarded messages, and those written
as a group or channel (anonymous admins), have no rights whoever wrote them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ANONYMOUS = "Orders count only under your own account, not as an anonymous admin."
CHANGED = "Edited and forwarded messages are not followed. Send the command anew."
ADMINS_ONLY = "This command is for admins of this bot."
OWNERS_ONLY = "This command is for owners. /admins shows who they are."
REASONS = (ANONYMOUS, CHANGED, ADMINS_ONLY, OWNERS_ONLY)
"""Of the catalogues too (bot/locale)."""

_RANKS = {"everyone": 0, "editor": 1, "owner": 2}


@dataclass(frozen=True, slots=True)
class Said:
    """What matters of a message."""

    user_id: int | None
    edited: bool = False
    forwarded: bool = False
    on_behalf: bool = False  # sender_chat is set: an anonymous admin or a channel


def refusal(said: Said, roles: Mapping[int, str], needed: str = "editor") -> str | None:
    """Why an order is not followed, or None if it is; `roles` by user id, of admins only."""
    if said.user_id is None or said.on_behalf:
        return ANONYMOUS
    if said.edited or said.forwarded:
        return CHANGED
    role = roles.get(said.user_id, "everyone")
    if _RANKS.get(role, 0) >= _RANKS[needed]:
        return None
    if role == "everyone":
        return ADMINS_ONLY
    return OWNERS_ONLY
