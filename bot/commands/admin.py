"""Orders of admins: feeds, digests, status. Each answers in plain words what it did.

A handler takes the words after the command and gives the answer back; Telegram is left to
`bot.commands.router`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot import jobs
from bot.app import Program
from bot.clock import utc_now
from bot.schedule import next_slot
from bot.wording import ago
from watchers.errors import ChannelUnknown, DadkhahError
from watchers.model import Feed, FeedSpec
from watchers.ports import Store
from watchers.telling import Channel


@dataclass(frozen=True, slots=True)
class Order:
    """A command as it reached us."""

    words: tuple[str, ...]  # after the command's name
    user_id: int

    @property
    def actor(self) -> str:
        """Who asked, for the audit log."""
        return str(self.user_id)


Handler = Callable[[Program, Order], Awaitable[str]]


async def add_feed(program: Program, order: Order) -> str:
    """/addfeed URL"""
    if len(order.words) != 1:
        return "Usage: /addfeed URL\nGive one address: /addfeed https://example.org/feed/"
    spec = FeedSpec(order.words[0])
    feed, found = await program.registry.add_feed(spec, now=utc_now(), actor=order.actor)
    answer = f"Feed {feed.id} is watched: {feed.name}\n{feed.url}"
    if found is None:
        return answer
    if found.failure is not None:
        return f"{answer}\nIt could not be read now: {found.failure.detail}. It is tried again."
    return (
        f"{answer}\n{found.entries} entries, {found.relevant} of them on the subject. "
        "What was published in the last 24 hours counts as news."
    )


async def feeds(program: Program, order: Order) -> str:  # noqa: ARG001 - a handler
    """/feeds"""
    found = await program.database(lambda store: store.feeds())
    if not found:
        return "No feed is watched yet. /addfeed URL adds one."
    now = utc_now()
    lines = [
        f"{f.id}. {f.name} ({f.language or '?'}): {_state(f)}, read {ago(f.last_success, now)}"
        for f in found
    ]
    return "\n".join((f"{len(found)} feeds:", *lines))


def _state(feed: Feed) -> str:
    if feed.paused:
        return "paused"
    return f"failing ({feed.last_error})" if feed.failures else "ok"


async def remove_feed(program: Program, order: Order) -> str:
    """/removefeed NUMBER"""
    if len(order.words) != 1:
        return "Usage: /removefeed NUMBER\n/feeds shows the numbers."

    def remove(store: Store) -> Feed:
        feed = store.feed(order.words[0])
        return store.remove_feed(feed.id, at=utc_now(), actor=order.actor)

    feed = await program.database(remove)
    return f"Feed {feed.id} is no longer watched: {feed.name}. Its articles stay."


async def status(program: Program, order: Order) -> str:  # noqa: ARG001 - a handler
    """/status"""
    now = utc_now()
    counts, coverage, channels, all_feeds = await program.database(
        lambda s: (s.counts(), s.coverage(now), s.channels(), s.feeds())
    )
    polled = max((f.last_polled for f in all_feeds if f.last_polled), default=None)
    read = f"{coverage.read} read at their latest poll, {coverage.unreachable} unreachable"
    lines = [
        f"Feeds: {coverage.feeds}, {read} for 6 hours or more, {coverage.paused} paused.",
        f"Last poll {ago(polled, now)}.",
        f"Articles: {counts.articles}, relevant: {counts.relevant}, stories: {counts.stories}.",
        f"Pages queued: {counts.queued}, uncertain: {counts.uncertain}, failed: {counts.failed}.",
        *(_channel(channel, now) for channel in channels if not channel.is_console),
    ]
    return "\n".join(lines)


def _channel(channel: Channel, now: datetime) -> str:
    if channel.paused:
        return f"{channel.chat}: paused ({channel.pause_reason or 'by an admin'})."
    slot = next_slot(channel, now)
    due = f"next digest {ago(slot, now)}" if slot else "no digest is scheduled"
    return f"{channel.chat}: {due} ({', '.join(channel.schedule)} {channel.timezone})."


async def digest(program: Program, order: Order) -> str:
    """/digest [CHANNEL]"""
    if len(order.words) > 1:
        return "Usage: /digest [CHANNEL]\nWithout a channel, all channels are told."
    channels = await _asked(program, order.words)
    if not channels:
        return "There is no channel yet. `dadkhah channels add @name` adds one."
    now, lines = utc_now(), []
    for channel in channels:
        built = await jobs.queue(program, channel, slot=now, now=now, scheduled=False)
        pages = len(built.pages) if built else 0
        what = f"{pages} page(s) queued" if pages else "nothing new to tell"
        lines.append(
            f"{channel.chat}: {what}{' (the channel is paused)' if channel.paused else ''}"
        )
    return "\n".join(lines)


async def _asked(program: Program, words: Sequence[str]) -> tuple[Channel, ...]:
    if words:
        return (await program.database(lambda store: store.channel(words[0])),)
    found = await program.database(lambda store: store.channels())
    return tuple(channel for channel in found if not channel.is_console)


def explained(error: DadkhahError) -> str:
    """An expected error as an admin in a chat can use it."""
    if isinstance(error, ChannelUnknown):
        return f"{error.message} /status shows the channels."
    return error.for_admin


COMMANDS: dict[str, tuple[Handler, str]] = {
    "addfeed": (add_feed, "watch a feed: /addfeed URL"),
    "feeds": (feeds, "all feeds and how they are doing"),
    "removefeed": (remove_feed, "stop watching a feed: /removefeed NUMBER"),
    "digest": (digest, "tell the channels now what is new"),
    "status": (status, "what is watched, stored, queued"),
}
