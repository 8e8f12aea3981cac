"""From the ledger to what people are told."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchers import coverage, outage, polling
from watchers.coverage import Span, feed_report, merged, report, silence, total, within
from watchers.model import Feed, Gap, LedgerRow, Rhythm

NOON = datetime(2026, 7, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def at(hours: float) -> datetime:
    """That long after noon."""
    return NOON + timedelta(hours=hours)


def span(since: float, until: float) -> Span:
    """Hours from noon."""
    return Span(at(since), at(until))


def run(outcome: str, since: float, until: float | None = None, **changes: Any) -> LedgerRow:
    """A run of polls with one outcome."""
    values: dict[str, Any] = {"feed_id": 1, "polls": 2, **changes}
    return LedgerRow(
        since=at(since), until=at(since if until is None else until), outcome=outcome, **values
    )


def feed(**changes: Any) -> Feed:
    """A feed that is read without trouble."""
    values: dict[str, Any] = {
        "id": 1, "url": "https://news.example/feed", "name": "News", "site": "",
        "language": "en", "kind": "world-media", "paused": False, "added_at": NOON - 90 * DAY,
        "next_due": NOON, "interval": 900, "last_success": NOON,
    }  # fmt: skip
    return Feed(**{**values, **changes})


@pytest.mark.parametrize("module", [coverage, outage, polling])
def test_the_examples_in_the_documentation_are_true(module: Any) -> None:
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed


# ---------------------------------------------------------------- spans

UNREACHABLE: dict[str, tuple[list[LedgerRow], list[Span]]] = {
    "never": ([run("changed", 0), run("unchanged", 1, 5)], []),
    "until it was read again": (
        [run("changed", 0), run("failed", 1, 3), run("unchanged", 4, 5)], [span(1, 4)],
    ),
    "one poll": ([run("changed", 0), run("failed", 1), run("changed", 2)], [span(1, 2)]),
    "still": ([run("changed", 0), run("failed", 6, 8)], [span(6, 10)]),
    "for different reasons, once": (
        [run("changed", 0), run("failed", 1, 2, kind="dns"), run("failed", 3), run("changed", 5)],
        [span(1, 5)],
    ),
    "twice": (
        [run("failed", 0), run("changed", 1), run("failed", 2), run("changed", 3)],
        [span(0, 1), span(2, 3)],
    ),
    "our outage alone is none": ([run("changed", 0), run("outage", 1, 3), run("changed", 4)], []),
    "our outage in between": (
        [run("failed", 1), run("outage", 2), run("failed", 3), run("changed", 4)], [span(1, 4)],
    ),
    "our outage before": (
        [run("changed", 0), run("outage", 1), run("failed", 2), run("changed", 4)], [span(2, 4)],
    ),
    "only what failed: as far as is known": (
        [run("failed", 1, 3), run("failed", 5, 6)], [span(1, 3), span(5, 6)],
    ),
    "nothing at all": ([], []),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "spans"), UNREACHABLE.values(), ids=UNREACHABLE)
def test_unreachable_is_from_the_first_failed_poll_to_the_next_reading(
    rows: list[LedgerRow], spans: list[Span]
) -> None:
    assert coverage.unreachable_spans(rows, at(10)) == tuple(spans)


def test_a_feed_that_still_fails_is_unreachable_until_now() -> None:
    rows = [run("failed", 1, 3), run("failed", 5, 6)]
    spans = coverage.unreachable_spans(rows, at(10), failing_since=at(5))
    assert spans == (span(1, 3), span(5, 10))


def test_our_outage_is_what_all_feeds_saw_of_it_together() -> None:
    rows = [
        run("outage", 1, 2, feed_id=1), run("outage", 2.1, 3, feed_id=2), run("failed", 0, 9),
        run("outage", 1.5, feed_id=3), run("outage", 6, 7, feed_id=1),
    ]  # fmt: skip
    assert coverage.offline_spans(rows) == (span(1, 3), span(6, 7))


def test_what_lies_outside_of_a_window_does_not_count() -> None:
    spans = [span(0, 1), span(2, 6), span(8, 9)]
    assert within(spans, at(3), at(5)) == (span(3, 5),)
    assert total(within(spans, at(0.5), at(8.5))) == 5 * HOUR


SPANS = st.lists(
    st.tuples(st.integers(0, 50), st.integers(0, 9)).map(lambda s: span(s[0], s[0] + s[1]))
)


@given(SPANS)
def test_no_time_is_counted_twice_and_none_is_lost(spans: list[Span]) -> None:
    hours = {n for one in spans for n in range(60) if one.since <= at(n) and at(n + 1) <= one.until}
    assert total(spans) == len(hours) * HOUR
    together = merged(spans)
    assert all(a.until < b.since for a, b in pairwise(together))


# ---------------------------------------------------------------- silence

DAILY = Rhythm(11, NOON - 20 * DAY, NOON - 10 * DAY)  # then nothing for ten days
Silent = tuple[Rhythm | None, dict[str, Any], timedelta | None]
SILENCES: dict[str, Silent] = {
    "ten days after one a day": (DAILY, {}, 10 * DAY),
    "nothing is known of it": (None, {}, None),
    "too few to have a rhythm": (Rhythm(4, NOON - 20 * DAY, NOON - 19 * DAY), {}, None),
    "three days are a weekend": (Rhythm(99, NOON - 9 * DAY, NOON - 3 * DAY), {}, None),
    "more than three days, one an hour": (
        Rhythm(99, NOON - 9 * DAY, NOON - 3.1 * DAY), {}, 3.1 * DAY,
    ),
    "one a week: four weeks": (Rhythm(5, NOON - 56 * DAY, NOON - 28 * DAY), {}, None),
    "one a week: more": (Rhythm(5, NOON - 57 * DAY, NOON - 29 * DAY), {}, 29 * DAY),
    "paused": (DAILY, {"paused": True}, None),
    "it fails since it was last read": (
        DAILY, {"failing_since": NOON - 9 * DAY, "last_success": NOON - 9.5 * DAY}, None,
    ),
    "it fails, and was silent before": (
        DAILY, {"failing_since": NOON - DAY, "last_success": NOON - DAY}, 9 * DAY,
    ),
    "found something that the ledger does not know": (DAILY, {"newest": NOON - DAY}, None),
    "all at one time": (Rhythm(9, NOON - 4 * DAY, NOON - 4 * DAY), {}, 4 * DAY),
}  # fmt: skip


@pytest.mark.parametrize(("rhythm", "changes", "length"), SILENCES.values(), ids=SILENCES)
def test_silent_is_what_was_livelier_before(
    rhythm: Rhythm | None, changes: dict[str, Any], length: timedelta | None
) -> None:
    assert silence(rhythm, feed(**changes), NOON) == length


# ---------------------------------------------------------------- reports

SPAN_KEYS = {"since", "until", "seconds"}
MISSED_KEYS = {
    "feed", "name", "url", "gaps", "unreachable", "unreachable_seconds", "silent_seconds",
}  # fmt: skip


def test_a_feed_report_counts_what_asking_it_came_to() -> None:
    rows = [
        run("changed", -30, size=1_000, new=3, polls=1),
        run("unchanged", -29, -5, polls=40),
        run("failed", -4, -3, polls=2, kind="timeout"),
        run("changed", -1, size=2_000, new=20, polls=1, gap=(at(-5), at(-2))),
    ]
    found = feed_report(feed(), rows, None, at(-24), NOON)
    assert found.gaps == (span(-5, -2),)
    assert found.unreachable == (span(-4, -1),)
    assert (found.polls, found.failed, found.size, found.new) == (44, 2, 3_000, 23)
    assert not found.is_whole


def test_a_feed_report_for_machines() -> None:
    rows = [run("failed", -4, -3), run("changed", -1, gap=(at(-5), at(-2)))]
    said = feed_report(feed(), rows, DAILY, at(-24), NOON).as_dict()
    assert set(said) == MISSED_KEYS | {"polls", "failed", "bytes", "new"}
    assert said["gaps"] == [
        {"since": "2026-07-30T07:00:00Z", "until": "2026-07-30T10:00:00Z", "seconds": 10_800}
    ]
    assert said["unreachable_seconds"] == 3 * 3_600
    assert said["silent_seconds"] == 10 * 86_400


def test_a_report_names_only_feeds_with_something_to_tell_the_worst_first() -> None:
    feeds = [
        feed(),
        feed(id=2),
        feed(id=3, failing_since=at(-9)),
        feed(id=4, paused=True, failing_since=at(-9)),
        feed(id=5),
        feed(id=6),
    ]
    found = report(
        feeds,
        failed_runs=[
            run("failed", -4, -3, feed_id=2), run("failed", -9, -1, feed_id=3),
            run("outage", -2, -1, feed_id=5),
        ],
        gaps=[Gap(6, "News", at(-3), at(-2))],
        rhythms={1: Rhythm(9, at(-60), at(-1))},
        since=at(-24),
        now=NOON,
    )  # fmt: skip
    assert [one.feed.id for one in found.feeds] == [3, 2, 6]
    assert (found.watched, found.paused, found.unreachable) == (6, 1, 2)
    assert found.offline == (span(-2, -1),)
    assert found.feeds[0].unreachable == (span(-9, 0),)


def test_a_report_for_machines() -> None:
    gaps = [Gap(1, "News", at(-3), at(-2))]
    found = report([feed()], failed_runs=[], gaps=gaps, rhythms={}, since=at(-24), now=NOON)
    said: Any = found.as_dict()
    assert set(said) == {
        "since", "until", "watched", "paused", "unreachable", "offline", "feeds",
    }  # fmt: skip
    assert said["since"] == "2026-07-29T12:00:00Z"
    assert [set(one) for one in said["feeds"]] == [MISSED_KEYS]
    assert set(said["feeds"][0]["gaps"][0]) == SPAN_KEYS


def test_nothing_missed_is_an_empty_report() -> None:
    found = report([feed()], failed_runs=[], gaps=[], rhythms={}, since=at(-24), now=NOON)
    assert (found.feeds, found.offline, found.unreachable) == ((), (), 0)
