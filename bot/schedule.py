"""When a channel's digests are due: wall-clock times in its own time zone. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from watchers.telling import Channel


def _moment(day: datetime, clock: str, zone: ZoneInfo) -> datetime:
    """The UTC time at which the clock shows this on that day.

    Where the clock jumps over it, the moment after the jump; where it shows it twice, the
    first (PEP 495, fold=0).
    """
    local = datetime.combine(day.date(), time.fromisoformat(clock), tzinfo=zone)
    return local.astimezone(UTC)


def latest_slot(channel: Channel, now: datetime) -> datetime | None:
    """The latest scheduled time at or before `now`, in UTC; None without a schedule."""
    zone = ZoneInfo(channel.timezone)
    today = now.astimezone(zone)
    slots = [
        _moment(day, clock, zone)
        for day in (today - timedelta(days=1), today)
        for clock in channel.schedule
    ]
    return max((slot for slot in slots if slot <= now), default=None)


def next_slot(channel: Channel, now: datetime) -> datetime | None:
    """The next scheduled time after `now`, in UTC."""
    zone = ZoneInfo(channel.timezone)
    today = now.astimezone(zone)
    slots = [
        _moment(day, clock, zone)
        for day in (today, today + timedelta(days=1), today + timedelta(days=2))
        for clock in channel.schedule
    ]
    return min((slot for slot in slots if slot > now), default=None)
