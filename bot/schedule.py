"""When a channel's digests are due: weekdays and wall-clock times in its own zone. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from watchers.telling import Channel

_DAYS = 9  # from today: a week, and one more for a day that a zone left out


def _moment(day: datetime, clock: str, zone: ZoneInfo) -> datetime:
    """The UTC time at which the clock shows this on that day.

    Where the clock jumps over it, the moment after the jump; where it shows it twice, the
    first (PEP 495, fold=0).
    """
    local = datetime.combine(day.date(), time.fromisoformat(clock), tzinfo=zone)
    return local.astimezone(UTC)


def latest_slot(channel: Channel, now: datetime) -> datetime | None:
    """The latest scheduled time at or before `now`, in UTC; None without a schedule."""
    return next(_slots(channel, now, range(0, -_DAYS, -1), lambda slot: slot <= now, max), None)


def next_slot(channel: Channel, now: datetime) -> datetime | None:
    """The next scheduled time after `now`, in UTC; None without a schedule."""
    return next(_slots(channel, now, range(_DAYS), lambda slot: slot > now, min), None)


def _slots(
    channel: Channel,
    now: datetime,
    days: range,
    fits: Callable[[datetime], bool],
    first: Callable[[Iterable[datetime]], datetime],
) -> Iterator[datetime]:
    """The first fitting time of each day, counted from today in the channel's zone.

    A day's times lie before the next day's, also where clocks change, so that the first day
    that has one gives the answer.
    """
    zone = ZoneInfo(channel.timezone)
    today = now.astimezone(zone)
    for number in days:
        day = today + timedelta(days=number)  # wall clock: the date is what counts
        if day.isoweekday() not in channel.weekdays:
            continue
        found = [slot for clock in channel.schedule if fits(slot := _moment(day, clock, zone))]
        if found:
            yield first(found)
