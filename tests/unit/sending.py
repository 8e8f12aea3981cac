"""What tests of delivering share: a sender that answers as it is told to, queued pages."""

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from storage import open_store
from watchers.ports import Store
from watchers.telling import Channel, ChannelSpec, DigestOrder, Page, SendOutcome, SendResult

NOW = datetime(2026, 7, 30, 12, 0, tzinfo=UTC)
SENT = SendResult(SendOutcome.SENT, message_id=7)
RETRY = SendResult(SendOutcome.RETRY, "Flood control", wait=30.0)
FAILED = SendResult(SendOutcome.FAILED, "Message is too long")
UNCERTAIN = SendResult(SendOutcome.UNCERTAIN, "no answer in time")
PAUSE = SendResult(SendOutcome.PAUSE, "bot was kicked")
MIGRATED = SendResult(SendOutcome.MIGRATED, "upgraded", new_chat="-1002")


@dataclass
class ScriptedSender:
    """Answers as it was told to, then with success; remembers what it was given."""

    script: list[SendResult | BaseException] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)
    gate: asyncio.Event | None = None

    async def send(self, channel: Channel, page: Page) -> SendResult:
        """One attempt."""
        self.sent.append((channel.chat, page.text))
        if self.gate is not None:
            await self.gate.wait()
        result = self.script.pop(0) if self.script else SENT
        if isinstance(result, BaseException):
            raise result
        return result

    @property
    def pages(self) -> list[str]:
        """The texts, in order."""
        return [text for _, text in self.sent]


class Clock:
    """A time that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@cache
def _empty() -> bytes:
    """An empty database: migrating one takes longer than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        open_store(f"sqlite:///{path}", create=True).close()
        return path.read_bytes()


def sqlite_store(folder: Path) -> Store:
    """An empty store on the disk."""
    path = folder / "dadkhah.db"
    path.write_bytes(_empty())
    return open_store(f"sqlite:///{path}", create=False)


def add_channel(store: Store, chat: str = "@digest") -> Channel:
    """A channel to tell."""
    return store.add_channel(ChannelSpec(chat), at=NOW, actor="cli")


def queue(store: Store, channel: Channel, *texts: str, slot: datetime = NOW) -> None:
    """A digest of these pages."""
    order = DigestOrder(
        channel.id, slot=slot, built_at=slot, since=slot, subjects=(),
        pages=tuple(Page(text) for text in texts), scheduled=True,
    )  # fmt: skip
    store.queue_digests((order,))


def states(store: Store) -> list[str]:
    """The states of all pages, in order."""
    return [str(d.state) for d in reversed(store.deliveries())]


async def until(condition: Callable[[], bool]) -> None:
    """Let other tasks run until a condition holds."""
    while not condition():  # noqa: ASYNC110 - of a store, which has no events
        await asyncio.sleep(0)
