"""What may have been missed: from the ledger to what people are told. Pure.

Which error is worse: a gap or an outage kept quiet makes a reader trust a silence that means
nothing; one told too many costs a look. What is told is what polls saw: a feed was
*unreachable* from the first poll that failed to the next that did not, *silent* if it gave
nothing new for much longer than it used to, and entries *may* have been lost in a gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

from watchers.model import Feed, Gap, LedgerRow, Rhythm, require_utc

_FEWEST_FINDS = 5  # fewer show no rhythm
_SILENT = timedelta(days=3)  # every feed may be quiet over a long weekend
_SILENT_SPACINGS = 4
_SAME_OUTAGE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of time."""

    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        require_utc(self.since, self.until)

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.until - self.since

    def as_dict(self) -> dict[str, object]:
        """For machines (docs/commands.md): times in ISO 8601 with Z, whole seconds."""
        return {
            "since": _iso(self.since),
            "until": _iso(self.until),
            "seconds": _seconds(self.length),
        }


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _seconds(length: timedelta) -> int:
    return int(length.total_seconds())


# ---------------------------------------------------------------- spans of time


def merged(spans: Iterable[Span], apart: timedelta = timedelta()) -> tuple[Span, ...]:
    """The spans in order, those that overlap or are at most `apart` from each other as one.

    >>> day = datetime(2026, 7, 30, tzinfo=UTC)
    >>> hour = timedelta(hours=1)
    >>> both = merged([Span(day + hour, day + 3 * hour), Span(day, day + 2 * hour)])
    >>> [str(span.length) for span in both]
    ['3:00:00']
    """
    result: list[Span] = []
    for span in sorted(spans):
        if result and span.since <= result[-1].until + apart:
            result[-1] = Span(result[-1].since, max(result[-1].until, span.until))
        else:
            result.append(span)
    return tuple(result)


def within(spans: Iterable[Span], since: datetime, until: datetime) -> tuple[Span, ...]:
    """The parts of the spans that lie in [since, until]."""
    return tuple(
        Span(max(span.since, since), min(span.until, until))
        for span in spans
        if span.since <= until and span.until >= since
    )


def total(spans: Iterable[Span]) -> timedelta:
    """How much time the spans cover together, none of it counted twice."""
    return sum((span.length for span in merged(spans)), timedelta())


# ---------------------------------------------------------------- one feed


def unreachable_spans(
    rows: Sequence[LedgerRow], now: datetime, *, failing_since: datetime | None = None
) -> tuple[Span, ...]:
    """When one feed could not be read, by its runs of polls, oldest first.

    From the first poll that failed to the next that read it, or to `now` while it fails. Our
    own outage neither begins nor ends such a time. `rows` may be only the runs that failed
    (as `LedgerPort.failed_runs` gives them): then a time ends with the last poll of its run,
    as far as is known, and the last one goes on if the feed is `failing_since` it began.
    """
    spans: list[Span] = []
    began: datetime | None = None
    whole = any(row.outcome in ("changed", "unchanged") for row in rows)
    for row in rows:
        if row.outcome == "failed":
            if not whole:
                spans.append(Span(row.since, row.until))
            began = began or row.since
        elif row.outcome != "outage" and began is not None:
            spans.append(Span(began, row.since))
            began = None
    if whole and began is not None:
        spans.append(Span(began, max(began, now)))
    if failing_since is not None and failing_since <= now:
        spans.append(Span(failing_since, now))
    return merged(spans)


def offline_spans(rows: Iterable[LedgerRow]) -> tuple[Span, ...]:
    """When our own network was down: the outages of all feeds together.

    Each feed saw a part of it; parts less than a quarter of an hour apart are one outage.
    """
    outages = (row for row in rows if row.outcome == "outage" and row.kind != "turn")
    return merged((Span(row.since, row.until) for row in outages), _SAME_OUTAGE)


def silence(rhythm: Rhythm | None, feed: Feed, now: datetime) -> timedelta | None:
    """For how long a feed has been silent against its own rhythm; None if it is not.

    It used to give something every so often (at least 5 finds), and now has not for four
    times as long and three days. While a feed fails nobody knows: only the time until its last
    reading counts, and a paused one is not expected to say anything.
    """
    if rhythm is None or rhythm.finds < _FEWEST_FINDS or feed.paused:
        return None
    last = max(rhythm.last, feed.newest or rhythm.last)
    until = now if feed.failing_since is None else min(now, feed.last_success or now)
    spacing = (rhythm.last - rhythm.first) / (rhythm.finds - 1)
    quiet = until - last
    return quiet if quiet > max(_SILENT, _SILENT_SPACINGS * spacing) else None


@dataclass(frozen=True, slots=True)
class FeedReport:
    """What may have been missed of one feed in [since, until], and what asking it cost."""

    feed: Feed
    gaps: tuple[Span, ...] = ()
    unreachable: tuple[Span, ...] = ()
    silent_for: timedelta | None = None
    polls: int = 0
    failed: int = 0
    size: int = 0  # bytes
    new: int = 0  # articles

    @property
    def is_whole(self) -> bool:
        """Nothing to tell: read all the time, as lively as ever."""
        return not self.gaps and not self.unreachable and self.silent_for is None

    def as_dict(self) -> dict[str, object]:
        """For `feeds show --json` (docs/commands.md)."""
        return {
            **self.missed(),
            "polls": self.polls,
            "failed": self.failed,
            "bytes": self.size,
            "new": self.new,
        }

    def missed(self) -> dict[str, object]:
        """What may have been missed alone, for `coverage --json`."""
        return {
            "feed": self.feed.id,
            "name": self.feed.name,
            "url": self.feed.url,
            "gaps": [span.as_dict() for span in self.gaps],
            "unreachable": [span.as_dict() for span in self.unreachable],
            "unreachable_seconds": _seconds(total(self.unreachable)),
            "silent_seconds": None if self.silent_for is None else _seconds(self.silent_for),
        }


def feed_report(
    feed: Feed, rows: Sequence[LedgerRow], rhythm: Rhythm | None, since: datetime, now: datetime
) -> FeedReport:
    """One feed's report from all its runs that reach to `since` (`LedgerPort.ledger`)."""
    down = unreachable_spans(rows, now, failing_since=_failing(feed))
    return FeedReport(
        feed=feed,
        gaps=tuple(Span(*row.gap) for row in rows if row.gap is not None),
        unreachable=within(down, since, now),
        silent_for=silence(rhythm, feed, now),
        polls=sum(row.polls for row in rows),
        failed=sum(row.polls for row in rows if row.outcome == "failed"),
        size=sum(row.size for row in rows),
        new=sum(row.new for row in rows),
    )


def _failing(feed: Feed) -> datetime | None:
    return None if feed.paused else feed.failing_since


# ---------------------------------------------------------------- all feeds


@dataclass(frozen=True, slots=True)
class Report:
    """What may have been missed in [since, until]; only feeds with something to tell."""

    since: datetime
    until: datetime
    watched: int  # feeds, paused ones among them
    paused: int
    unreachable: int  # feeds that could not be read at some time
    offline: tuple[Span, ...]  # our own network was down
    feeds: tuple[FeedReport, ...]  # longest unreachable first

    def as_dict(self) -> dict[str, object]:
        """For `coverage --json` (docs/commands.md)."""
        return {
            "since": _iso(self.since),
            "until": _iso(self.until),
            "watched": self.watched,
            "paused": self.paused,
            "unreachable": self.unreachable,
            "offline": [span.as_dict() for span in self.offline],
            "feeds": [report.missed() for report in self.feeds],
        }


def report(
    feeds: Sequence[Feed],
    *,
    failed_runs: Sequence[LedgerRow],
    gaps: Iterable[Gap],
    rhythms: Mapping[int, Rhythm],
    since: datetime,
    now: datetime,
) -> Report:
    """All feeds together, from what `LedgerPort` gives of the time since then."""
    runs = {
        number: tuple(rows) for number, rows in groupby(failed_runs, key=lambda row: row.feed_id)
    }
    lost: dict[int, list[Span]] = {}
    for gap in gaps:
        lost.setdefault(gap.feed_id, []).append(Span(gap.since, gap.until))
    reports = [
        FeedReport(
            feed=feed,
            gaps=tuple(sorted(lost.get(feed.id, ()))),
            unreachable=within(
                unreachable_spans(runs.get(feed.id, ()), now, failing_since=_failing(feed)),
                since,
                now,
            ),
            silent_for=silence(rhythms.get(feed.id), feed, now),
        )
        for feed in feeds
    ]
    told = [one for one in reports if not one.is_whole]
    told.sort(key=lambda one: (-_seconds(total(one.unreachable)), one.feed.id))
    return Report(
        since=since,
        until=now,
        watched=len(feeds),
        paused=sum(feed.paused for feed in feeds),
        unreachable=sum(bool(one.unreachable) for one in reports),
        offline=within(offline_spans(failed_runs), since, now),
        feeds=tuple(told),
    )
