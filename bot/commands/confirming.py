"""Confirm steps: what destroys is asked about first, with buttons that any admin may press."""

from __future__ import annotations

from dataclasses import dataclass

from bot.commands.orders import Button, Order, Reply

YES, NO = "yes", "no"
OLD = "This button is old. Give the command again."


@dataclass(frozen=True, slots=True)
class Pending:
    """What waits for a word: what is to be done, to which number."""

    what: str
    number: int = 0


def ask(order: Order, head: str, pending: Pending, text: str, label: str) -> Reply:
    """The question, with a button that does it and one that leaves it; nothing was done yet."""
    token = order.kept.keep(pending)
    buttons = (Button(label, f"{head}:{token}:{YES}"), Button("Cancel", f"{head}:{token}:{NO}"))
    return Reply(text, buttons, across=2)


def answered(order: Order, what: str) -> tuple[Pending | None, bool]:
    """What a press is about and whether it is to be done; (None, False) if the button is old.

    Either button uses both up: what another client still shows does nothing.
    """
    token, _, word = ":".join(order.data).partition(":")
    kept = order.kept.get(token)
    if not isinstance(kept, Pending) or kept.what != what or word not in (YES, NO):
        return None, False
    order.kept.drop(token)
    return kept, word == YES


def left() -> Reply:
    """Cancelled."""
    return Reply("Cancelled. Nothing was changed.", instead=True)


def old() -> Reply:
    """The button was used, outlived the process, or too many others came since."""
    return Reply(OLD, pops=True)
