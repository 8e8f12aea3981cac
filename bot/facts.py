"""What is known of feeds, gathered from the store and put in words: for shell and chat alike.

`FeedFacts` is one feed, `watchers.coverage.Report` all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import wording
from bot.wording import ago, count, span, stretch
from watchers import coverage
from watchers.coverage import FeedReport, Report, Span, feed_report
from watchers.model import Feed, LedgerRow
from watchers.ports import Store

RHYTHM = timedelta(days=90)  # how far back a feed's rhythm is looked for
WEEK = timedelta(days=7)
SHOWN = 5  # spans of time that are written out


@dataclass(frozen=True, slots=True)
class FeedFacts:
    """One feed with what its ledger says since some time."""

    feed: Feed
    former: tuple[str, ...]
    rows: tuple[LedgerRow, ...]
    report: FeedReport
    since: datetime


def feed_facts(store: Store, ref: str, now: datetime, since: datetime) -> FeedFacts:
    """Everything that is told of one feed. FeedUnknown."""
    feed = store.feed(ref)
    rows = store.ledger(feed.id, since)
    rhythm = store.rhythms(now - RHYTHM).get(feed.id)
    report = feed_report(feed, rows, rhythm, since, now)
    return FeedFacts(feed, store.former_addresses(feed.id), rows, report, since)


def coverage_report(store: Store, now: datetime, since: datetime) -> Report:
    """What may have been missed of all feeds since then."""
    return coverage.report(
        store.feeds(),
        failed_runs=store.failed_runs(since),
        gaps=store.gaps(since),
        rhythms=store.rhythms(now - RHYTHM),
        since=since,
        now=now,
    )


# ---------------------------------------------------------------- in words


def feed_lines(facts: FeedFacts, now: datetime) -> list[tuple[str, str]]:
    """A feed's facts: what each is called, and its words. Times are in UTC."""
    feed, report = facts.feed, facts.report
    lines = [
        ("address", feed.url),
        ("state", _state(feed, now)),
        ("last read", moment(feed.last_success, now)),
        ("next poll", _next(feed, now)),
        ("asked", wording.interval_reason(feed)),
        ("validators", _validators(feed)),
        ("latest news", moment(feed.newest, now)),
        ("language, kind", f"{feed.language or 'as each text says'}, {feed.kind}"),
        ("site", feed.site),
    ]
    lines += [("was at", address) for address in facts.former]
    big = report.size >= 1_000_000
    size = f"{report.size / 1_000_000:,.1f} MB" if big else f"{report.size / 1_000:,.0f} kB"
    polls = f"{count(report.polls, 'poll')}, {report.failed} failed"
    lines.append(
        (
            f"since {facts.since:%Y-%m-%d %H:%M}",
            f"{polls}, {count(report.new, 'new article')}, {size}",
        )
    )
    lines.append(("possible gaps", spans(report.gaps) or "none"))
    lines.append(("unreachable", spans(report.unreachable) or "never"))
    silent = report.silent_for
    quiet = f"for {span(int(silent.total_seconds()))}, longer than it used to be" if silent else ""
    lines.append(("silent", quiet or "no"))
    return lines


def _state(feed: Feed, now: datetime) -> str:
    error = f": {feed.last_error}" if feed.failures and feed.last_error else ""
    return wording.state(feed, now) + error


def _next(feed: Feed, now: datetime) -> str:
    if feed.paused:
        return "none while it is paused"
    return moment(feed.next_due, now) if feed.next_due > now else "due now"


def _validators(feed: Feed) -> str:
    held = [
        name
        for name, value in (("ETag", feed.etag), ("Last-Modified", feed.last_modified))
        if value
    ]
    return ", ".join(held) or "none: it is asked for whole each time"


def moment(time: datetime | None, now: datetime) -> str:
    """A time and how long ago it was."""
    return f"{ago(time, now)} ({time:%Y-%m-%d %H:%M} UTC)" if time else "never"


def spans(given: Iterable[Span], most: int = SHOWN) -> str:
    """Stretches of time, the latest ones first."""
    latest = sorted(given, reverse=True)
    shown = ", ".join(stretch(one.since, one.until) for one in latest[:most])
    return f"{shown} and {len(latest) - most} more" if len(latest) > most else shown


def report_summary(report: Report) -> str:
    """All feeds in a line or two."""
    gaps = sum(len(one.gaps) for one in report.feeds)
    silent = sum(one.silent_for is not None for one in report.feeds)
    paused = f", {report.paused} of them paused" if report.paused else ""
    told = (
        f"{count(report.watched, 'feed')} watched{paused}: {report.unreachable} unreachable at "
        f"some time, {count(gaps, 'possible gap')}, {silent} silent."
    )
    if report.offline:
        told += f" Our own network was out: {spans(report.offline)}."
    return told
