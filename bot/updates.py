"""Reading what people write to the bot, kept going whatever happens.

Long polling, or a webhook if the settings name its address. Two programs that read with one
token take updates from one another: that is told to the admins and not fought.
"""

from __future__ import annotations

import contextlib
import json
from datetime import timedelta
from urllib.parse import urlsplit

from telegram import BotCommand, BotCommandScopeAllPrivateChats, BotCommandScopeChat, Update
from telegram.error import Conflict, InvalidToken, TelegramError
from telegram.ext import Application, TypeHandler

from bot.app import Program
from bot.client import ListeningBot, make_bot
from bot.clock import utc_now
from bot.commands.router import App, add_handlers
from bot.commands.table import allowed
from bot.menus import Menu, mark, menus
from bot.web import Hook
from config import logs
from watchers.ports import Store

log = logs.get(__name__)

_WANTED = ["message", "callback_query"]
_LOOK = timedelta(minutes=5)  # between looks at whether the webhook is still ours
_WAITING = 1_000  # updates that wait for their turn; more are brought again by Telegram
_CONFLICT = (
    "Another program reads this bot's messages with the same token, so that commands may be lost. "
    "Stop one of the two; if you know of no other, make a new token at @BotFather (/revoke)."
)


class Updates:
    """One connection to Telegram at a time."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._app: App | None = None
        self._bot: ListeningBot | None = None
        self._conflict = False
        self._looked = utc_now()
        self._menus = ""  # the mark of those that are set

    @property
    def hook(self) -> Hook | None:
        """The webhook to listen for, if there is to be one."""
        settings = self._program.settings
        if not settings.webhook_url:
            return None
        secret = settings.webhook_secret.get_secret_value()
        return Hook(urlsplit(settings.webhook_url).path, secret, self.take)

    @property
    def is_running(self) -> bool:
        """Whether updates are being read. One 401 would end that without a word."""
        if self._app is None or self._bot is None or self._bot.refused:
            return False
        if self._program.settings.webhook_url:
            return self._app.running
        return bool(self._app.updater and self._app.updater.running)

    def take(self, body: bytes) -> bool:
        """An update that the webhook brought; False if nobody reads just now. ValueError."""
        app = self._app
        if app is None or not app.running or app.update_queue.qsize() >= _WAITING:
            return False
        try:
            data = json.loads(body)  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        except RecursionError as error:
            msg = "too deep"
            raise ValueError(msg) from error
        if not isinstance(data, dict):
            msg = "not an object"
            raise ValueError(msg)  # noqa: TRY004 - for the caller both are the same
        try:
            update = Update.de_json(data, app.bot)
        except (KeyError, TypeError, AttributeError, OverflowError, OSError) as error:
            msg = "not an update"
            raise ValueError(msg) from error
        app.update_queue.put_nowait(update)
        return True

    async def keep_going(self) -> None:
        """Connect if we are not; Telegram out of reach is tried again at the next tick."""
        await self._tell_conflict()
        if self.is_running:
            await self._look_at_webhook()
            await self._set_menus()
            return
        await self.stop()
        self._bot = make_bot(self._program.settings)
        building = Application.builder().bot(self._bot).job_queue(None)
        if self._program.settings.webhook_url:
            building = building.updater(None)
        app = building.build()
        add_handlers(app, self._program)
        app.add_handler(TypeHandler(Update, self._heard), group=-1)
        try:
            await app.initialize()
            await app.start()
            await self._listen(app)
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

    async def _heard(self, _: Update, __: object) -> None:
        """Count what came; it goes on to its handler."""
        self._program.database.tally.heard()

    async def _listen(self, app: App) -> None:
        if self._program.settings.webhook_url:
            await self._set_webhook(app)
        elif app.updater is not None:
            await app.updater.start_polling(
                allowed_updates=_WANTED, error_callback=self._note_error
            )

    async def _set_webhook(self, app: App) -> None:
        settings = self._program.settings
        await app.bot.set_webhook(
            settings.webhook_url,
            secret_token=settings.webhook_secret.get_secret_value(),
            allowed_updates=_WANTED,
        )
        self._looked = utc_now()

    def _note_error(self, error: TelegramError) -> None:
        """What python-telegram-bot's polling met; it goes on by itself."""
        log.info("updates_delayed", why=type(error).__name__)
        if isinstance(error, Conflict):
            self._conflict = True

    async def _tell_conflict(self) -> None:
        """Once a day."""
        if not self._conflict:
            return
        self._conflict = False
        log.warning("updates_conflict", what="another program uses this token")
        now = utc_now()
        key = f"conflict:{now:%Y-%m-%d}"
        await self._program.database(
            lambda store: store.add_notice(key, "conflict", _CONFLICT, at=now)
        )

    async def _look_at_webhook(self) -> None:
        """Another program that polls takes the webhook away, and goes: then it is set again."""
        url, app = self._program.settings.webhook_url, self._app
        if not url or app is None or utc_now() - self._looked < _LOOK:
            return
        self._looked = utc_now()
        try:
            found = await app.bot.get_webhook_info()
            if found.url != url:
                self._conflict = True
                await self._set_webhook(app)
        except TelegramError as error:
            log.info("webhook_unknown", why=type(error).__name__)

    async def _set_menus(self) -> None:
        """Once, and again when rights change; a menu that cannot be set stops nothing."""
        app = self._app
        if app is None:
            return
        roles, kept = await self._program.database(_roles)
        former = [int(user) for user in kept.partition(" ")[2].split()]
        by_role = {role: allowed(role) for role in ("editor", "owner")}
        wanted = menus(allowed(""), by_role, roles, former)
        now = mark(menus(allowed(""), by_role, roles))
        if now in (self._menus, kept.partition(" ")[0]):
            self._menus = now
            return
        self._menus = now
        done = [await _set_menu(app, menu) for menu in wanted]
        # Not all: an admin who never wrote to the bot, for one. The next start tries again.
        left = [menu.chat_id for menu, was_set in zip(wanted, done, strict=True) if not was_set]
        own = dict.fromkeys((*roles, *(user for user in left if user is not None)))
        value = " ".join((now if all(done) else "-", *(str(user) for user in own)))
        await self._program.database(lambda store: store.set_value("menus", value))

    async def stop(self) -> None:
        """Stop reading; handlers that run finish first."""
        if self._app is not None:
            app, self._app = self._app, None
            await _put_away(app)


def _roles(store: Store) -> tuple[dict[int, str], str]:
    return {admin.user_id: admin.role for admin in store.admins()}, store.value("menus") or ""


async def _set_menu(app: App, menu: Menu) -> bool:
    """Whether it was set."""
    scope: BotCommandScopeAllPrivateChats | BotCommandScopeChat = BotCommandScopeAllPrivateChats()
    if menu.chat_id is not None:
        scope = BotCommandScopeChat(menu.chat_id)
    language = menu.language or None
    try:
        if menu.commands:
            listed = [BotCommand(name, what) for name, what in menu.commands]
            await app.bot.set_my_commands(listed, scope=scope, language_code=language)
        else:
            await app.bot.delete_my_commands(scope=scope, language_code=language)
    except (TelegramError, KeyError) as error:  # KeyError: PTB's answer to ok:false with 200
        log.info("menu_not_set", why=type(error).__name__)
        return False
    return True


async def _put_away(app: App) -> None:
    with contextlib.suppress(TelegramError, RuntimeError):
        if app.updater is not None and app.updater.running:
            await app.updater.stop()
    with contextlib.suppress(TelegramError, RuntimeError):
        if app.running:
            await app.stop()
    with contextlib.suppress(TelegramError, RuntimeError):
        await app.shutdown()
