"""The only place that sends: pages to a channel, answers to an admin (python-telegram-bot).

What comes of an attempt is a value (:class:`SendResult`): Telegram has no idempotency key, so
after a time-out, a cut connection or an answer that cannot be read the message may be out.
Specific errors are looked at before `NetworkError`, whose subclasses some of them are.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol, TextIO

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
from watchers.telling import Channel, Page, SendOutcome, SendResult

log = logs.get(__name__)

ANSWER = 4_000  # UTF-16 units of one answer; a character is two at most, so half of it is safe
PAUSE = 1.0  # seconds between pages of an answer: Telegram takes a message a second in a chat
_POPUP = 190  # characters of what pops up after a press; Telegram takes 200
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
# What a 400 says when nobody can post there until somebody acts.
_NO_RIGHT = (
    "chat not found", "need administrator rights", "not enough rights", "have no rights",
    "bot is not a member", "chat_write_forbidden", "channel_private", "user_deactivated",
)  # fmt: skip


class Sender(Protocol):
    """Sends a page to a channel, once."""

    async def send(self, channel: Channel, page: Page) -> SendResult:
        """One attempt; never raises for what Telegram does."""


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
            # Its text may hold the token.
            return SendResult(SendOutcome.PAUSE, "Telegram does not know the bot's token")
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


async def answer(
    message: Message, text: str, buttons: Sequence[tuple[str, str]] = (), across: int = 1
) -> None:
    """Answer somebody in a chat, in as many messages as it takes; a failure is only logged.

    An answer is not a digest: if it is lost, the command can be given again. `buttons` (label,
    callback data) stand below the last message, so many in a row.
    """
    parts = _parts(text)
    for number, part in enumerate(parts, 1):
        markup = _keys(buttons, across) if number == len(parts) else None
        try:
            await message.reply_text(part, link_preview_options=_NO_PREVIEW, reply_markup=markup)
        except TelegramError as error:
            log.warning("answer_lost", why=error.message)
            return


def _keys(buttons: Sequence[tuple[str, str]], across: int) -> InlineKeyboardMarkup | None:
    keys = [InlineKeyboardButton(label, callback_data=data) for label, data in buttons]
    rows = [keys[at : at + across] for at in range(0, len(keys), across)]
    return InlineKeyboardMarkup(rows) if rows else None


async def answer_pages(message: Message, pages: Sequence[Page]) -> None:
    """Answer with pages as a channel gets them, a second apart; a failure is only logged."""
    for number, page in enumerate(pages):
        if number:
            await asyncio.sleep(PAUSE)
        try:
            await message.reply_text(
                page.text, entities=_entities(page), link_preview_options=_NO_PREVIEW
            )
        except TelegramError as error:
            log.warning("answer_lost", why=error.message)
            return


async def answer_instead(
    message: Message, text: str, buttons: Sequence[tuple[str, str]] = (), across: int = 1
) -> None:
    """Give a message of ours another text and other buttons; a failure is only logged."""
    part = (_parts(text) or ["…"])[0]
    try:
        await message.edit_text(
            part, link_preview_options=_NO_PREVIEW, reply_markup=_keys(buttons, across)
        )
    except TelegramError as error:  # the same text and buttons again, for one
        log.info("answer_lost", why=error.message)


async def take_buttons(message: Message) -> None:
    """Take the buttons of a message of ours away; a failure is only logged."""
    try:
        await message.edit_reply_markup(None)
    except TelegramError as error:  # they are gone already, for one
        log.info("answer_lost", why=error.message)


async def answer_file(message: Message, name: str, data: bytes, caption: str) -> None:
    """Answer with a document; a failure is only logged."""
    try:
        await message.reply_document(data, filename=name, caption=caption)
    except TelegramError as error:
        log.warning("answer_lost", why=error.message)


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
