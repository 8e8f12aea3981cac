"""Sending, editing, deleting and looking, over real HTTP against the stand-in of the Bot API."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import deliver
from bot.client import make_bot
from bot.correcting import Corrector
from bot.database import Database
from bot.deliver import Deliverer
from bot.evidence import evidence_of
from bot.pacing import Budget, Pace
from bot.pump import PrivatePump
from bot.sender import TelegramSender
from config.settings import Settings
from tests.standin import BotApiStandin
from tests.unit.sending import sqlite_store
from watchers.ports import Store
from watchers.telling import (
    Channel,
    ChannelSpec,
    DeliveryState,
    DigestOrder,
    Page,
    Placed,
    SendOutcome,
    SendResult,
)

CHAT = -1001234567890
NOW = datetime.now(UTC)


@pytest.fixture
async def standin() -> AsyncIterator[BotApiStandin]:
    """Telegram, with one channel."""
    async with BotApiStandin() as made:
        made.add_chat(CHAT)
        yield made


@pytest.fixture
async def sender(standin: BotApiStandin, tmp_path: Path) -> AsyncIterator[TelegramSender]:
    """What sends to it."""
    settings = Settings(
        data_dir=tmp_path,
        telegram_token=SecretStr(standin.token),
        telegram_api_url=standin.api_url,
    )
    bot = make_bot(settings)
    await bot.request.initialize()
    yield TelegramSender(bot)
    await bot.request.shutdown()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store on the disk."""
    return sqlite_store(tmp_path)


@pytest.fixture
async def database(store: Store) -> AsyncIterator[Database]:
    """The same as the event loop sees it."""
    opened = Database(store)
    yield opened
    opened.close()


@pytest.fixture
def deliverer(database: Database, monkeypatch: pytest.MonkeyPatch) -> Deliverer:
    """Which does not wait a second between two pages."""
    monkeypatch.setattr(deliver, "Pace", lambda: Pace(gap=0.0))
    return Deliverer(database)


def add(store: Store, *texts: str, chat: int = CHAT, private: bool = False) -> Channel:
    """A chat with a digest of these pages queued."""
    channel = store.add_channel(ChannelSpec(str(chat), private=private), at=NOW, actor="cli")
    pages = tuple(Page(text, placed=(Placed(text, 0, 1),)) for text in texts)
    order = DigestOrder(channel.id, NOW, NOW, NOW, texts, pages, scheduled=True)
    store.queue_digests((order,))
    return channel


# ---------------------------------------------------------------- messages of ours


async def test_a_message_is_edited_deleted_and_looked_at(
    standin: BotApiStandin, sender: TelegramSender, store: Store
) -> None:
    channel, chat = add(store), str(CHAT)
    sent = await sender.send(channel, Page("first"))
    number = sent.message_id
    assert number is not None
    assert await sender.probe(chat, number) == "ours"
    assert standin.texts(CHAT) == ["first"]
    for _ in range(2):  # the second time it is not modified
        edited = await sender.edit(chat, number, Page("put right"))
        assert edited.outcome is SendOutcome.SENT
    assert standin.texts(CHAT) == ["put right"]
    for _ in range(2):  # the second time it is gone
        assert (await sender.delete(chat, number)).outcome is SendOutcome.SENT
    assert standin.texts(CHAT) == []
    assert await sender.probe(chat, number) == "missing"
    gone = await sender.edit(chat, number, Page("again"))
    assert gone.outcome is SendOutcome.SENT
    others = standin.others_message(CHAT)
    assert await sender.probe(chat, others) == "not-ours"
    assert (await sender.edit(chat, others, Page("no"))).outcome is SendOutcome.FAILED


FAULTS = {
    "retry_after": (SendOutcome.RETRY, "unknown"),
    "server_error": (SendOutcome.UNCERTAIN, "unknown"),
    "drop_before": (SendOutcome.UNCERTAIN, "unknown"),
    "forbidden": (SendOutcome.PAUSE, "unknown"),
    "drop_after": (SendOutcome.UNCERTAIN, "ours"),  # "not modified" comes all the same
    "bad_json": (SendOutcome.UNCERTAIN, "ours"),
}


@pytest.mark.parametrize(
    ("fault", "outcome", "probe"), [(k, *v) for k, v in FAULTS.items()], ids=FAULTS
)
async def test_a_change_that_goes_wrong_is_a_value(
    standin: BotApiStandin, sender: TelegramSender, store: Store, fault: str,
    outcome: SendOutcome, probe: str, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # or the library warns of its own future
    sent = await sender.send(add(store), Page("first"))
    assert sent.message_id is not None
    for method in ("editMessageText", "deleteMessage", "editMessageReplyMarkup"):
        standin.fault(method, fault)
    edited = await sender.edit(str(CHAT), sent.message_id, Page("put right"))
    assert edited.outcome is outcome
    assert await sender.probe(str(CHAT), sent.message_id) == probe
    deleted = await sender.delete(str(CHAT), sent.message_id)
    assert deleted.outcome is outcome


@pytest.mark.parametrize("code", [401, 404])
async def test_a_refused_token_pauses_no_channel(
    standin: BotApiStandin, sender: TelegramSender, store: Store, deliverer: Deliverer, code: int
) -> None:
    channel = add(store, "page")
    standin.fault("sendMessage", "refuse", code=code, description="Unauthorized")
    await deliverer.deliver(channel, sender)
    [kept] = store.channels()
    assert not kept.paused
    assert kept.not_before is not None
    assert kept.not_before - datetime.now(UTC) > timedelta(seconds=50)
    assert len(store.deliveries(DeliveryState.QUEUED)) == 1


# ---------------------------------------------------------------- evidence


async def test_evidence_between_two_pages_of_ours(
    standin: BotApiStandin, sender: TelegramSender, store: Store, deliverer: Deliverer,
    database: Database,
) -> None:  # fmt: skip
    channel = add(store, "1/5", "2/5", "3/5", "4/5", "5/5")
    standin.others_message(CHAT)

    class Spoiling:
        """Spoils the second page, which arrives, and the fourth, which does not."""

        async def send(self, channel: Channel, page: Page) -> SendResult:
            """As it comes."""
            kinds = {"2/5": "drop_after", "4/5": "server_error"}
            if page.text in kinds:
                standin.fault("sendMessage", kinds[page.text])
            return await sender.send(channel, page)

    await deliverer.deliver(channel, Spoiling())
    doubtful = {page.page: page for page in store.deliveries(DeliveryState.UNCERTAIN)}
    assert sorted(doubtful) == [2, 4]
    assert (await evidence_of(database, doubtful[2], sender)).verdict == "arrived"
    asked = len(standin.calls)
    assert (await evidence_of(database, doubtful[4], sender)).verdict == "not-arrived"
    assert len(standin.calls) == asked  # consecutive ids say enough


# ---------------------------------------------------------------- private chats, corrections


async def test_private_pages_survive_bad_weather(
    standin: BotApiStandin, sender: TelegramSender, store: Store, database: Database
) -> None:
    """Each page arrives once at most, what is in doubt is not sent again, nobody is left out."""
    for user in range(1, 41):
        standin.add_chat(user, "private")
        add(store, f"{user}", chat=user, private=True)
    standin.state.chats[3].bot_status = "kicked"
    kinds = ("drop_after", "bad_json", "server_error", "drop_before")
    for user, kind in enumerate(kinds, 10):
        standin.fault("sendMessage", kind, chat_id=user)
    standin.fault("sendMessage", "refuse", chat_id=30, description="Bad Request: refused")
    budget = Budget()
    budget._private = Pace(gap=0.0, most=10**6)
    budget._all = Pace(gap=0.0, most=10**6)
    pump = PrivatePump(database, budget)
    await asyncio.wait_for(pump.run(sender), 60)
    states = Counter(page.state for page in store.deliveries(private=True, limit=100))
    in_doubt = len(
        {10 + len(kind) for kind in ("drop_after", "bad_json", "server_error", "drop_before")}
    )
    assert states[DeliveryState.UNCERTAIN] == in_doubt
    assert states[DeliveryState.FAILED] == 1
    assert states[DeliveryState.QUEUED] == 1  # the bot was blocked there
    assert states[DeliveryState.SENT] == 38 - in_doubt
    taken = Counter(message.text for message in standin.sent)
    assert set(taken.values()) == {1}
    assert [one.chat for one in store.subscribers(paused=True)] == ["3"]


async def test_withdrawn_everywhere(
    standin: BotApiStandin, sender: TelegramSender, store: Store, deliverer: Deliverer,
    database: Database,
) -> None:  # fmt: skip
    channel = add(store, "story", "other")
    standin.add_chat(5, "private")
    add(store, "story", chat=5, private=True)
    await deliverer.deliver(channel, sender)
    await PrivatePump(database, deliverer.budget).run(sender)
    assert standin.texts(5) == ["story"]
    changes = {posted.delivery.id: None for posted in store.posted(subject="story")}
    assert store.withdraw(["story"], changes, what="removed", at=NOW, actor="5") == 2
    standin.fault("deleteMessage", "drop_before", chat_id=5)
    corrector = Corrector(database, deliverer)
    assert await corrector.run(sender) == {"sent": 1, "uncertain": 1}
    assert standin.texts(CHAT) == ["other"]
    later = Corrector(database, deliverer, lambda: datetime.now(UTC) + timedelta(seconds=11))
    assert await later.run(sender) == {"sent": 1}
    assert standin.texts(5) == []
