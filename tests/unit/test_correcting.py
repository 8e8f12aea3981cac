"""Messages that are taken back: edited or deleted until Telegram answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from bot import correcting, deliver
from bot.correcting import Corrector, withdrawn
from bot.database import Database
from bot.deliver import Deliverer
from bot.pacing import Pace
from bot.sender import Probe
from storage import MemoryStore
from tests.unit.sending import NOW, Clock, ScriptedSender, sqlite_store
from watchers.errors import StoreFull
from watchers.ports import Store
from watchers.telling import (
    Channel,
    ChannelSpec,
    DigestOrder,
    Page,
    Placed,
    SendOutcome,
    SendResult,
)

DONE = SendResult(SendOutcome.SENT, message_id=7)
TOO_OLD = SendResult(SendOutcome.FAILED, "Message can't be deleted for everyone")
CUT = SendResult(SendOutcome.UNCERTAIN, "cut")
WAIT = SendResult(SendOutcome.RETRY, "Flood control", wait=30.0)
REFUSED = SendResult(SendOutcome.FAILED, "Message can't be edited")


@dataclass
class Mender:
    """Answers as it was told to, then with success."""

    script: list[SendResult] = field(default_factory=list)
    done: list[tuple[str, str, int, str]] = field(default_factory=list)

    async def edit(self, chat: str, message_id: int, page: Page) -> SendResult:
        """One attempt."""
        return self._answer("edit", chat, message_id, page.text)

    async def delete(self, chat: str, message_id: int) -> SendResult:
        """One attempt."""
        return self._answer("delete", chat, message_id, "")

    async def probe(self, chat: str, message_id: int) -> Probe:
        """Nobody asks."""
        raise NotImplementedError

    def _answer(self, what: str, chat: str, message_id: int, text: str) -> SendResult:
        self.done.append((what, chat, message_id, text))
        return self.script.pop(0) if self.script else DONE


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store."""
    if request.param == "memory":
        return MemoryStore()
    return sqlite_store(tmp_path)


@pytest.fixture
async def database(store: Store) -> AsyncIterator[Database]:
    """The store as the event loop sees it."""
    opened = Database(store)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    """The corrector's clock."""
    return Clock()


@pytest.fixture
def deliverer(database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Deliverer:
    """Whose paces count: there is none."""
    monkeypatch.setattr(deliver, "Pace", lambda: Pace(gap=0.0))
    return Deliverer(database, clock)


@pytest.fixture
def corrector(database: Database, deliverer: Deliverer, clock: Clock) -> Corrector:
    """The one to test."""
    return Corrector(database, deliverer, clock)


def post(store: Store, chat: str, *, private: bool = False, language: str = "en") -> Channel:
    """A chat that was told stories "a" and "b" in messages 101 and 102."""
    spec = ChannelSpec(chat, language=language, private=private)
    channel = store.add_channel(spec, at=NOW, actor="cli")
    pages = tuple(Page(text, placed=(Placed(text, 0, 1),)) for text in "ab")
    order = DigestOrder(channel.id, NOW, NOW, NOW, ("a", "b"), pages, scheduled=True)
    store.queue_digests((order,))
    for number in (101, 102):
        page = store.claim_next(channel.id, NOW)
        assert page is not None
        store.record_send(page.id, SendResult(SendOutcome.SENT, message_id=number), at=NOW)
    return channel


def withdraw(store: Store, subject: str, page: Page | None, what: str = "removed") -> int:
    """Take a story back everywhere."""
    changes = {posted.delivery.id: page for posted in store.posted(subject=subject)}
    return store.withdraw([subject], changes, what=what, at=NOW, actor="5")


async def test_a_message_is_edited_and_another_deleted(store: Store, corrector: Corrector) -> None:
    post(store, "@digest")
    assert withdraw(store, "a", Page("put right"), "corrected") == 1
    assert withdraw(store, "b", None) == 1
    mender = Mender()
    assert await corrector.run(mender) == {"sent": 2}
    assert mender.done == [
        ("edit", "@digest", 101, "put right"),
        ("delete", "@digest", 102, ""),
    ]
    assert await corrector.run(mender) == {}
    assert len(mender.done) == 2


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "This message was withdrawn."), ("fa", "این پیام پس گرفته شد.")],
)
async def test_what_is_too_old_to_be_deleted_says_that_it_was_withdrawn(
    store: Store, corrector: Corrector, language: str, text: str
) -> None:
    post(store, "@digest", language=language)
    withdraw(store, "b", None)
    mender = Mender([TOO_OLD])
    assert await corrector.run(mender) == {"sent": 1}
    assert mender.done[1:] == [("edit", "@digest", 102, text)]


async def test_a_subscriber_reads_it_in_their_own_language(
    store: Store, corrector: Corrector
) -> None:
    post(store, "1001", private=True, language="fr")
    withdraw(store, "b", None)
    mender = Mender([TOO_OLD])
    await corrector.run(mender)
    assert mender.done[1] == ("edit", "1001", 102, "Ce message a été retiré.")


@pytest.mark.parametrize(
    ("result", "seconds"),
    [pytest.param(CUT, 10, id="in-doubt"), pytest.param(WAIT, 30, id="flood")],
)
async def test_what_was_not_answered_is_done_again_later(
    store: Store, corrector: Corrector, clock: Clock, result: SendResult, seconds: int
) -> None:
    post(store, "@digest")
    withdraw(store, "b", None)
    mender = Mender([result])
    await corrector.run(mender)
    await corrector.run(mender)
    assert len(mender.done) == 1
    clock.now += timedelta(seconds=seconds)
    assert await corrector.run(mender) == {"sent": 1}


async def test_admins_are_told_what_telegram_refuses(store: Store, corrector: Corrector) -> None:
    post(store, "@digest")
    withdraw(store, "a", Page("put right"), "corrected")
    assert await corrector.run(Mender([REFUSED])) == {"failed": 1}
    [notice] = store.notices(untold=True)
    assert "101" in notice.text
    assert await corrector.run(Mender()) == {}


async def test_channels_come_before_private_chats(
    store: Store, corrector: Corrector, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        post(store, f"{1_000 + number}", private=True)
    post(store, "@digest")
    withdraw(store, "b", None)
    monkeypatch.setattr(correcting, "MOST", 1)
    mender = Mender()
    await corrector.run(mender)
    assert [chat for _, chat, _, _ in mender.done] == ["@digest", "1000", "1001", "1002"]


async def test_it_does_not_wait_for_a_digest_that_is_being_posted(
    store: Store, corrector: Corrector, deliverer: Deliverer
) -> None:
    channel = post(store, "@digest")
    withdraw(store, "b", None)
    order = DigestOrder(channel.id, NOW + timedelta(1), NOW, NOW, (), (Page("x"),), scheduled=True)
    store.queue_digests((order,))
    sender = ScriptedSender(gate=asyncio.Event())
    posting = asyncio.create_task(deliverer.deliver(channel, sender))
    mender = Mender()
    assert await corrector.run(mender) == {"sent": 1}
    assert sender.gate is not None
    sender.gate.set()
    await posting


async def test_posting_that_is_stopped_does_not_keep_wrong_things_up(
    store: Store, corrector: Corrector
) -> None:
    post(store, "@digest")
    store.stop_posting(stopped=True, at=NOW, actor="5")
    withdraw(store, "b", None)
    assert await corrector.run(Mender()) == {"sent": 1}


async def test_another_process_that_is_at_it_is_left_alone(
    store: Store, corrector: Corrector
) -> None:
    post(store, "@digest")
    withdraw(store, "b", None)
    mender = Mender()
    with store.lock("corrections"):
        assert await corrector.run(mender) == {}
    assert mender.done == []


async def test_what_could_not_be_recorded_is_done_again(
    store: Store, corrector: Corrector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreFull("No space.")

    post(store, "@digest")
    withdraw(store, "b", None)
    mender = Mender()
    with monkeypatch.context() as patch:
        patch.setattr(store, "record_correction", full)
        with pytest.raises(StoreFull):
            await corrector.run(mender)
    await corrector.run(mender)
    assert len(mender.done) == 2
    assert await corrector.run(mender) == {}


async def test_a_chat_that_moves_is_followed(store: Store, corrector: Corrector) -> None:
    post(store, "@digest")
    withdraw(store, "b", None)
    mender = Mender([SendResult(SendOutcome.MIGRATED, "upgraded", new_chat="-1002")])
    await corrector.run(mender)
    assert [chat for _, chat, _, _ in mender.done] == ["@digest", "-1002"]


async def test_a_chat_that_moves_again_and_again_is_not_followed_for_ever(
    store: Store, corrector: Corrector
) -> None:
    post(store, "@digest")
    withdraw(store, "b", None)
    moves = [SendResult(SendOutcome.MIGRATED, "moved", new_chat=f"-100{n}") for n in range(50)]
    mender = Mender(moves)
    await asyncio.wait_for(corrector.run(mender), 5)
    assert len(mender.done) == correcting._TRIES


def test_the_page_is_one_that_the_ledger_can_keep() -> None:
    assert withdrawn("fa").entities == ()
