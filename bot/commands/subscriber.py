"""What everyone may ask. Nothing about those who ask is stored."""

from __future__ import annotations

from collections.abc import Mapping

ABOUT = (
    "Dadkhah watches public news feeds for coverage of Iran's 1988 prison massacre and of the "
    "officials named in connection with it, and posts digests to its channels. It attributes "
    "everything to its source, and calls nobody guilty whom no court has found so.\n"
    "It stores nothing about you."
)


def help_text(orders: Mapping[str, str]) -> str:
    """The answer to /start and /help; `orders` are an admin's commands, empty for others."""
    lines = [ABOUT, "", "/help - this text"]
    lines += [f"/{name} - {what}" for name, what in orders.items()]
    return "\n".join(lines)
