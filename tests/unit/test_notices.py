"""Admins are told each thing once, whatever becomes of the message."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from bot.database import Database
from bot.notices import tell_admins
from storage import MemoryStore
from watchers.telling import SendOutcome, SendResult

NOW = datetime(2026, 7, 30, 12, tzinfo=UTC)


class Messenger:
    def __init__(self, outcome: SendOutcome = SendOutcome.SENT) -> None:
        self.outcome = outcome
        self.told: list[tuple[int, str]] = []

    async def tell(self, user_id: int, text: str) -> SendResult:
        self.told.append((user_id, text))
        return SendResult(self.outcome, "as asked")


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
