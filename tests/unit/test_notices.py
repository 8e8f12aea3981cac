"""Admins are told each thing once, whatever becomes of the message."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from bot.clock import utc_now
from bot.database import Database
from bot.notices import DeliveryNotices, DiskTrouble, tell_admins
from bot.reaching import MOST
from storage import MemoryStore
from watchers.errors import StoreBusy, StoreFull
from watchers.telling import Channel, ChannelSpec, DigestOrder, Page, SendOutcome, SendResult

NOW = utc_now()


class Messenger:
    """Every message comes to this, or those to each user to that."""

    def __init__(self, outcome: SendOutcome = SendOutcome.SENT, **of_user: SendOutcome) -> None:
        self.outcome = outcome
        self.of_user = of_user
        self.told: list[tuple[int, str]] = []

    async def tell(self, user_id: int, text: str) -> SendResult:
        self.told.append((user_id, text))
        return SendResult(self.of_user.get(f"u{user_id}", self.outcome), "as asked")


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    store = MemoryStore()
    store.add_notice("gone:1", "gone", "Feed 1 is gone.", at=NOW)
    store.add_notice("gone:2", "gone", "Feed 2 is gone.", at=NOW)
    made = Database(store)
    yield made
    made.close()


async def grant(database: Database, *users: int) -> None:
    for user in users:
        await database(lambda store, user=user: store.grant(user, "owner", at=NOW, actor="cli"))  # type: ignore[misc]


async def test_every_admin_is_told_everything_once_in_order(database: Database) -> None:
    await grant(database, 7, 8)
    messenger = Messenger()
    assert await tell_admins(database, messenger) == 2
    assert messenger.told == [
        (7, "Feed 1 is gone."), (8, "Feed 1 is gone."),
        (7, "Feed 2 is gone."), (8, "Feed 2 is gone."),
    ]  # fmt: skip
    assert await tell_admins(database, messenger) == 0


async def test_a_message_that_was_lost_is_not_sent_again(database: Database) -> None:
    await grant(database, 7)
    assert await tell_admins(database, Messenger(SendOutcome.UNCERTAIN)) == 2
    assert await tell_admins(database, Messenger()) == 0


async def test_without_admins_notices_wait_for_one(database: Database) -> None:
    assert await tell_admins(database, Messenger()) == 0
    await grant(database, 7)
    assert await tell_admins(database, Messenger()) == 2


async def test_while_telegram_cannot_be_reached_notices_wait(database: Database) -> None:
    await grant(database, 7, 8)
    unreached = Messenger(SendOutcome.RETRY)
    assert await tell_admins(database, unreached) == 0
    assert unreached.told == [(7, "Feed 1 is gone."), (8, "Feed 1 is gone.")]
    assert len(await database(lambda store: store.notices(untold=True))) == 2
    assert await tell_admins(database, Messenger()) == 2


@pytest.mark.parametrize("other", [SendOutcome.SENT, SendOutcome.UNCERTAIN])
async def test_what_one_admin_may_have_got_is_not_sent_again(
    database: Database, other: SendOutcome
) -> None:
    await grant(database, 7, 8)
    assert await tell_admins(database, Messenger(SendOutcome.RETRY, u8=other)) == 2
    assert await tell_admins(database, Messenger()) == 0


async def test_a_tick_sends_ten_notices(database: Database) -> None:
    await grant(database, 7)
    for number in range(MOST):
        key = f"gone:more:{number}"
        await database(lambda store, key=key: store.add_notice(key, "gone", key, at=NOW))  # type: ignore[misc]
    messenger = Messenger()
    assert await tell_admins(database, messenger) == MOST == len(messenger.told) == 10
    assert await tell_admins(database, messenger) == 2


async def test_old_notices_are_no_news(database: Database) -> None:
    await grant(database, 7)
    old = NOW - timedelta(days=2, minutes=1)
    await database(lambda store: store.add_notice("gone:old", "gone", "Long ago.", at=old))
    messenger = Messenger()
    assert await tell_admins(database, messenger) == 2
    assert "Long ago." not in [text for _, text in messenger.told]
    assert await database(lambda store: store.notices(untold=True)) == ()


# ---------------------------------------------------------------- deliveries


def page_of(
    store: MemoryStore, *results: SendResult, chat: str = "@digest", private: bool = False
) -> Channel:
    """A digest of as many pages, of which each came to that."""
    spec = ChannelSpec(chat, private=private)
    channel = store.add_channel(spec, at=NOW, actor="cli")
    pages = tuple(Page(f"{number}") for number in range(len(results)))
    store.queue_digests((DigestOrder(channel.id, NOW, NOW, NOW, (), pages, scheduled=True),))
    for result in results:
        page = store.claim_next(channel.id, NOW)
        assert page is not None
        store.record_send(page.id, result, at=NOW)
    return channel


FAILED = SendResult(SendOutcome.FAILED, "Message is too long")
UNCERTAIN = SendResult(SendOutcome.UNCERTAIN, "no answer in time")


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
async def notices(store: MemoryStore) -> AsyncIterator[DeliveryNotices]:
    made = Database(store)
    yield DeliveryNotices(made)
    made.close()


def texts(store: MemoryStore) -> list[str]:
    return [notice.text for notice in store.notices(untold=True)]


async def test_a_digest_in_doubt_is_told_once_however_many_pages(
    store: MemoryStore, notices: DeliveryNotices
) -> None:
    page_of(store, UNCERTAIN, UNCERTAIN, UNCERTAIN)
    assert await notices.tick() == 1
    assert await notices.tick() == 0
    [text] = texts(store)
    assert "Page 1 of 3 of digest 1 to @digest" in text
    assert "no answer in time" in text
    assert "/deliveries" in text


async def test_each_page_that_is_refused_is_told(
    store: MemoryStore, notices: DeliveryNotices
) -> None:
    page_of(store, FAILED, FAILED)
    assert await notices.tick() == 2
    assert "Message is too long" in texts(store)[0]


async def test_a_restart_tells_nothing_twice_and_misses_nothing(
    store: MemoryStore, notices: DeliveryNotices
) -> None:
    page_of(store, UNCERTAIN)
    await notices.tick()
    page_of(store, FAILED, chat="@other")  # and then the program died
    assert await DeliveryNotices(notices._database).tick() == 1
    assert len(texts(store)) == 2


async def test_a_page_that_is_sent_again_and_in_doubt_again_is_told_again(
    store: MemoryStore, notices: DeliveryNotices
) -> None:
    channel = page_of(store, UNCERTAIN)
    await notices.tick()
    store.settle_delivery(1, "resend", at=NOW, actor="5")
    assert await notices.tick() == 0
    store.claim_next(channel.id, NOW)
    store.record_send(1, UNCERTAIN, at=NOW)
    assert await notices.tick() == 1


async def test_private_chats_are_told_of_once_a_day_and_never_named(
    store: MemoryStore, notices: DeliveryNotices
) -> None:
    for user in range(5):
        page_of(store, UNCERTAIN, FAILED, chat=f"100{user}", private=True)
    assert await notices.tick() == 1
    [text] = texts(store)
    assert "100" not in text


async def test_what_telegram_said_is_cut(store: MemoryStore, notices: DeliveryNotices) -> None:
    page_of(store, SendResult(SendOutcome.FAILED, "x" * 10_000))
    await notices.tick()
    assert len(texts(store)[0]) < 1_000


# ---------------------------------------------------------------- a full disk


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


async def test_a_full_disk_is_told_at_once_and_noted_once_it_works_again(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> bool:
        raise StoreFull("No space.")

    store.grant(7, "owner", at=NOW, actor="cli")
    messenger, clock, database = Messenger(), Clock(), Database(store)
    trouble = DiskTrouble(clock)
    await trouble.tick(database, messenger)
    assert messenger.told == []
    with monkeypatch.context() as patch:
        patch.setattr(store, "add_notice", full)
        trouble.note(StoreBusy("Locked."))
        await trouble.tick(database, messenger)
        assert messenger.told == []
        trouble.note(StoreFull("No space."))
        await trouble.tick(database, messenger)
        await trouble.tick(database, messenger)
        assert len(messenger.told) == 1
        assert "disk is full" in messenger.told[0][1]
        clock.now += timedelta(hours=6)
        await trouble.tick(database, messenger)
        assert len(messenger.told) == 2
    await trouble.tick(database, messenger)
    await trouble.tick(database, messenger)
    assert len(messenger.told) == 2
    assert len(texts(store)) == 1
    database.close()
