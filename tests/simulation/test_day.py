"""A day over 300 feeds: nothing missed that could be read, and what was missed is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

import pytest

import config
from tests.simulation import figures
from tests.simulation.drive import Diary, Driver, Poll
from tests.simulation.world import DAY, GROUPS, HOUR, MINUTE, Source, World, at, make_world
from watchers import coverage
from watchers.match import Matcher
from watchers.watchlist import parse_watchlist

SEED = 1988
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Day:
    """A simulated day (and another one, so that what it published can be read)."""

    world: World
    diary: Diary
    driver: Driver

    @property
    def turned_over(self) -> list[tuple[Source, Poll]]:
        """The readings that found nothing listed that was known."""
        return [
            (source, poll)
            for source in self.world.sources
            for poll in self.diary.polls[source.number]
            if poll.before > 0 and poll.count - poll.before >= source.listing
        ]

    def feed_id(self, source: Source) -> int:
        """Its number in the store."""
        return self.driver.store.feed(source.url).id


@cache
def day() -> Day:
    """Simulated once; nobody changes it."""
    world = make_world(SEED)
    driver = Driver(world, SEED)
    return Day(world, driver.run(2 * DAY), driver)


def test_the_world_is_as_lively_as_it_should_be() -> None:
    world = day().world
    a_day = {
        group: [source.between(0, DAY) for source in world.sources if source.group == group]
        for group in GROUPS
    }
    assert {group: len(counts) for group, counts in a_day.items()} == dict.fromkeys(GROUPS, 100)
    assert sum(a_day["hourly"]) / 100 >= 24
    assert 1 <= sum(a_day["daily"]) / 100 <= 5
    assert sum(a_day["rare"]) / 100 < 1


def test_no_entry_is_missed_of_feeds_that_list_two_intervals_worth() -> None:
    """Two of the intervals that the policy chose for it."""
    world, diary = day().world, day().diary
    roomy = [one for one in world.sources if figures.is_roomy(diary, one)]
    assert len(roomy) > 250
    assert {one.number for one in roomy if figures.lost(world, diary, one)} == set()


@pytest.mark.parametrize("minutes", [15, 10, 5])
def test_no_entry_is_missed_that_polling_at_a_fixed_interval_would_not_miss(minutes: int) -> None:
    """More strictly: two of this interval, or of what the publisher asked for, at all times."""
    world, diary = day().world, day().diary
    roomy = [
        one
        for one in world.sources
        if figures.is_roomy_for(one, max(minutes * MINUTE, one.ttl * MINUTE, one.max_age))
    ]
    assert len(roomy) > 250
    assert {one.number for one in roomy if figures.lost(world, diary, one)} == set()


def test_far_fewer_requests_than_every_15_minutes() -> None:
    share = figures.figures(day().world, day().diary).requests
    assert 0.1 < share < 0.45


@pytest.mark.parametrize(
    ("group", "mean", "usual"),
    [
        ("hourly", 25 * MINUTE, 70 * MINUTE),
        ("daily", HOUR, 3 * HOUR),
        ("rare", 2 * HOUR, 4.5 * HOUR),
    ],
)
def test_entries_are_read_soon_after_they_appear(group: str, mean: float, usual: float) -> None:
    found = figures.figures(day().world, day().diary, group)
    assert found.entries > 10
    assert found.mean < mean
    assert found.usual < usual


def test_the_ledger_names_every_gap_and_none_other() -> None:
    """A gap: nothing that was known is listed any more, so entries may have come and gone."""
    store = day().driver.store
    named = {(gap.feed_id, gap.since, gap.until) for gap in store.gaps(at(0), limit=10_000)}
    made = {(day().feed_id(s), *poll.gap) for s, poll in day().turned_over if poll.gap is not None}
    assert len(made) == len(day().turned_over) > 10
    assert named == made


def test_gaps_enclose_what_was_missed() -> None:
    told = [poll for polls in day().diary.polls.values() for poll in polls if poll.gap is not None]
    lossy = [(s, poll) for s, poll in day().turned_over if poll.lost]
    assert len(lossy) > 0.8 * len(told)  # the others just touch: nothing known, nothing missed
    for source, poll in lossy:
        assert poll.gap is not None
        missed = source.published[poll.before : poll.before + poll.lost]
        assert poll.gap[0] <= at(missed[0]) + SECOND
        assert at(missed[-1]) <= poll.gap[1]
    missing = sum(poll.lost for polls in day().diary.polls.values() for poll in polls)
    assert missing == sum(poll.lost for _, poll in lossy)


def test_our_own_outage_is_told_once_and_blames_hardly_any_feed() -> None:
    diary, (true,) = day().diary, day().world.outages
    began, over = diary.outages
    assert (began.since, began.until) == (over.since, None)
    assert over.until is not None
    assert abs((began.since - at(true.since)).total_seconds()) < 5 * MINUTE
    assert abs((over.until - at(true.until)).total_seconds()) < 15 * MINUTE
    excused = sum(poll.outcome == "outage" for polls in diary.polls.values() for poll in polls)
    assert diary.blamed <= 0.02 * excused  # the first ones, when the others still seemed well
    assert diary.excused == 0


def test_the_report_names_those_that_were_down_and_when() -> None:
    world, store = day().world, day().driver.store
    now = at(2 * DAY)
    found = coverage.report(
        store.feeds(),
        failed_runs=store.failed_runs(at(0)),
        gaps=store.gaps(at(0), limit=10_000),
        rhythms=store.rhythms(at(0)),
        since=at(0),
        now=now,
    )
    told = {one.feed.url: one.unreachable for one in found.feeds if one.unreachable}
    blamed = 0
    for source in world.sources:
        for span in told.get(source.url, ()):
            true = [*source.troubles, *world.outages]
            assert any(at(t.since) <= span.since <= at(t.until + 30) for t in true)
            blamed += not any(
                at(t.since) <= span.since <= at(t.until + 30) for t in source.troubles
            )
    assert blamed <= day().diary.blamed
    asked = {
        source.url
        for source in world.sources
        if any(t.covers(poll.began) for poll in day().diary.polls[source.number]
               for t in source.troubles if not world.outage(poll.began))
    }  # fmt: skip
    assert asked <= set(told)
    assert len(asked) > 10
    (offline,) = found.offline
    assert (
        day().diary.outages[0].since
        <= offline.since
        <= offline.until
        <= at(world.outages[0].until + 30)
    )


def test_documents_written_and_read_come_to_the_same() -> None:
    """What is made up above is what the real reader gives: poll for poll, to the second."""
    world = make_world(SEED, feeds=24)
    matcher = Matcher(parse_watchlist(config.shipped_watchlist(), "watchlist.toml"))
    made_up = Driver(world, SEED).run(DAY)
    real = Driver(world, SEED, matcher).run(DAY)
    assert sum(map(len, real.polls.values())) > 300
    assert dict(real.polls) == dict(made_up.polls)


def test_the_figures_tell_a_policy_that_misses_from_one_that_does_not() -> None:
    """A source that publishes 30 entries in 10 minutes and lists 10 is missed, and told."""
    source = Source(0, "burst.example", "daily", 10, "dated", burst(), validates=True)
    world = World([source], days=1)
    driver = Driver(world, SEED)
    diary = driver.run(DAY)
    assert figures.lost(world, diary, source) == 20
    assert not figures.is_roomy_for(source, 15 * MINUTE)
    assert len(driver.store.gaps(at(0))) == 1


def burst() -> Sequence[int]:
    """Old entries, then 30 within 10 minutes."""
    return [*range(-20 * HOUR, 0, HOUR), *range(12 * HOUR, 12 * HOUR + 600, 20)]
