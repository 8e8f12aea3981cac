"""Orders of admins: digests, status; and the table of all orders.

A handler takes the words after the command and gives the answer back; Telegram is left to
`bot.commands.router`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bot import jobs
from bot.app import Program
from bot.clock import utc_now
from bot.commands import feeds, lists, preview, stories, watch, watchlist
from bot.commands.orders import Handler, Order
from bot.facts import coverage_report, spans
from bot.schedule import next_slot
from bot.wording import ago, span, stretch
from watchers.coverage import Report
from watchers.errors import ChannelUnknown, DadkhahError, FeedListInvalid
from watchers.model import Feed, Gap
from watchers.telling import Channel

_DAY = timedelta(days=1)
_NAMED = 5  # feeds that a line of /status names


async def status(program: Program, order: Order) -> str:  # noqa: ARG001 - a handler
    """/status"""
    now = utc_now()
    counts, coverage, channels, all_feeds, report = await program.database(
        lambda s: (
            s.counts(),
            s.coverage(now, now - _DAY),
            s.channels(),
            s.feeds(),
            coverage_report(s, now, now - _DAY),
        )
    )
    polled = max((f.last_polled for f in all_feeds if f.last_polled), default=None)
    read = f"{coverage.read} read at their latest poll, {coverage.unreachable} unreachable"
    lines = [
        f"Feeds: {coverage.feeds}, {read} for 6 hours or more, {coverage.paused} paused.",
        *_missed(report, all_feeds, coverage.gaps, now),
        f"Last poll {ago(polled, now)}.",
        f"Articles: {counts.articles}, relevant: {counts.relevant}, stories: {counts.stories}.",
        f"Pages queued: {counts.queued}, uncertain: {counts.uncertain}, failed: {counts.failed}.",
        *(_channel(channel, now) for channel in channels if not channel.is_console),
    ]
    return "\n".join(lines)


def _missed(
    report: Report, all_feeds: Iterable[Feed], gaps: Sequence[Gap], now: datetime
) -> list[str]:
    """What may have been missed in the last 24 hours, a line for each sort that there is."""
    long = [f for f in all_feeds if not f.paused and f.failing_since]
    long.sort(key=lambda f: (f.failing_since or now, f.id))
    failing = _names(f"{f.name} ({ago(f.failing_since, now)})" for f in long)
    lost = _names(f"{gap.feed_name} {stretch(gap.since, gap.until)}" for gap in gaps)
    silent = _names(
        f"{one.feed.name} ({span(int(one.silent_for.total_seconds()))})"
        for one in report.feeds
        if one.silent_for
    )
    told = (
        ("Failing since", failing),
        ("Possible gaps in the last 24 h (UTC)", lost),
        ("Silent for longer than usual", silent),
        ("Our own network was out (UTC)", spans(report.offline)),
    )
    return [f"{what}: {which}." for what, which in told if which]


def _names(given: Iterable[str]) -> str:
    names = list(given)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return "; ".join(names[:_NAMED]) + more


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
    if isinstance(error, FeedListInvalid):
        return lists.explained(error)
    if isinstance(error, ChannelUnknown):
        return f"{error.message} /status shows the channels."
    return error.for_admin


COMMANDS: dict[str, tuple[Handler, str]] = {
    "addfeed": (feeds.add_feed, "watch a feed, or a page's feeds: /addfeed URL"),
    "feeds": (feeds.feeds, "all feeds, failing ones first: /feeds [PAGE]"),
    "feed": (feeds.feed, "one feed in full: /feed NUMBER"),
    "checkfeed": (feeds.check_feed, "ask for a feed once: /checkfeed NUMBER or URL"),
    "pausefeed": (feeds.pause_feed, "stop polling a feed for now: /pausefeed NUMBER"),
    "resumefeed": (feeds.resume_feed, "poll it again: /resumefeed NUMBER"),
    "removefeed": (feeds.remove_feed, "stop watching a feed: /removefeed NUMBER"),
    "export": (lists.export_list, "all feeds as OPML; send me such a list to add its feeds"),
    "watchlist": (watchlist.watchlist, "who is watched for: /watchlist [PAGE, ID or name]"),
    "watch": (watch.watch, "change the watchlist; /watch shows how"),
    "unwatch": (watch.unwatch, "take somebody, or a form of a name, off it: /unwatch ID [NAME]"),
    "test": (preview.test, "what a text is about, and why: /test TEXT, or as a reply"),
    "preview": (preview.preview, "the next digest, and why each story is in it"),
    "story": (stories.story, "what is in a story, and why: /story ID, URL or number"),
    "merge": (stories.merge, "make two stories one: /merge STORY STORY"),
    "split": (stories.split, "take articles out of a story: /split STORY URL..."),
    "digest": (digest, "tell the channels now what is new"),
    "status": (status, "what is watched, stored, queued, and what may have been missed"),
}
