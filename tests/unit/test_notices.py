"""Admins are told each thing once, whatever becomes of the message."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.clock import utc_now
from bot.database import Database
from bot.notices import MOST, tell_admins
from storage import MemoryStore
from watchers.telling import SendOutcome, SendResult

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
