"""The menus of commands that Telegram shows: by who looks, in their language. Pure.

Everyone sees what everyone may ask, in the language of their Telegram app; an admin sees in
the own chat with the bot what the role may. In groups and channels there is no menu.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.commands.orders import Command
from bot.i18n import LANGUAGES, catalogue

MOST = 100  # commands of a menu (Bot API, setMyCommands)
_LONGEST = 256  # characters of a description
FALLBACK = ""  # the menu of every language that has none of its own


@dataclass(frozen=True, slots=True)
class Menu:
    """One call of setMyCommands."""

    chat_id: int | None  # an admin's own chat; None: all private chats
    language: str  # two letters, or FALLBACK
    commands: tuple[tuple[str, str], ...]  # name, description; empty: no menu of its own


def menus(
    everyone: Mapping[str, Command], of_role: Mapping[str, Mapping[str, Command]],
    admins: Mapping[int, str], former: Iterable[int] = (),
) -> tuple[Menu, ...]:  # fmt: skip
    """All menus; `former` are admins no more, whose own menus go."""
    general = [
        Menu(None, "" if language == "en" else language, _entries(everyone, language))
        for language in LANGUAGES
    ]
    own = [Menu(user, FALLBACK, _entries(of_role[role], "en")) for user, role in admins.items()]
    gone = [Menu(user, FALLBACK, ()) for user in sorted(set(former) - set(admins))]
    return (*general, *own, *gone)


def _entries(commands: Mapping[str, Command], language: str) -> tuple[tuple[str, str], ...]:
    words = catalogue(language)
    entries = ((name, words.text(one.help)[:_LONGEST]) for name, one in commands.items())
    return tuple(entries)[:MOST]


def mark(all_menus: Iterable[Menu]) -> str:
    """What changes when any menu does: kept, so that they are set only then."""
    text = "\n".join(repr(menu) for menu in all_menus)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
