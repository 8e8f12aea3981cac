"""When a feed is polled next: as its listing turns over, never sooner than was asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchers import polling
from watchers.model import FAILURE_KINDS, Feed, FetchFailure
from watchers.polling import CEILING, FLOOR, START, Next, asked_wait

NOW = datetime(2026, 7, 30, 12, tzinfo=UTC)
EVEN = 0.5  # the chance that moves nothing
MINUTE, HOUR, DAY = 60, 3600, 86_400


def ago(seconds: float) -> datetime:
    """That long before now."""
    return NOW - timedelta(seconds=seconds)


def feed(**changes: Any) -> Feed:
    """A feed that was read an interval ago and has been silent for a month."""
    interval = changes.get("interval", START)
    kept = Feed(
        id=1,
        url="https://news.example/feed",
        name="News",
        site="",
        language="en",
        kind="world-media",
        paused=False,
        added_at=ago(90 * DAY),
        next_due=NOW,
        interval=START,
        last_success=ago(max(FLOOR, min(CEILING, interval))),
        newest=ago(20 * DAY),
        last_full=ago(HOUR),
    )
    return replace(kept, **changes)


def read(kept: Feed, chance: float = EVEN, **said: Any) -> Next:
    """After a reading of 20 entries that are all known, unless it said otherwise."""
    reading: dict[str, Any] = {
        "listed": 20, "overlap": 20, "oldest": None, "newest": None, "wait": 0, "headers_wait": 0,
    }  # fmt: skip
    return polling.after_reading(kept, NOW, **{**reading, **said}, chance=chance)


def seconds(following: Next) -> float:
    """How long until the next poll."""
    return (following.due - NOW).total_seconds()


# ---------------------------------------------------------------- the interval

NINE = 9 * MINUTE  # so short that no other bound is in the way
OVERLAPS = {
    # listed, known, interval before, interval after
    "all known": (20, 20, NINE, NINE * 3 // 2),
    "nearly all known": (20, 19, NINE, NINE * 3 // 2),
    "two thirds known": (15, 10, NINE, NINE * 3 // 2),
    "just less: it lasts for three": (20, 13, NINE, 514),
    "half known": (20, 10, NINE, NINE * 2 // 3),
    "a tenth known: five minutes": (20, 2, NINE, FLOOR),
    "none known": (20, 0, NINE, FLOOR),
    "none known after half a day": (20, 0, 12 * HOUR, FLOOR),
    "one of one known": (1, 1, NINE, NINE * 3 // 2),
    "more known than listed": (5, 7, NINE, NINE * 3 // 2),
    "nothing listed": (0, 0, NINE, NINE * 3 // 2),
    "nonsense in the database": (20, 20, 0, START * 3 // 2),
    "less than nothing in the database": (20, 20, -5, START * 3 // 2),
    "more than a day in the database": (20, 20, 10**9, 4 * HOUR),
}


@pytest.mark.parametrize(("listed", "known", "was", "will"), OVERLAPS.values(), ids=OVERLAPS)
def test_the_interval_follows_what_was_known(listed: int, known: int, was: int, will: int) -> None:
    assert read(feed(interval=was), listed=listed, overlap=known).interval == will


def test_a_reading_long_overdue_is_measured_by_the_time_that_went_by() -> None:
    """Half is new after three hours, not after 15 minutes: it lasts for six hours."""
    late = feed(last_success=ago(3 * HOUR), newest=ago(20 * DAY))
    assert read(late, overlap=10, newest=ago(HOUR)).interval == START
    prompt = feed(last_success=ago(START), newest=ago(20 * DAY))
    assert read(prompt, overlap=10, newest=ago(1)).interval == 2 * START // 3


SILENCES = {
    # silent for, interval at most
    "not at all": (0, START),
    "an hour": (HOUR, START),
    "three hours": (3 * HOUR, 30 * MINUTE),
    "a day": (24 * HOUR, 4 * HOUR),
    "ten days": (10 * DAY, 4 * HOUR),
    "thirty days": (30 * DAY, 6 * HOUR),
    "a year": (365 * DAY, CEILING),
    "since the clock went back": (-HOUR, START),
}


@pytest.mark.parametrize(("silent", "most"), SILENCES.values(), ids=SILENCES)
def test_no_feed_is_read_later_than_a_share_of_its_silence(silent: int, most: int) -> None:
    quiet = feed(newest=ago(silent), interval=CEILING)
    following = polling.after_unchanged(quiet, NOW, headers_wait=0, chance=EVEN)
    assert following.interval == most
    assert read(quiet).interval == most


def test_a_feed_that_never_listed_anything_is_silent_since_it_was_added() -> None:
    empty = feed(newest=None, added_at=ago(24 * HOUR), interval=CEILING)
    assert read(empty, listed=0, overlap=0).interval == 4 * HOUR
    assert read(empty, listed=0, overlap=0).newest is None


SPANS = {
    # span of the listing, silent for, interval at most
    "unknown": (0, 24 * HOUR, 4 * HOUR),
    "dated all at once": (FLOOR - 1, 24 * HOUR, 4 * HOUR),
    "a week": (7 * DAY, 24 * HOUR, 4 * HOUR),
    "two hours, quiet for an hour": (2 * HOUR, HOUR, START),
    "two hours, quiet for a night": (2 * HOUR, 9 * HOUR, HOUR),
    "ten minutes, quiet for a night": (10 * MINUTE, 9 * HOUR, 9 * HOUR // 24),
    "ten minutes, quiet for two days": (10 * MINUTE, 48 * HOUR, 2 * HOUR),
}


@pytest.mark.parametrize(("span", "silent", "most"), SPANS.values(), ids=SPANS)
def test_a_listing_that_covers_little_time_is_read_sooner(
    span: int, silent: int, most: int
) -> None:
    short = feed(span=span, newest=ago(silent), interval=CEILING)
    following = polling.after_unchanged(short, NOW, headers_wait=0, chance=EVEN)
    assert following.interval == most
    assert following.span == span


def test_the_span_is_what_the_dates_cover() -> None:
    assert read(feed(), overlap=15, oldest=ago(5 * HOUR), newest=ago(60)).span == 5 * HOUR - 60
    dated_at_once = read(feed(span=7), overlap=10, oldest=ago(60), newest=ago(60))
    assert dated_at_once.span == 0


def test_the_span_of_undated_entries_is_what_it_takes_to_replace_them() -> None:
    undated = feed(newest=ago(HOUR), span=99)
    assert read(undated, listed=20, overlap=15).span == 4 * HOUR
    assert read(undated, listed=20, overlap=20).span == 99
    first = feed(newest=None, last_success=None, span=0)
    assert read(first, overlap=0).span == 0


NEWEST = {
    # newest of the feed before, what the new entries are dated, what is kept
    "as dated": (ago(DAY), ago(60), ago(60)),
    "undated: when it was read": (ago(DAY), None, NOW),
    "in the future: now": (ago(DAY), NOW + timedelta(days=9), NOW),
    "dated back: it was not there at the last reading": (ago(DAY), ago(9 * DAY), ago(START)),
}


@pytest.mark.parametrize(("was", "dated", "kept"), NEWEST.values(), ids=NEWEST)
def test_newest_is_when_the_newest_entry_appeared(
    was: datetime, dated: datetime | None, kept: datetime
) -> None:
    assert read(feed(newest=was), overlap=19, newest=dated).newest == kept


def test_newest_stays_when_nothing_was_new() -> None:
    assert read(feed(newest=ago(DAY)), newest=ago(60)).newest == ago(DAY)
    ahead = feed(newest=NOW + timedelta(days=400))
    assert read(ahead).newest == NOW
    assert polling.after_unchanged(ahead, NOW, headers_wait=0, chance=EVEN).newest == NOW


def test_a_first_reading_takes_the_dates_as_they_are() -> None:
    new = feed(last_success=None, newest=None)
    following = read(new, overlap=0, oldest=ago(50 * DAY), newest=ago(40 * DAY))
    assert (following.newest, following.interval) == (ago(40 * DAY), START)
    wire = read(new, overlap=0, oldest=ago(31 * MINUTE), newest=ago(MINUTE))
    assert wire.interval == 10 * MINUTE


# ---------------------------------------------------------------- manners

ASKED = {
    # document's wait, headers' wait, due no sooner than
    "nothing": (0, 0, FLOOR),
    "document": (HOUR, 0, HOUR),
    "headers": (0, HOUR, HOUR),
    "both: the longer": (HOUR, 2 * HOUR, 2 * HOUR),
    "for ever: a day": (10**9, 10**9, CEILING),
    "less than nothing": (-5, -5, FLOOR),
}


@pytest.mark.parametrize(("wait", "headers", "least"), ASKED.values(), ids=ASKED)
@pytest.mark.parametrize("chance", [0.0, 0.999999])
@pytest.mark.parametrize("last_success", [None, ago(START)], ids=["first", "later"])
def test_never_sooner_than_the_publisher_asked(
    wait: int, headers: int, least: int, chance: float, last_success: datetime | None
) -> None:
    kept = feed(last_success=last_success)
    following = read(kept, chance, overlap=0, wait=wait, headers_wait=headers)
    assert least <= seconds(following) <= CEILING
    assert following.floor == min(CEILING, max(0, wait))


def test_what_the_document_asked_holds_until_it_is_read_again() -> None:
    asked = feed(floor=2 * HOUR, newest=NOW)
    following = polling.after_unchanged(asked, NOW, headers_wait=0, chance=0.0)
    assert (seconds(following), following.floor) == (2 * HOUR, 2 * HOUR)
    assert read(asked, wait=0).floor == 0


def test_what_headers_ask_holds_for_one_poll() -> None:
    """A cache that says 4 hours once does not make a lively feed a slow one."""
    following = polling.after_unchanged(feed(newest=NOW), NOW, headers_wait=4 * HOUR, chance=EVEN)
    assert seconds(following) >= 4 * HOUR
    assert (following.interval, following.floor) == (START, 0)


def test_first_polls_spread_over_an_interval() -> None:
    new = feed(last_success=None, newest=None)
    waits = [seconds(read(new, chance, overlap=0)) for chance in (0.0, 0.5, 0.999999)]
    assert waits == [FLOOR, FLOOR + START // 2, FLOOR + START - 1]


@pytest.mark.parametrize(("chance", "share"), [(0.0, 0.9), (0.5, 1.0), (0.999999, 1.1)])
def test_chance_moves_later_polls_by_a_tenth(chance: float, share: float) -> None:
    following = read(feed(newest=NOW), chance)
    assert seconds(following) == pytest.approx(START * share, abs=2)


def test_those_that_wait_for_a_day_drift_apart_too() -> None:
    dead = feed(newest=ago(900 * DAY), interval=CEILING)
    waits = {seconds(read(dead, chance)) for chance in (0.0, 0.5, 0.999999)}
    assert len(waits) == 3
    assert max(waits) <= CEILING


# ---------------------------------------------------------------- failures

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
    "429": (FetchFailure("status", "", 429), 1.0),
    "304 to a feed never read": (FetchFailure("status", "", 304), 1.0),
    "refused": (FetchFailure("refused", ""), 1.0),
    "not a feed": (FetchFailure("not-a-feed", "", 200), 1.0),
    "parser": (FetchFailure("parser", "", 200), 1.0),
}


@pytest.mark.parametrize(("failure", "weight"), WEIGHTS.values(), ids=WEIGHTS)
def test_failures_are_graded(failure: FetchFailure, weight: float) -> None:
    following = polling.after_failure(feed(failures=2.0), NOW, failure, EVEN)
    assert following.failures == 2.0 + weight


def test_failures_back_off_in_a_straight_line_and_leave_the_interval() -> None:
    kept, waits = feed(interval=600), []
    for _ in range(4):
        following = polling.after_failure(kept, NOW, FetchFailure("refused", ""), EVEN)
        kept = replace(kept, failures=following.failures, interval=following.interval)
        waits.append(seconds(following))
    assert waits == [1200, 1800, 2400, 3000]
    assert kept.interval == 600


def test_success_forgets_failures() -> None:
    failing = feed(failures=7.0)
    assert read(failing).failures == 0
    assert polling.after_unchanged(failing, NOW, headers_wait=0, chance=EVEN).failures == 0


RETRY = {
    # status, seconds asked, seconds waited for with an interval of 600
    "longer than ours": (503, 7200, 7200),
    "too many requests": (429, 7200, 7200),
    "shorter than ours": (503, 1, 900),
    "longer than a day": (503, 10**9, CEILING),
    "at once": (503, 0, 900),
    "of a status that has none": (500, 7200, 900),
}


@pytest.mark.parametrize(("status", "asked", "waited"), RETRY.values(), ids=RETRY)
def test_retry_after_is_obeyed_up_to_a_day(status: int, asked: int, waited: int) -> None:
    failure = FetchFailure("status", "", status, retry_after=asked)
    following = polling.after_failure(feed(interval=600), NOW, failure, 0.0)
    own = 600 * (1 + polling.weight(failure)) * 0.9
    assert seconds(following) == (waited if waited > 900 else int(own))


def test_a_slow_feed_is_not_polled_sooner_because_it_fails() -> None:
    slow = feed(interval=CEILING)
    assert seconds(polling.after_failure(slow, NOW, FetchFailure("dns", ""), 0.0)) >= 0.9 * CEILING


def test_a_failing_feed_is_not_asked_sooner_than_it_asked_for() -> None:
    asked = feed(interval=FLOOR, floor=3 * HOUR)
    assert seconds(polling.after_failure(asked, NOW, FetchFailure("dns", ""), 0.0)) >= 3 * HOUR


@pytest.mark.parametrize(
    ("interval", "least"), [(START, FLOOR), (HOUR, 20 * MINUTE), (CEILING, 30 * MINUTE)]
)
def test_our_own_outage_is_tried_again_soon_and_blames_nobody(interval: int, least: int) -> None:
    kept = feed(interval=interval, failures=1.5, floor=60, span=7)
    soon, late = (polling.after_outage(kept, NOW, chance) for chance in (0.0, 0.999999))
    assert (seconds(soon), seconds(late)) == (least, 2 * least - 1)
    assert (soon.failures, soon.interval, soon.floor, soon.span) == (1.5, interval, 60, 7)
    assert soon.newest == kept.newest


@given(
    kind=st.sampled_from(FAILURE_KINDS),
    failures=st.floats(),
    interval=st.integers(-(10**6), 10**12),
    floor=st.integers(-(10**6), 10**12),
    chance=st.floats(0, 1, exclude_max=True),
    retry=st.none() | st.integers(0, 10**9),
)
def test_no_feed_is_given_up_nor_asked_at_once(
    kind: str, failures: float, interval: int, floor: int, chance: float, retry: int | None
) -> None:
    failure = FetchFailure(kind, "", 503 if kind == "status" else None, retry_after=retry)
    kept = feed(interval=interval, failures=failures, floor=floor, last_success=ago(9))
    following = polling.after_failure(kept, NOW, failure, chance)
    assert FLOOR <= seconds(following) <= CEILING
    assert 0 < following.failures <= 10_000
    assert following.failures > failures or not failures < 10_000


NAIVE = NOW.replace(tzinfo=None)  # Hypothesis adds the zone
TIMES = st.none() | st.datetimes(
    NAIVE.replace(year=1980), NAIVE.replace(year=2100), timezones=st.just(UTC)
)


@given(
    listed=st.integers(0, 10**6),
    share=st.floats(0, 1),
    times=st.tuples(TIMES, TIMES, TIMES, TIMES),
    numbers=st.tuples(*[st.integers(-(10**6), 10**12)] * 5),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_whatever_feeds_and_clocks_say_the_next_poll_is_within_a_day(
    listed: int,
    share: float,
    times: tuple[datetime | None, ...],
    numbers: tuple[int, ...],
    chance: float,
) -> None:
    success, kept_newest, oldest, newest = times
    interval, floor, span, wait, headers = numbers
    kept = feed(interval=interval, floor=floor, span=span, last_success=success, newest=kept_newest)
    said = {"oldest": oldest, "newest": newest, "wait": wait, "headers_wait": headers}
    for following in (
        read(kept, chance, listed=listed, overlap=int(listed * share), **said),
        polling.after_unchanged(kept, NOW, headers_wait=headers, chance=chance),
        polling.after_outage(kept, NOW, chance),
    ):
        assert FLOOR <= seconds(following) <= CEILING
        assert FLOOR <= following.interval <= CEILING
        assert following.newest is None or following.newest <= NOW


# ---------------------------------------------------------------- whole answers


def test_a_whole_answer_is_asked_for_once_a_day() -> None:
    assert polling.wants_full(feed(last_full=None), NOW)
    assert not polling.wants_full(feed(last_full=ago(19.9 * HOUR)), NOW)
    assert polling.wants_full(feed(last_full=ago(24 * HOUR)), NOW)


def test_a_clock_that_went_back_does_not_put_off_the_whole_answer() -> None:
    assert polling.wants_full(feed(last_full=NOW + timedelta(days=2)), NOW)


def test_feeds_ask_for_whole_answers_at_times_of_their_own() -> None:
    asked = [polling.wants_full(feed(id=n, last_full=ago(22 * HOUR)), NOW) for n in range(1, 501)]
    assert 200 < sum(asked) < 300


# ---------------------------------------------------------------- gaps

LAST = ago(HOUR)  # the last reading
GAPS: dict[str, tuple[dict[str, Any], tuple[int, int, datetime | None], Any]] = {
    # the feed, (listed, known, oldest), the gap
    "nothing known": ({}, (20, 0, None), (LAST, NOW)),
    "one known": ({}, (20, 1, None), None),
    "nothing listed": ({}, (0, 0, None), None),
    "never read before": ({"last_success": None}, (20, 0, None), None),
    "read, but it listed nothing": ({"newest": None}, (20, 0, None), None),
    "until the oldest that is listed": ({}, (20, 0, ago(600)), (LAST, ago(600))),
    "the oldest is from before": ({}, (20, 0, ago(DAY)), (LAST, NOW)),
    "the oldest is in the future": ({}, (20, 0, NOW + timedelta(days=1)), (LAST, NOW)),
    "the clock went back": (
        {"last_success": NOW + timedelta(days=1)}, (20, 0, None), (NOW, NOW),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "said", "gap"), GAPS.values(), ids=GAPS)
def test_a_gap_is_where_nothing_known_is_listed(
    changes: dict[str, Any], said: tuple[int, int, datetime | None], gap: Any
) -> None:
    kept = feed(**{"last_success": LAST, **changes})
    assert polling.gap(kept, NOW, *said) == gap


def test_a_gap_behind_untrue_304s_reaches_back_to_the_last_whole_answer() -> None:
    lied_to = feed(last_success=LAST, last_full=ago(DAY))
    assert polling.gap(lied_to, NOW, 20, 0, None, conditional=False) == (ago(DAY), NOW)
    assert polling.gap(lied_to, NOW, 20, 0, None, conditional=True) == (LAST, NOW)


# ---------------------------------------------------------------- headers

DATE = "Thu, 30 Jul 2026 12:00:00 GMT"
HEADERS: dict[str, tuple[dict[str, str], int]] = {
    "none": ({}, 0),
    "max-age": ({"cache-control": "max-age=600"}, 600),
    "among others": ({"cache-control": "public, Max-Age = 600 , must-revalidate"}, 600),
    "quoted": ({"cache-control": 'max-age="600"'}, 600),
    "less the age": ({"cache-control": "max-age=600", "age": "100"}, 500),
    "older than that": ({"cache-control": "max-age=600", "age": "700"}, 0),
    "age is nonsense": ({"cache-control": "max-age=600", "age": "old"}, 600),
    "s-maxage is not for us": ({"cache-control": "s-maxage=600"}, 0),
    "zero": ({"cache-control": "max-age=0", "expires": "Fri, 31 Jul 2026 12:00:00 GMT"}, 0),
    "no-store": ({"cache-control": "no-store, max-age=600"}, 0),
    "no-cache": ({"cache-control": "max-age=600, no-cache"}, 0),
    "no-cache of a field": ({"cache-control": 'no-cache="Set-Cookie", max-age=600'}, 600),
    "a day at most": ({"cache-control": "max-age=31536000"}, CEILING),
    "a number without end": ({"cache-control": "max-age=" + "9" * 9_000}, CEILING),
    "negative": ({"cache-control": "max-age=-5"}, 0),
    "other digits": ({"cache-control": "max-age=۶۰۰"}, 0),
    "twice: the first": ({"cache-control": "max-age=600, max-age=60"}, 600),
    "malformed, then Expires": (
        {"cache-control": "max-age=soon", "expires": "Thu, 30 Jul 2026 12:30:00 GMT"}, 1800,
    ),
    "expires": ({"expires": "Thu, 30 Jul 2026 12:30:00 GMT"}, 1800),
    "expires less the server's date": (
        {"expires": "Thu, 30 Jul 2026 13:30:00 GMT", "date": "Thu, 30 Jul 2026 13:00:00 GMT"},
        1800,
    ),
    "expired": ({"expires": "Thu, 30 Jul 2026 11:00:00 GMT", "date": DATE}, 0),
    "expires: 0": ({"expires": "0"}, 0),
    "expires: -1": ({"expires": "-1"}, 0),
    "expires in the year 9999": ({"expires": "Fri, 31 Dec 9999 23:59:59 GMT"}, CEILING),
    "expires beyond years": ({"expires": "Fri, 31 Dec 99999 23:59:59 +9999"}, 0),
    "expires without a zone": ({"expires": "Thu, 30 Jul 2026 12:30:00"}, 1800),
    "date is nonsense": ({"expires": "Thu, 30 Jul 2026 12:30:00 GMT", "date": "today"}, 1800),
    "commas": ({"cache-control": "," * 50_000}, 0),
}  # fmt: skip


@pytest.mark.parametrize(("headers", "wait"), HEADERS.values(), ids=HEADERS)
def test_headers_say_how_long_an_answer_stays_fresh(headers: dict[str, str], wait: int) -> None:
    assert asked_wait(headers, NOW) == wait


@given(st.dictionaries(st.sampled_from(["cache-control", "age", "expires", "date"]), st.text()))
def test_no_header_breaks_it(headers: dict[str, str]) -> None:
    assert 0 <= asked_wait(headers, NOW) <= CEILING


@pytest.mark.parametrize(
    "said",
    [
        {"overlap": 19, "oldest": datetime(1, 1, 1, tzinfo=UTC), "newest": NOW},
        {"overlap": 19},
        {"listed": 10**9, "overlap": 10**9 - 1},
    ],
    ids=["dated in the year 1", "undated, silent for years", "a listing without end"],
)
def test_what_a_listing_covers_is_a_year_at_most(said: dict[str, Any]) -> None:
    kept = feed(newest=ago(3_000 * DAY), last_success=ago(HOUR))
    assert read(kept, **said).span == 366 * DAY
