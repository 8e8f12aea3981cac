"""There is always somebody who may grant rights: the rule that both stores keep. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from watchers.errors import AdminInvalid

OWNER = "owner"


def refuse_last_owner(owners: Iterable[int], user_id: int) -> None:
    """AdminInvalid if these are all owners and nobody else is one than whose rights are to go.

    Without an owner only the command line could grant rights, and nobody in a chat would be
    told so.
    """
    if set(owners) == {user_id}:
        msg = f"{user_id} is the last owner and stays one; make another owner first."
        raise AdminInvalid(msg)


def granted(before: str, role: str) -> str:
    """A grant for the audit log: "editor", or "editor -> owner" where there was a role."""
    return f"{before} -> {role}" if before and before != role else role
