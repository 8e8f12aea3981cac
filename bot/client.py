"""The connection to Telegram: one place that builds python-telegram-bot from settings."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from telegram import Bot, Update, User
from telegram.error import BadRequest, Forbidden, InvalidToken, TelegramError
from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from config.settings import Settings

_SECONDS = 20.0  # to connect, to write, to read; sends that take longer are uncertain


def request(settings: Settings, *, pool: int = 16, read: float = _SECONDS) -> HTTPXRequest:
    """An HTTP client for the Bot API; ambient proxy variables are ignored."""
    return HTTPXRequest(
        connection_pool_size=pool,
        connect_timeout=_SECONDS,
        read_timeout=read,
        write_timeout=_SECONDS,
        pool_timeout=_SECONDS,
        proxy=settings.telegram_proxy.get_secret_value() or None,
        httpx_kwargs={"trust_env": False},
    )


class ListeningBot(ExtBot[None]):
    """Notes when Telegram refuses the token while updates are read.

    python-telegram-bot then ends its polling without a word, and its updater goes on saying
    that it runs (seen in 22.8).
    """

    _refused = False

    @property
    def refused(self) -> bool:
        """Whether reading updates was refused since this bot was made."""
        return self._refused

    async def get_updates(self, *args: Any, **kwargs: Any) -> tuple[Update, ...]:
        """As the library does it."""
        try:
            return await super().get_updates(*args, **kwargs)
        except InvalidToken:
            self._refused = True
            raise


def make_bot(settings: Settings) -> ListeningBot:
    """A bot for the token of the settings (there must be one)."""
    root = settings.telegram_api_url
    return ListeningBot(
        settings.token or "",
        base_url=f"{root}/bot",
        base_file_url=f"{root}/file/bot",
        request=request(settings),
        get_updates_request=request(settings, pool=1, read=30.0),
    )


@dataclass(frozen=True, slots=True)
class Telegram:
    """Questions that `doctor` asks."""

    bot: Bot

    async def whoami(self) -> User | str:
        """The bot's own account, or what is wrong."""
        try:
            return await self.bot.get_me()
        except InvalidToken:
            return "Telegram does not know this token; copy it anew from @BotFather"
        except TelegramError as error:
            return f"Telegram does not answer: {error.message}"

    async def rights(self, chat: str) -> str | None:
        """Why the bot cannot post there, or None if it can."""
        return (await self.standing(chat))[1] or None

    async def standing(self, chat: str) -> tuple[bool | None, str]:
        """Whether the bot may post there, and why not; None if Telegram gave no answer."""
        try:
            me = await self.bot.get_me()
            member = await self.bot.get_chat_member(chat, me.id)
        except (BadRequest, Forbidden) as error:
            return False, error.message
        except InvalidToken:
            return None, "Telegram does not know the token"  # its own text quotes it
        except TelegramError as error:
            return None, error.message
        if member.status in ("creator", "administrator"):
            may = getattr(member, "can_post_messages", True) is not False
            return may, "" if may else "the bot may not post messages there"
        is_member = member.status == "member"
        return is_member, "" if is_member else f"the bot is {member.status} there"


async def may_post(settings: Settings, chat: str, seconds: float = 10.0) -> tuple[bool | None, str]:
    """Whether the bot may post in a chat, and why not; None: that could not be learnt in time."""
    if not settings.token:
        return None, "there is no token"
    try:
        async with asyncio.timeout(seconds), connect(settings) as telegram:
            return await telegram.standing(chat)
    except TimeoutError:
        return None, "Telegram does not answer"


@contextlib.asynccontextmanager
async def connect(settings: Settings) -> AsyncIterator[Telegram]:
    """A connection without `initialize`, whose errors quote the token (seen in PTB 22.8)."""
    made = make_bot(settings)
    await made.request.initialize()
    try:
        yield Telegram(made)
    finally:
        await made.request.shutdown()
