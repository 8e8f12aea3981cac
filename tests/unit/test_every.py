"""Ticks after a sleep, a clock that was set, and in everyday life."""

from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.job import Job
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.every import Every

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("gap", "most"),
    [
        pytest.param(timedelta(seconds=0), 1, id="in time"),
        pytest.param(timedelta(seconds=20), 90, id="a stall"),
        pytest.param(timedelta(days=40), 2, id="a long sleep"),
        pytest.param(timedelta(days=365 * 56), 2, id="a clock that began in 1970"),
    ],
)
async def test_missed_turns_are_not_listed_one_by_one(gap: timedelta, most: int) -> None:
    job = Job(
        AsyncIOScheduler(timezone=UTC), trigger=Every(seconds=0.25, timezone=UTC), id="x",
        func=print, next_run_time=NOW - gap, args=(), kwargs={}, executor="default",
        misfire_grace_time=None, coalesce=True, max_instances=1,
    )  # fmt: skip
    turns = job._get_run_times(NOW)
    assert 1 <= len(turns) <= most
    following = job.trigger.get_next_fire_time(turns[-1], NOW)
    assert NOW < following <= NOW + timedelta(seconds=0.5)


def test_turns_keep_their_distance() -> None:
    every = Every(seconds=5, timezone=UTC)
    assert every.get_next_fire_time(NOW, NOW) == NOW + timedelta(seconds=5)
    assert every.get_next_fire_time(NOW, NOW + timedelta(seconds=7)) == NOW + timedelta(seconds=5)
