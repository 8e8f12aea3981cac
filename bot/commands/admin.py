"""Orders of admins: digests, status.

A handler takes the words after the command and gives the answer back; Telegram is left to
`bot.commands.router`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import jobs
from bot.app import Program
from bot.channel_wording import when_words
from bot.clock import utc_now
from bot.commands import lists
from bot.commands.orders import Command, Order, Press
from bot.commands.which import find
from bot.facts import coverage_report, spans
from bot.schedule import next_slot
from bot.wording import ago, count, span, stretch
from watchers.coverage import Report
from watchers.errors import ChannelUnknown, DadkhahError, FeedListInvalid
from watchers.model import Feed, Gap
from watchers.ports import Store
from watchers.telling import Channel, Counts

_DAY = timedelta(days=1)
_NAMED = 5  # feeds that a line of /status names


async def status(program: Program, order: Order) -> str:  # noqa: ARG001 - a handler
    """/status"""
    now = utc_now()
    telling, coverage, channels, all_feeds, report = await program.database(
        lambda s: (
            _telling(s),
            s.coverage(now, now - _DAY),
            s.channels(),
            s.feeds(),
            coverage_report(s, now, now - _DAY),
        )
    )
    counts = telling.counts
    polled = max((f.last_polled for f in all_feeds if f.last_polled), default=None)
    read = f"{coverage.read} read at their latest poll, {coverage.unreachable} unreachable"
    lines = [
        f"Feeds: {coverage.feeds}, {read} for 6 hours or more, {coverage.paused} paused.",
        *_missed(report, all_feeds, coverage.gaps, now),
        f"Last poll {ago(polled, now)}.",
        f"Articles: {counts.articles}, relevant: {counts.relevant}, stories: {counts.stories}.",
        *_told(telling),
        *(_channel(channel, now) for channel in channels if not channel.is_console),
    ]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Telling:
    """What /status says of posting."""

    counts: Counts
    stopped: bool
    approvals: int  # digests that wait for an admin


def _telling(store: Store) -> _Telling:
    return _Telling(store.counts(), store.posting_stopped(), len(store.approvals()))


def _told(telling: _Telling) -> list[str]:
    """Posting, what waits for an admin, and how many are told in private."""
    counts, extra = telling.counts, telling.counts.extra
    lines = ["Posting is stopped everywhere; /resumeposting goes on."] if telling.stopped else []
    lines.append(
        f"Pages queued: {counts.queued}, uncertain: {counts.uncertain}, failed: {counts.failed}."
    )
    open_ = sum(extra.get(f"private_{state}", 0) for state in ("uncertain", "failed"))
    if counts.uncertain or counts.failed or open_:
        lines.append("/deliveries shows those that need a decision.")
    if telling.approvals:
        lines.append(f"Waiting for approval: {count(telling.approvals, 'digest')}; /approvals.")
    if extra.get("subscribers") or extra.get("paused_subscribers"):
        private = ", ".join(
            f"{state}: {extra.get(f'private_{state}', 0)}"
            for state in ("queued", "uncertain", "failed")
        )
        lines.append(
            f"Subscribers: {extra.get('subscribers', 0)}, paused: "
            f"{extra.get('paused_subscribers', 0)}; their pages {private}."
        )
    return lines


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
    return f"{channel.chat}: {due} ({when_words(channel)})."


async def digest(program: Program, order: Order) -> str:
    """/digest [CHANNEL]"""
    if len(order.words) > 1:
        return "Usage: /digest [CHANNEL]\nWithout a channel, all channels are told."
    channels = await _asked(program, order.words)
    if not channels:
        return "There is no channel yet. /addchannel @name adds one."
    now, lines = utc_now(), []
    for channel in channels:
        built = await jobs.queue(program, channel, slot=now, now=now, scheduled=False)
        pages = len(built.pages) if built else 0
        what = f"{pages} page(s) queued" if pages else "nothing new to tell"
        if built and built.waits:
            what = f"{len(built.subjects)} stories wait for approval: /approvals"
        lines.append(
            f"{channel.chat}: {what}{' (the channel is paused)' if channel.paused else ''}"
        )
    return "\n".join(lines)


async def _asked(program: Program, words: Sequence[str]) -> tuple[Channel, ...]:
    if words:
        return (await program.database(lambda store: find(store, words[0])),)
    found = await program.database(lambda store: store.channels())
    return tuple(channel for channel in found if not channel.is_console)


def explained(error: DadkhahError) -> str:
    """An expected error as an admin in a chat can use it."""
    if isinstance(error, FeedListInvalid):
        return lists.explained(error)
    if isinstance(error, ChannelUnknown):
        return f"{error.message} /channels shows them."
    return error.for_admin


COMMANDS = {
    "digest": Command(digest, "tell the channels now what is new"),
    "status": Command(status, "what is watched, stored, queued, and what may have been missed"),
}
PRESSES: dict[str, Press] = {}
