"""Write docs/rendered/settings.txt: what a reader sees of `/subscribe` and `/settings`.

    python -m tools.rendered_settings

In English and Persian, with the buttons below each page. Marks that turn a line's direction are
left out of the file, for editors show them in many ways.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from bot.app import Knowledge, Program
from bot.commands import preferences, subscription
from bot.commands.orders import Order, Reply
from bot.database import Database
from config.settings import Settings
from storage import MemoryStore

TARGET = Path(__file__).parent.parent / "docs" / "rendered" / "settings.txt"
_READER = 1
_PRESSED = (
    "mine:home", "mine:of", "mine:la", "mine:la:fa:1", "mine:ti", "mine:wd:5:0", "mine:zo",
    "mine:lg", "mine:home",
)  # fmt: skip
_LANGUAGES = {"en": "English", "fa": "Persian"}
_INVISIBLE = str.maketrans("", "", "\u200f\u2068\u2069\u2060")


def _shown(reply: Reply) -> str:
    """A message as text: its words, then a line for each row of buttons."""
    rows, left = [], list(reply.buttons)
    across = reply.across
    for many in across if isinstance(across, tuple) else [across] * len(left):
        row, left = left[:many], left[many:]
        if row:
            rows.append("  ".join(f"[ {button.label} ]" for button in row))
    return "\n".join([reply.text, "", *rows]).translate(_INVISIBLE)


async def pages(language: str) -> str:
    """All pages that somebody who subscribes in that language is shown, one after the other."""
    database = Database(MemoryStore())
    program = Program(
        Settings(),
        Knowledge(),
        database,
        fetcher=None,  # type: ignore[arg-type] # nothing is fetched or read here
        workers=None,  # type: ignore[arg-type]
    )
    order = Order((), _READER, chat_id=_READER, language=language)
    try:
        shown = [f"/subscribe\n\n{_shown(await subscription.subscribe(program, order))}"]
        for data in _PRESSED:
            reply = await preferences.pressed(program, replace(order, words=(data,)))
            shown.append(_shown(reply))
    finally:
        database.close()
    return ("\n\n" + "-" * 40 + "\n\n").join(shown)


def rendered() -> str:
    """The whole file."""
    parts = []
    for language, name in _LANGUAGES.items():
        parts.append(f"{name}\n{'=' * 40}\n\n{asyncio.run(pages(language))}\n")
    return "\n\n".join(parts)


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(rendered(), encoding="utf-8")
