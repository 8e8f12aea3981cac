"""What the tests of telling by chat share: two stories, a channel, two admins, and presses."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot import sender
from bot.app import open_database
from config.settings import load
from tests.integration.test_feed_commands import ADMIN, Bot
from tests.integration.test_feed_commands import _running as running
from tests.integration.test_stories import grouped
from tests.journey.harness import CHAT, Kept, environment, inline, logging_as_it_was
from tests.standin import BotApiStandin
from tests.standin.rules import MAX_CALLBACK_BYTES
from watchers.telling import AuditRecord, DigestOrder, Entity, Page, Placed

OTHER_ADMIN = 8
_TLS = cache(ssl.create_default_context)


@pytest.fixture
def news(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: Kept) -> None:
    """Two admins, a channel, the stories s-bergen and s-oslo."""
    ours = {"DADKHAH_ADMINS": f"{ADMIN},{OTHER_ADMIN}", "DADKHAH_CHANNEL": str(CHAT)}
    for name, value in (environment(tmp_path) | ours).items():
        monkeypatch.setenv(name, value)

    def make() -> None:
        store = open_database(load(folder=Path("/nonexistent")))
        grouped(store)
        store.close()

    kept("telling", tmp_path / "data", make)


@pytest.fixture
async def bot(news: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    """A bot that is connected."""
    inline(monkeypatch)
    monkeypatch.setattr(ssl, "create_default_context", _TLS)  # no TLS here; each takes 50 ms
    monkeypatch.setattr(sender, "PAUSE", 0.0)
    with logging_as_it_was():
        async with BotApiStandin() as telegram:
            telegram.add_chat(CHAT)
            monkeypatch.setenv("DADKHAH_TELEGRAM_API_URL", telegram.api_url)
            monkeypatch.setenv("DADKHAH_TELEGRAM_TOKEN", telegram.token)
            async with running(telegram) as found:
                yield found


async def press(bot: Bot, label: str, user: int = ADMIN) -> str:
    """Press a button of the latest message that has some; what the bot says then, wherever."""
    return await press_data(bot, bot.buttons[label], user)


async def press_data(bot: Bot, data: str, user: int = ADMIN) -> str:
    """The same by the data of a button, which may be an old one."""
    assert len(data.encode()) <= MAX_CALLBACK_BYTES
    telegram = bot.telegram
    message = next(m for m in reversed(telegram.sent) if m.chat_id == ADMIN and m.text)
    answers, seen = len(telegram.answers), _seen(bot, message)
    telegram.callback(user, data, message.id, chat_id=ADMIN)
    await telegram.until(lambda: len(telegram.answers) > answers)
    if popped := str(telegram.answers[answers].get("text", "")):
        return popped
    await telegram.until(lambda: _seen(bot, message) != seen)
    latest = telegram.sent[-1]
    return str(latest.text if latest.id != message.id else message.text)


def _seen(bot: Bot, message: Any) -> tuple[object, ...]:
    return len(bot.telegram.texts(ADMIN)), message.text


async def audited(bot: Bot) -> list[AuditRecord]:
    """What admins changed, newest first."""
    found = await bot.store(lambda s: s.audit())
    return [record for record in found if record.actor in (str(ADMIN), str(OTHER_ADMIN))]


def page(*told: tuple[str, str], head: str = "Reports") -> Page:
    """A page of stories: subject and headline, each headline linked."""
    text, entities, placed = f"{head}\n30 July\n\n", [], []
    for number, (subject, title) in enumerate(told):
        entities.append(Entity("text_link", len(text), len(title), f"https://a.example/{number}"))
        placed.append(Placed(subject, len(text), len(title), ("raisi",) if "R" in title else ()))
        text += f"{title}\n\n"
    return Page(text.rstrip(), tuple(entities), tuple(placed))


def order(channel_id: int, slot: Any, *pages: Page, subjects: tuple[str, ...] = ()) -> DigestOrder:
    """A digest of these pages."""
    return DigestOrder(channel_id, slot, slot, slot, subjects, pages, scheduled=False)
