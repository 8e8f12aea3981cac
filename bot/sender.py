"""The only place that sends: pages to a channel, answers to an admin (python-telegram-bot).

What comes of an attempt is a value (:class:`SendResult`): Telegram has no idempotency key, so
after a time-out, a cut connection or an answer that cannot be read the message may be out.
Specific errors are looked at before `NetworkError`, whose subclasses some of them are.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Literal, Protocol, TextIO

from telegram import (
    Bot,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    MessageEntity,
)
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.client import make_bot
from config import logs
from config.settings import Settings
from watchers.telling import Channel, Entity, Page, SendOutcome, SendResult

log = logs.get(__name__)

Probe = Literal["ours", "not-ours", "missing", "unknown"]

ANSWER = 4_000  # UTF-16 units of one answer; a character is two at most, so half of it is safe
PAUSE = 1.0  # seconds between pages of an answer: Telegram takes a message a second in a chat
_AGAIN = 3  # times that an answer is tried again when Telegram says to wait
_LONGEST = 30.0  # seconds that an answer waits in all; the command can be given again
_NO_TOKEN = 60.0  # seconds before the next try after Telegram refused the token
_POPUP = 190  # characters of what pops up after a press; Telegram takes 200
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_sleep = asyncio.sleep
# What a 400 says (in td/telegram/MessagesManager and telegram-bot-api's Client) of a message.
_GONE = ("message to delete not found", "message to edit not found", "message_id_invalid")
_AS_WANTED = ("message is not modified", "message to edit not found", "message_id_invalid")
_PROBED: dict[str, Probe] = {
    "message is not modified": "ours",
    "message to edit not found": "missing",
    "message_id_invalid": "missing",
    "message can't be edited": "not-ours",
}
# What a 400 says when nobody can post there until somebody acts.
_NO_RIGHT = (
    "chat not found", "need administrator rights", "not enough rights", "have no rights",
    "bot is not a member", "chat_write_forbidden", "channel_private", "user_deactivated",
)  # fmt: skip


class Sender(Protocol):
    """Sends a page to a channel, once."""

    async def send(self, channel: Channel, page: Page) -> SendResult:
        """One attempt; never raises for what Telegram does."""


class Mender(Protocol):
    """Changes what was posted, and looks at it."""

    async def edit(self, chat: str, message_id: int, page: Page) -> SendResult:
        """Give a message another text, once; SENT also if it reads so already, or is gone."""

    async def delete(self, chat: str, message_id: int) -> SendResult:
        """Take a message away, once; SENT also if it is gone already. FAILED: it is too old."""

    async def probe(self, chat: str, message_id: int) -> Probe:
        """What is there, without changing a text."""


class TelegramSender:
    """Sends by the Bot API."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def send(self, channel: Channel, page: Page) -> SendResult:
        """One attempt to post a page."""
        try:
            message = await self._bot.send_message(
                chat_id=channel.chat,
                text=page.text,
                entities=_entities(page),
                link_preview_options=_NO_PREVIEW,
            )
        except TelegramError as error:
            return outcome_of(error)
        except KeyError:
            # PTB's answer to HTTP 200 with ok:false; Telegram refused, nothing was recorded.
            return SendResult(SendOutcome.FAILED, "Telegram refused without a reason")
        return SendResult(SendOutcome.SENT, message_id=message.message_id)

    async def edit(self, chat: str, message_id: int, page: Page) -> SendResult:
        """One attempt to give a message of ours another text (see :class:`Mender`)."""
        editing = self._bot.edit_message_text(
            page.text,
            chat_id=chat,
            message_id=message_id,
            entities=_entities(page),
            link_preview_options=_NO_PREVIEW,
        )
        return await _changed(editing, message_id, _AS_WANTED)

    async def delete(self, chat: str, message_id: int) -> SendResult:
        """One attempt to delete a message of ours (see :class:`Mender`)."""
        return await _changed(self._bot.delete_message(chat, message_id), message_id, _GONE)

    async def probe(self, chat: str, message_id: int) -> Probe:
        """Take the buttons, which a page has none of, off a message: its text is never touched.

        "Not modified" is what Telegram says of a message that the bot may edit; that is its
        own, unless the bot was given the right to edit what others post in the channel.
        """
        try:
            await self._bot.edit_message_reply_markup(chat, message_id, reply_markup=None)
        except TelegramError as error:
            if not isinstance(error, BadRequest):
                return "unknown"
            said = error.message.lower()
            return next((found for says, found in _PROBED.items() if says in said), "unknown")
        except KeyError:
            return "unknown"
        return "ours"

    async def tell(self, user_id: int, text: str) -> SendResult:
        """One attempt to send somebody a plain message, cut to what Telegram takes."""
        try:
            message = await self._bot.send_message(
                chat_id=user_id, text=text[: ANSWER // 2], link_preview_options=_NO_PREVIEW
            )
        except TelegramError as error:
            return outcome_of(error)
        except KeyError:
            return SendResult(SendOutcome.FAILED, "Telegram refused without a reason")
        return SendResult(SendOutcome.SENT, message_id=message.message_id)


async def _changed(change: Awaitable[object], message_id: int, enough: Sequence[str]) -> SendResult:
    """What a change of a message came to; `enough`: refusals that say there is nothing to do."""
    try:
        await change
    except TelegramError as error:
        result = outcome_of(error)
        if isinstance(error, BadRequest) and any(says in error.message.lower() for says in enough):
            return SendResult(SendOutcome.SENT, error.message, message_id=message_id)
        return result
    except KeyError:
        return SendResult(SendOutcome.FAILED, "Telegram refused without a reason")
    return SendResult(SendOutcome.SENT, message_id=message_id)


def _entities(page: Page) -> list[MessageEntity]:
    return [MessageEntity(e.type, e.offset, e.length, e.url) for e in page.entities]


def outcome_of(error: TelegramError) -> SendResult:
    """What an error of python-telegram-bot says about the message: was it recorded?"""
    text = error.message
    match error:
        case RetryAfter():
            # `retry_after` warns that it will be a timedelta one day; this is that one.
            seconds = error._retry_after.total_seconds()  # noqa: SLF001
            return SendResult(SendOutcome.RETRY, text, wait=seconds)
        case ChatMigrated():
            return SendResult(SendOutcome.MIGRATED, text, new_chat=str(error.new_chat_id))
        case Forbidden():
            return SendResult(SendOutcome.PAUSE, text)
        case InvalidToken():
            # Nothing is wrong with the chat. The error's own text may hold the token.
            why = "Telegram does not know the bot's token"
            return SendResult(SendOutcome.RETRY, why, wait=_NO_TOKEN)
        case BadRequest():
            lost = any(reason in text.lower() for reason in _NO_RIGHT)
            return SendResult(SendOutcome.PAUSE if lost else SendOutcome.FAILED, text)
        case Conflict():
            return SendResult(SendOutcome.RETRY, text, wait=5.0)
        case TimedOut():
            # Our own pool was full, or no connection came about: nothing was sent.
            unsent = "not* sent" in text.lower() or _never_connected(error)
            return _retry(text) if unsent else _uncertain("no answer in time")
        case NetworkError():
            return _network(error)
        case _:
            return _uncertain(text)  # "Invalid server response" after a send


def _network(error: NetworkError) -> SendResult:
    """A connection that was never made sent nothing; one that broke later may have."""
    if _never_connected(error):
        return _retry("Telegram cannot be reached")
    if "too many requests" in error.message.lower():  # a 429 without retry_after
        return SendResult(SendOutcome.RETRY, error.message, wait=30.0)
    return _uncertain(error.message)


def _never_connected(error: BaseException | None) -> bool:
    """Whether httpx says so, somewhere in the chain of causes (PTB raises from it)."""
    while error is not None:
        if type(error).__name__ in ("ConnectError", "ConnectTimeout", "ProxyError"):
            return True
        error = error.__cause__
    return False


def _retry(text: str) -> SendResult:
    return SendResult(SendOutcome.RETRY, text, wait=10.0)


def _uncertain(text: str) -> SendResult:
    return SendResult(SendOutcome.UNCERTAIN, text)


class ConsoleSender:
    """Prints pages: the virtual channel, and everything while there is no token."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    async def send(self, channel: Channel, page: Page) -> SendResult:  # noqa: ARG002 - the port
        """Print a page; a stream that is closed or full makes it fail."""
        stream = self._stream or sys.stdout
        try:
            print(page.text, end="\n\n", file=stream, flush=True)
        except (OSError, ValueError) as error:
            return SendResult(SendOutcome.FAILED, f"cannot print: {error}")
        return SendResult(SendOutcome.SENT, message_id=0)


SenderFor = Callable[[Channel], Sender | None]


@contextlib.asynccontextmanager
async def senders(settings: Settings) -> AsyncIterator[SenderFor]:
    """Who sends to which channel: the console prints, Telegram needs a token."""
    console = ConsoleSender()
    if settings.token is None:
        yield lambda channel: console if channel.is_console else None
        return
    bot = make_bot(settings)
    await bot.request.initialize()
    telegram = TelegramSender(bot)
    try:
        yield lambda channel: console if channel.is_console else telegram
    finally:
        await bot.request.shutdown()


async def _answered(attempt: Callable[[], Awaitable[object]]) -> TelegramError | None:
    """Do it; the error if it came to nothing. Told to wait (429), for nothing was recorded then,
    it waits as long as asked and tries again: thrice at most, and half a minute in all.
    """
    waited = 0.0
    for tried in range(_AGAIN + 1):
        try:
            await attempt()
        except RetryAfter as error:
            wait = outcome_of(error).wait
            waited += wait
            if tried == _AGAIN or waited > _LONGEST:
                return error
            await _sleep(wait)
        except TelegramError as error:
            return error
        else:
            break
    return None


def _lost(error: TelegramError | None) -> bool:
    """Whether an answer came to nothing; then that is logged."""
    if error is not None:
        log.warning("answer_lost", why=error.message)
    return error is not None


async def answer(
    message: Message, text: str, buttons: Sequence[tuple[str, str]] = (),
    across: int | Sequence[int] = 1, entities: Sequence[Entity] = (),
) -> None:  # fmt: skip
    """Answer somebody in a chat, in as many messages as it takes; a failure is only logged.

    An answer is not a digest: if it is lost, the command can be given again. `buttons` (label,
    callback data) stand below the last message, so many in a row. A text with entities is one
    message: whoever made it kept to the limit.
    """
    parts = [text] if entities else _parts(text)
    for number, part in enumerate(parts, 1):
        markup = _keys(buttons, across) if number == len(parts) else None
        send = functools.partial(
            message.reply_text, part, link_preview_options=_NO_PREVIEW, reply_markup=markup,
            entities=_entities(Page(part, tuple(entities))) or None,
        )  # fmt: skip
        if _lost(await _answered(send)):
            return


def _keys(
    buttons: Sequence[tuple[str, str]], across: int | Sequence[int]
) -> InlineKeyboardMarkup | None:
    keys = [InlineKeyboardButton(label, callback_data=data) for label, data in buttons]
    if isinstance(across, int):
        across = [across] * -(-len(keys) // across)
    starts = [sum(across[:row]) for row in range(len(across))]
    rows = [keys[at : at + row] for at, row in zip(starts, across, strict=True)]
    return InlineKeyboardMarkup(rows) if keys else None


async def answer_pages(message: Message, pages: Sequence[Page]) -> None:
    """Answer with pages as a channel gets them, a second apart; a failure is only logged."""
    for number, page in enumerate(pages):
        if number:
            await _sleep(PAUSE)
        send = functools.partial(
            message.reply_text, page.text, entities=_entities(page),
            link_preview_options=_NO_PREVIEW,
        )  # fmt: skip
        if _lost(await _answered(send)):
            return


async def answer_instead(
    message: Message, text: str, buttons: Sequence[tuple[str, str]] = (),
    across: int | Sequence[int] = 1, entities: Sequence[Entity] = (),
) -> None:  # fmt: skip
    """Give a message of ours another text and other buttons; a failure is only logged.

    A text that takes several messages comes below it instead: nothing of it is left out.
    """
    parts = [text] if entities else _parts(text) or ["…"]
    if len(parts) > 1:
        await take_buttons(message)
        await answer(message, text, buttons, across)
        return
    part = parts[0]
    edit = functools.partial(
        message.edit_text, part, link_preview_options=_NO_PREVIEW,
        reply_markup=_keys(buttons, across),
        entities=_entities(Page(part, tuple(entities))) or None,
    )  # fmt: skip
    if error := await _answered(edit):  # the same text and buttons again, for one
        log.info("answer_lost", why=error.message)


async def take_buttons(message: Message) -> None:
    """Take the buttons of a message of ours away; a failure is only logged."""
    if error := await _answered(lambda: message.edit_reply_markup(None)):  # gone, for one
        log.info("answer_lost", why=error.message)


async def answer_file(message: Message, name: str, data: bytes, caption: str) -> None:
    """Answer with a document; a failure is only logged."""
    _lost(await _answered(lambda: message.reply_document(data, filename=name, caption=caption)))


async def answer_press(query: CallbackQuery, text: str = "") -> None:
    """Answer the press of a button, so that it stops waiting; a text pops up."""
    try:
        await query.answer(text[:_POPUP] or None, show_alert=bool(text))
    except TelegramError as error:  # pressed too long ago, for one
        log.warning("answer_lost", why=error.message)


def _parts(text: str) -> list[str]:
    """Lines gathered into messages; a line that is too long alone is cut."""
    parts = [""]
    for line in text.split("\n"):
        piece = line if len(line) <= ANSWER // 2 else line[: ANSWER // 2 - 1] + "…"
        if parts[-1] and len(parts[-1]) + len(piece) >= ANSWER // 2:
            parts.append(piece)
        else:
            parts[-1] += ("\n" if parts[-1] else "") + piece
    return [part for part in parts if part.strip()]
