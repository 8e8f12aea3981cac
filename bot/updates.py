"""Reading what people write to the bot: long polling, kept going whatever happens."""

from __future__ import annotations

import contextlib

from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application

from bot.app import Program
from bot.client import ListeningBot, make_bot
from bot.commands.router import App, add_handlers
from config import logs

log = logs.get(__name__)


class Updates:
    """One connection to Telegram at a time."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._app: App | None = None
        self._bot: ListeningBot | None = None

    @property
    def is_running(self) -> bool:
        """Whether updates are being read. One 401 would end that without a word."""
        if self._app is None or self._bot is None or self._bot.refused:
            return False
        return bool(self._app.updater and self._app.updater.running)

    async def keep_going(self) -> None:
        """Connect if we are not; Telegram out of reach is tried again at the next tick."""
        if self.is_running:
            return
        await self.stop()
        self._bot = make_bot(self._program.settings)
        app = Application.builder().bot(self._bot).job_queue(None).build()
        add_handlers(app, self._program)
        try:
            await app.initialize()
            await app.start()
            if app.updater is not None:
                await app.updater.start_polling(allowed_updates=["message", "callback_query"])
        except InvalidToken:
            # Its text holds the token: it is neither logged nor chained.
            log.warning("token_refused", what="Telegram does not know the bot's token")
            await _put_away(app)
        except TelegramError as error:
            log.warning("telegram_unreachable", why=error.message)
            await _put_away(app)
        except BaseException:
            await _put_away(app)
            raise
        else:
            self._app = app
            log.info("telegram_connected", bot=app.bot.username)

    async def stop(self) -> None:
        """Stop reading; handlers that run finish first."""
        if self._app is not None:
            app, self._app = self._app, None
            await _put_away(app)


async def _put_away(app: App) -> None:
    with contextlib.suppress(TelegramError, RuntimeError):
        if app.updater is not None and app.updater.running:
            await app.updater.stop()
    with contextlib.suppress(TelegramError, RuntimeError):
        if app.running:
            await app.stop()
    with contextlib.suppress(TelegramError, RuntimeError):
        await app.shutdown()
