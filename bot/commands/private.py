"""What the readers' commands share: their own row, their words, buttons that are refused kindly."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from bot.app import Program
from bot.commands.orders import Button, Order, Reply
from bot.i18n import Catalogue, catalogue
from bot.sheets import Sheet, laid
from watchers.telling import Channel

SUBSCRIBER = "subscriber"  # who acts, for the store: never a number
BUTTON = 40  # characters of a button's label


def words_of(order: Order) -> Catalogue:
    """The words in the language of whoever asks."""
    return catalogue(order.language)


def is_own(order: Order) -> bool:
    """Whether this is the private chat of whoever asks: there nobody else looks on."""
    return order.private and order.chat_id == order.user_id


def elsewhere(order: Order) -> Reply:
    """What is personal is not talked about in groups, nor by pressing somebody else's buttons."""
    words = words_of(order)
    said = words.text("This is personal. Write to me in a private chat and ask there.")
    return Reply(laid(said, words), pops=True)


def old(order: Order, command: str) -> Reply:
    """A button that means nothing any more."""
    words = words_of(order)
    said = words.text("This button is old and did nothing. Send %(command)s again.")
    return Reply(laid(said % {"command": command}, words), pops=True)


async def own_row(program: Program, order: Order) -> Channel | None:
    """The subscription of whoever asks; None without one. StoreError."""
    return await program.database(lambda store: store.subscriber(order.user_id))


def short_key(name: str) -> str:
    """A name in few letters, for the data of a button: 64 bytes are not enough for any id."""
    return hashlib.blake2b(name.encode(), digest_size=6).hexdigest()


def number_in(data: Sequence[str], place: int) -> int:
    """A small number in the data of a button; 0 for what is none."""
    word = data[place] if place < len(data) else ""
    return int(word[:4]) if word.isascii() and word.isdecimal() else 0


def label(text: str, *, chosen: bool | None = None) -> str:
    """A button's label; `chosen` puts a check mark, or an empty box, before it."""
    mark = {True: "✅ ", False: "▫️ ", None: ""}[chosen]
    return mark + (text if len(text) <= BUTTON else f"{text[: BUTTON - 1]}…")


def reply_of(
    sheet: Sheet, buttons: Sequence[Button] = (), across: int | tuple[int, ...] = 1
) -> Reply:
    """A sheet as an answer; to a press it comes in place of the message."""
    return Reply(sheet.text, tuple(buttons), across=across, entities=sheet.entities, instead=True)


def turning(words: Catalogue, head: str, page: int, pages: int) -> list[Button]:
    """Buttons to the pages before and after (from 1)."""
    found = []
    if page > 1:
        found.append(Button(f"‹ {words.number(page - 1)}", f"{head}:{page - 1}"))
    if page < pages:
        found.append(Button(f"{words.number(page + 1)} ›", f"{head}:{page + 1}"))
    return found
