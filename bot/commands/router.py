"""From Telegram's updates to the handlers of commands, and their answers back."""

from __future__ import annotations

from typing import Any

from telegram import Message, Update
from telegram.ext import Application, CommandHandler, ContextTypes, filters

from bot.access import Said, refusal
from bot.app import Program
from bot.commands import admin, subscriber
from bot.sender import answer
from config import logs
from watchers.errors import DadkhahError

log = logs.get(__name__)

App = Application[Any, Any, Any, Any, Any, Any]


def add_handlers(app: App, program: Program) -> None:
    """Register every command. Edited messages reach no handler."""
    fresh = filters.UpdateType.MESSAGE
    for name, (handler, _) in admin.COMMANDS.items():
        app.add_handler(CommandHandler(name, _order(program, handler), filters=fresh))
    app.add_handler(CommandHandler(["start", "help"], _help(program), filters=fresh))
    app.add_error_handler(_unexpected)


def said(message: Message) -> Said:
    """What `bot.access` decides by."""
    return Said(
        user_id=message.from_user.id if message.from_user else None,
        edited=message.edit_date is not None,
        forwarded=message.forward_origin is not None,
        on_behalf=message.sender_chat is not None,
    )


async def _admins(program: Program) -> frozenset[int]:
    """Asked each time: rights that were taken are gone at once."""
    found = await program.database(lambda store: store.admins())
    return frozenset(person.user_id for person in found)


def _order(program: Program, handler: admin.Handler) -> Any:
    async def run(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.message
        if message is None or message.text is None:
            return
        refused = refusal(said(message), await _admins(program))
        if refused is not None:
            await answer(message, refused)
            return
        user_id = message.from_user.id if message.from_user else 0
        order = admin.Order(tuple(message.text.split()[1:]), user_id)
        try:
            text = await handler(program, order)
        except DadkhahError as error:
            text = admin.explained(error)
        await answer(message, text)

    return run


def _help(program: Program) -> Any:
    async def run(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.message
        if message is None:
            return
        orders = {}
        if refusal(said(message), await _admins(program)) is None:
            orders = {name: what for name, (_handler, what) in admin.COMMANDS.items()}
        await answer(message, subscriber.help_text(orders))

    return run


async def _unexpected(update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
    """A bug, or Telegram out of reach: loud in the log, a plain word in the chat."""
    log.error("update_failed", exc_info=context.error)
    if isinstance(update, Update) and update.message is not None:
        await answer(
            update.message, "Something went wrong on our side; it was logged. Nothing was changed."
        )
