"""Digests are due at wall-clock times, once a day each, also when clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.schedule import latest_slot, next_slot
from watchers.scope import EVERY_DAY
from watchers.telling import Channel

ADDED = datetime(2020, 1, 1, tzinfo=UTC)


def channel(zone: str, *schedule: str, weekdays: tuple[int, ...] = EVERY_DAY) -> Channel:
    return Channel(1, "@test", zone, schedule, "en", ADDED, weekdays=weekdays)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# zone, clock, now (UTC), latest slot (UTC), next slot (UTC)
SLOTS = {
    "summer": (
        "Europe/Berlin", "08:00", "2026-07-30 12:00", "2026-07-30 06:00", "2026-07-31 06:00",
    ),
    "winter": (
        "Europe/Berlin", "08:00", "2026-01-30 12:00", "2026-01-30 07:00", "2026-01-31 07:00",
    ),
    "before today's": ("UTC", "08:00", "2026-07-30 07:59", "2026-07-29 08:00", "2026-07-30 08:00"),
    "on the minute": ("UTC", "08:00", "2026-07-30 08:00", "2026-07-30 08:00", "2026-07-31 08:00"),
    "midnight": ("UTC", "00:00", "2026-07-30 00:01", "2026-07-30 00:00", "2026-07-31 00:00"),
    "day differs from UTC's": (
        "Asia/Tehran", "01:00", "2026-07-29 22:00", "2026-07-29 21:30", "2026-07-30 21:30",
    ),
    "far east": (
        "Pacific/Kiritimati", "08:00", "2026-07-30 12:00", "2026-07-29 18:00", "2026-07-30 18:00",
    ),
    "Berlin, clock goes forward": (
        "Europe/Berlin", "08:00", "2026-03-29 12:00", "2026-03-29 06:00", "2026-03-30 06:00",
    ),
    "Berlin, a time that is skipped": (
        "Europe/Berlin", "02:30", "2026-03-29 12:00", "2026-03-29 01:30", "2026-03-30 00:30",
    ),
    "Berlin, clock goes back": (
        "Europe/Berlin", "08:00", "2026-10-25 12:00", "2026-10-25 07:00", "2026-10-26 07:00",
    ),
    "Berlin, a time shown twice: the first": (
        "Europe/Berlin", "02:30", "2026-10-25 01:00", "2026-10-25 00:30", "2026-10-26 01:30",
    ),
    "Berlin, a time shown twice: not again": (
        "Europe/Berlin", "02:30", "2026-10-25 01:45", "2026-10-25 00:30", "2026-10-26 01:30",
    ),
    "Tehran, midnight is skipped (2021)": (
        "Asia/Tehran", "00:30", "2021-03-22 12:00", "2021-03-21 21:00", "2021-03-22 20:00",
    ),
    "Tehran, 23:30 is shown twice (2021)": (
        "Asia/Tehran", "23:30", "2021-09-21 20:30", "2021-09-21 19:00", "2021-09-22 20:00",
    ),
    "Tehran, no summer time since 2022": (
        "Asia/Tehran", "08:00", "2026-03-23 12:00", "2026-03-23 04:30", "2026-03-24 04:30",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("zone", "clock", "now", "latest", "following"), SLOTS.values(), ids=SLOTS)
def test_slots_are_wall_clock_times_of_the_zone(
    zone: str, clock: str, now: str, latest: str, following: str
) -> None:
    assert latest_slot(channel(zone, clock), utc(now)) == utc(latest)
    assert next_slot(channel(zone, clock), utc(now)) == utc(following)


def test_several_times_a_day_are_taken_in_turn() -> None:
    twice = channel("UTC", "18:00", "08:00")
    assert latest_slot(twice, utc("2026-07-30 12:00")) == utc("2026-07-30 08:00")
    assert next_slot(twice, utc("2026-07-30 12:00")) == utc("2026-07-30 18:00")


def test_a_channel_without_a_schedule_has_no_slots() -> None:
    silent = channel("Europe/Berlin")
    assert latest_slot(silent, utc("2026-07-30 12:00")) is None
    assert next_slot(silent, utc("2026-07-30 12:00")) is None


CHANGES = {
    "Berlin forward": ("Europe/Berlin", "2026-03-28 12:00"),
    "Berlin back": ("Europe/Berlin", "2026-10-24 12:00"),
    "Tehran forward": ("Asia/Tehran", "2021-03-20 12:00"),
    "Tehran back": ("Asia/Tehran", "2021-09-20 12:00"),
}


@pytest.mark.parametrize(("zone", "start"), CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("clock", ["00:00", "00:30", "01:30", "02:00", "02:30", "03:00", "23:30"])
def test_each_time_of_day_comes_once_a_day_when_clocks_change(
    zone: str, start: str, clock: str
) -> None:
    one = channel(zone, clock)
    slots = {
        latest_slot(one, utc(start) + timedelta(minutes=minutes))
        for minutes in range(0, 3 * 24 * 60, 7)
    }
    assert len(slots) == 4  # three days and the one before


_moments = st.integers(0, 20 * 365 * 24 * 60).map(
    lambda n: utc("2015-01-01") + timedelta(minutes=n)
)
_clocks = st.times().map(lambda t: t.strftime("%H:%M"))
_zones = st.sampled_from(
    ["Europe/Berlin", "Asia/Tehran", "America/New_York", "Pacific/Apia", "UTC"]
)


@given(_moments, st.lists(_clocks, min_size=1, max_size=3), _zones)
def test_now_lies_between_the_latest_slot_and_the_next(
    now: datetime, clocks: list[str], zone: str
) -> None:
    one = channel(zone, *clocks)
    latest, following = latest_slot(one, now), next_slot(one, now)
    assert latest is not None
    assert following is not None
    assert latest <= now < following
    assert latest_slot(one, following) == following
    assert following - latest <= timedelta(hours=25)


# ---------------------------------------------------------------- weekdays

FRIDAY, MONDAY, SUNDAY = 5, 1, 7
# zone, clock, weekdays, now (UTC), latest slot (UTC), next slot (UTC); 30 July 2026 is a Thursday
WEEKLY = {
    "every Friday, asked on a Thursday": (
        "UTC", "08:00", (FRIDAY,), "2026-07-30 12:00", "2026-07-24 08:00", "2026-07-31 08:00",
    ),
    "every Friday, asked on a Friday morning": (
        "UTC", "08:00", (FRIDAY,), "2026-07-31 07:59", "2026-07-24 08:00", "2026-07-31 08:00",
    ),
    "every Friday, on the minute": (
        "UTC", "08:00", (FRIDAY,), "2026-07-31 08:00", "2026-07-31 08:00", "2026-08-07 08:00",
    ),
    "two days": (
        "UTC", "08:00", (MONDAY, FRIDAY), "2026-07-30 12:00", "2026-07-27 08:00",
        "2026-07-31 08:00",
    ),
    "the weekday is the zone's, not UTC's": (
        "Asia/Tehran", "01:00", (FRIDAY,), "2026-07-30 22:00", "2026-07-30 21:30",
        "2026-08-06 21:30",
    ),
    "far east": (
        "Pacific/Kiritimati", "08:00", (FRIDAY,), "2026-07-30 17:59", "2026-07-23 18:00",
        "2026-07-30 18:00",
    ),
    "far west, just before midnight": (
        "America/Los_Angeles", "23:59", (FRIDAY,), "2026-08-01 06:59", "2026-08-01 06:59",
        "2026-08-08 06:59",
    ),
    "Berlin, the Sunday that skips 02:30": (
        "Europe/Berlin", "02:30", (SUNDAY,), "2026-03-29 12:00", "2026-03-29 01:30",
        "2026-04-05 00:30",
    ),
    "Berlin, the Sunday that has 02:30 twice": (
        "Europe/Berlin", "02:30", (SUNDAY,), "2026-10-25 01:45", "2026-10-25 00:30",
        "2026-11-01 01:30",
    ),
    "Berlin, the Monday after": (
        "Europe/Berlin", "00:00", (MONDAY,), "2026-10-25 23:00", "2026-10-25 23:00",
        "2026-11-01 23:00",
    ),
    "Tehran, the Monday that begins at 01:00 (2021)": (
        "Asia/Tehran", "00:30", (MONDAY,), "2021-03-22 12:00", "2021-03-21 21:00",
        "2021-03-28 20:00",
    ),
    "Apia, the Friday that never was (2011)": (
        "Pacific/Apia", "08:00", (FRIDAY,), "2012-01-03 00:00", "2011-12-30 18:00",
        "2012-01-05 18:00",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "clock", "weekdays", "now", "latest", "following"), WEEKLY.values(), ids=WEEKLY
)
def test_weekdays_are_those_of_the_zone(
    zone: str, clock: str, weekdays: tuple[int, ...], now: str, latest: str, following: str
) -> None:
    one = channel(zone, clock, weekdays=weekdays)
    assert latest_slot(one, utc(now)) == utc(latest)
    assert next_slot(one, utc(now)) == utc(following)


def test_a_channel_without_weekdays_has_no_slots() -> None:
    assert latest_slot(channel("UTC", "08:00", weekdays=()), utc("2026-07-30 12:00")) is None
    assert next_slot(channel("UTC", "08:00", weekdays=()), utc("2026-07-30 12:00")) is None


@pytest.mark.parametrize("day", EVERY_DAY)
@pytest.mark.parametrize(("zone", "start"), CHANGES.values(), ids=CHANGES)
def test_a_weekly_time_comes_once_a_week_when_clocks_change(
    zone: str, start: str, day: int
) -> None:
    one = channel(zone, "02:30", weekdays=(day,))
    begin = utc(start) - timedelta(days=7)
    slots = sorted({latest_slot(one, begin + timedelta(hours=n)) for n in range(21 * 24)})  # type: ignore[type-var]
    assert len(slots) == 4  # three weeks and the one before
    assert all(
        slot is not None and slot.astimezone(ZoneInfo(zone)).isoweekday() == day for slot in slots
    )


@given(_moments, st.sets(st.sampled_from(EVERY_DAY), min_size=1), _clocks, _zones)
def test_slots_fall_on_chosen_weekdays_around_now(
    now: datetime, days: set[int], clock: str, zone: str
) -> None:
    one = channel(zone, clock, weekdays=tuple(sorted(days)))
    latest, following = latest_slot(one, now), next_slot(one, now)
    assert latest is not None
    assert following is not None
    assert latest <= now < following
    assert latest_slot(one, following) == following
    assert following - latest <= timedelta(days=7, hours=1)
