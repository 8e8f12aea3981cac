"""When a feed is polled next: sooner never than a floor, later never than a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchers.model import FAILURE_KINDS, FetchFailure
from watchers.polling import CEILING, FLOOR, START, after_failure, after_success

NOW = datetime(2026, 7, 30, 12, tzinfo=UTC)
EVEN = 0.5  # the chance that moves nothing

INTERVALS = {
    "ordinary": (START, START),
    "too short": (1, FLOOR),
    "too long": (10 * CEILING, CEILING),
}


@pytest.mark.parametrize(("interval", "kept"), INTERVALS.values(), ids=INTERVALS)
def test_success_waits_one_interval_within_floor_and_ceiling(interval: int, kept: int) -> None:
    following = after_success(NOW, interval, EVEN)
    assert following.interval == kept
    assert following.due == NOW + timedelta(seconds=kept)


def test_success_forgets_failures() -> None:
    assert after_success(NOW, START, EVEN).failures == 0


@pytest.mark.parametrize(("chance", "share"), [(0.0, 0.9), (0.5, 1.0), (0.999999, 1.1)])
def test_chance_moves_the_next_poll_by_a_tenth(chance: float, share: float) -> None:
    due = after_success(NOW, 1000, chance).due
    assert (due - NOW).total_seconds() == pytest.approx(1000 * share, abs=0.01)


WEIGHTS = {
    "temporary DNS": (FetchFailure("dns", ""), 0.25),
    "time-out": (FetchFailure("timeout", ""), 0.5),
    "TLS": (FetchFailure("tls", ""), 0.5),
    "connection": (FetchFailure("connect", ""), 0.5),
    "cut": (FetchFailure("cut", ""), 0.5),
    "404": (FetchFailure("status", "", 404), 0.5),
    "500": (FetchFailure("status", "", 500), 0.5),
    "503": (FetchFailure("status", "", 503), 0.5),
    "403": (FetchFailure("status", "", 403), 1.0),
    "410": (FetchFailure("status", "", 410), 1.0),
    "refused": (FetchFailure("refused", ""), 1.0),
    "not a feed": (FetchFailure("not-a-feed", "", 200), 1.0),
    "parser": (FetchFailure("parser", "", 200), 1.0),
}


@pytest.mark.parametrize(("failure", "weight"), WEIGHTS.values(), ids=WEIGHTS)
def test_failures_are_graded(failure: FetchFailure, weight: float) -> None:
    assert after_failure(NOW, START, 2.0, failure, EVEN).failures == 2.0 + weight


def test_failures_back_off_in_a_straight_line() -> None:
    failures, waits = 0.0, []
    for _ in range(4):
        following = after_failure(NOW, 600, failures, FetchFailure("refused", ""), EVEN)
        failures = following.failures
        waits.append((following.due - NOW).total_seconds())
    assert waits == [1200, 1800, 2400, 3000]


RETRY = {
    "longer than ours": (7200, 7200),
    "shorter than ours": (1, 900),
    "longer than a day": (10**9, CEILING),
    "at once": (0, 900),
}


@pytest.mark.parametrize(("asked", "waited"), RETRY.values(), ids=RETRY)
def test_retry_after_is_obeyed_up_to_a_day(asked: int, waited: int) -> None:
    failure = FetchFailure("status", "", 503, retry_after=asked)
    due = after_failure(NOW, 600, 0.0, failure, EVEN).due
    assert (due - NOW).total_seconds() == waited


@given(
    kind=st.sampled_from(FAILURE_KINDS),
    failures=st.floats(0, 1e6),
    interval=st.integers(0, 10**6),
    chance=st.floats(0, 1, exclude_max=True),
    retry=st.none() | st.integers(0, 10**9),
)
def test_no_feed_is_given_up_nor_asked_at_once(
    kind: str, failures: float, interval: int, chance: float, retry: int | None
) -> None:
    failure = FetchFailure(kind, "", retry_after=retry)
    following = after_failure(NOW, interval, failures, failure, chance)
    wait = (following.due - NOW).total_seconds()
    assert FLOOR * 0.9 <= wait <= CEILING * 1.1
    assert following.failures > failures or failures > 1e15
