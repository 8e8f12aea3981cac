"""Alerts: which rule is met, quiet hours, the room of a day, and who is never shown."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.test_digest import outlet_of, told
from watchers import alerts
from watchers.alerts import Untold
from watchers.muting import Mutes
from watchers.scope import AlertRules, Scope
from watchers.telling import Channel, Digest, DigestKind, Tellable

NOW = datetime(2026, 7, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
STRONG = AlertRules(score=2.0)
MANY = AlertRules(outlets=3, hours=24)
CHOSEN = AlertRules(officials=("judge",))


def channel(rules: AlertRules, timezone: str = "UTC", scope: Scope = Scope()) -> Channel:
    return Channel(1, "@x", timezone, ("08:00",), "en", NOW, alerts=rules, scope=scope)


def due(
    where: Channel,
    *articles: Tellable,
    now: datetime = NOW,
    mutes: Mutes = Mutes(),
    alerted: Collection[str] = (),
    sent: int = 0,
) -> tuple[Digest, ...]:
    """The alerts; a title that says "Judge" or "Quiet" names that official."""
    untold = Untold(
        where, articles, outlet_of, lambda official: official != "quiet", mutes, alerted
    )

    def named(article: Tellable) -> Collection[str]:
        return [one for one in article.officials if one.title() in article.title]

    return alerts.due(untold, now=now, sent_today=sent, named=named)


def subjects(found: tuple[Digest, ...]) -> list[str]:
    return [line.subject for alert in found for line in alert.lines]


# ---------------------------------------------------------------- the first report


def test_a_strong_first_report_is_an_alert_of_one_line() -> None:
    (alert,) = due(channel(STRONG), told(1, score=2.0))
    assert (alert.kind, subjects((alert,))) == (DigestKind.ALERT, ["s1"])
    assert alert.stories[0].outlet == "Outlet 1"


NO_REPORT = {
    "weak": [told(1, score=1.9)],
    "not-relevant": [told(1, score=5.0, relevant=False, officials=("judge",), story=None)],
    "party": [told(1, "advocacy", score=5.0)],
    "state": [told(1, "state", score=5.0)],
    "search": [told(1, "query", score=5.0)],
    "copy-of-a-party": [told(1, "advocacy", score=5.0), told(2, score=5.0, duplicate_of=1)],
    "old": [told(1, score=5.0, published=NOW - timedelta(days=3))],
    "seen-long-ago": [told(1, score=5.0, first_seen=NOW - 7 * HOUR)],
}


@pytest.mark.parametrize("articles", NO_REPORT.values(), ids=NO_REPORT)
def test_no_first_report(articles: list[Tellable]) -> None:
    assert due(channel(STRONG), *articles) == ()


def test_an_independent_report_beside_a_partys_is_one() -> None:
    assert subjects(due(channel(STRONG), told(1, "advocacy"), told(2, score=3.0))) == ["s1"]


def test_an_article_without_a_date_is_new() -> None:
    assert subjects(due(channel(STRONG), told(1, score=3.0, published=None))) == ["s1"]


# ---------------------------------------------------------------- many outlets


@pytest.mark.parametrize(
    ("kinds", "alerted"),
    [
        (("world-media", "human-rights", "un"), True),
        (("world-media", "human-rights"), False),
        (("world-media", "human-rights", "advocacy"), False),
        (("world-media", "human-rights", "state"), False),
        (("world-media", "human-rights", "query"), False),
    ],
    ids=["three", "two", "two-and-a-party", "two-and-a-state", "two-and-a-search"],
)
def test_independent_outlets_are_counted(kinds: tuple[str, ...], alerted: bool) -> None:
    found = due(channel(MANY), *(told(n, kind) for n, kind in enumerate(kinds, 1)))
    assert bool(found) == alerted


def test_a_publisher_family_counts_once() -> None:
    same = [told(number, feed_name="Family") for number in (1, 2, 3)]
    assert due(channel(MANY), *same) == ()


@pytest.mark.parametrize(("hours", "alerted"), [(11, True), (13, False)])
def test_outlets_count_within_so_many_hours(hours: int, alerted: bool) -> None:
    times = [NOW - hours * HOUR, NOW - HOUR, NOW]
    articles = [told(n, published=time, first_seen=time) for n, time in enumerate(times, 1)]
    assert bool(due(channel(AlertRules(outlets=3, hours=12)), *articles)) == alerted


def test_a_late_reading_does_not_bring_reports_together() -> None:
    times = [NOW - 30 * HOUR, NOW - 15 * HOUR, NOW]
    articles = [told(n, published=time) for n, time in enumerate(times, 1)]
    assert due(channel(AlertRules(outlets=3, hours=12)), *articles) == ()


def test_a_date_in_the_future_counts_as_seen() -> None:
    ahead = [told(n, published=NOW + n * 20 * HOUR) for n in (1, 2, 3)]
    assert subjects(due(channel(MANY), *ahead)) == ["s1"]


# ---------------------------------------------------------------- officials in headlines


def test_a_headline_that_names_a_chosen_official_is_an_alert() -> None:
    one = told(1, "state", title="Judge speaks", officials=("judge",), relevant=False, story=None)
    (alert,) = due(channel(CHOSEN), one)
    assert alert.named[0].officials == ("judge",)
    assert alert.stories == ()


NO_HEADLINE = {
    "only-in-the-text": told(1, title="Court speaks", officials=("judge",)),
    "another": told(1, title="Clerk speaks", officials=("clerk",)),
}


@pytest.mark.parametrize("article", NO_HEADLINE.values(), ids=NO_HEADLINE)
def test_no_chosen_official_in_the_headline(article: Tellable) -> None:
    assert due(channel(CHOSEN), article) == ()


def test_one_who_may_not_be_shown_is_never_in_an_alert() -> None:
    quiet = told(1, title="Quiet speaks", officials=("quiet",), score=5.0)
    assert due(channel(AlertRules(officials=("quiet",))), quiet) == ()
    assert due(channel(STRONG), quiet) == ()
    (alert,) = due(channel(STRONG), replace(quiet, title="A court speaks"))
    assert alert.stories[0].officials == ()


def test_only_titles_that_matter_are_looked_up() -> None:
    articles = (
        told(1, officials=("judge",)), told(2, officials=("clerk",)), told(3),
        told(4, officials=("quiet",)), told(5, officials=("judge",), story="s2"),
    )  # fmt: skip
    untold = Untold(channel(CHOSEN), articles, outlet_of, lambda o: o != "quiet", alerted=("s2",))
    assert [(s, one.id) for s, one in alerts.to_look_up(untold)] == [("s1", 1), ("s1", 4)]


# ---------------------------------------------------------------- what keeps an alert back


def test_what_was_alerted_or_muted_is_not_told_again() -> None:
    one = told(1, score=3.0, feed_id=7)
    assert due(channel(STRONG), one, alerted=("s1",)) == ()
    assert due(channel(STRONG), one, mutes=Mutes(frozenset(["s1"]))) == ()
    assert due(channel(STRONG), one, mutes=Mutes(feeds=frozenset([7]))) == ()


SCOPES = {
    "language": Scope(languages=("fa",)),
    "kind": Scope(kinds=("un",)),
    "official": Scope(officials=("judge",)),
    "other-news-only": Scope(relevant=False),
}


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
def test_what_the_channel_does_not_ask_for_is_no_alert(scope: Scope) -> None:
    assert due(channel(STRONG, scope=scope), told(1, score=3.0)) == ()


def test_other_news_is_no_alert_where_the_second_section_is_off() -> None:
    one = told(1, title="Judge speaks", officials=("judge",), relevant=False, story=None)
    assert due(channel(CHOSEN, scope=Scope(named=False)), one) == ()


def test_without_rules_there_is_no_alert() -> None:
    assert due(channel(AlertRules()), told(1, score=9.0)) == ()


def test_a_day_has_room_for_so_many_the_earliest_first() -> None:
    rules = replace(STRONG, most=3)
    articles = [told(n, score=3.0, story=f"s{n}", first_seen=NOW - n * HOUR) for n in range(1, 6)]
    assert subjects(due(channel(rules), *articles)) == ["s5", "s4", "s3"]
    assert subjects(due(channel(rules), *articles, sent=2)) == ["s5"]
    assert due(channel(rules), *articles, sent=3) == ()


def test_quiet_hours_hold_an_alert_until_they_end() -> None:
    rules = replace(STRONG, quiet=("22:00", "07:00"))
    night = datetime(2026, 7, 30, 20, 30, tzinfo=UTC)  # half past ten in Berlin
    one = told(1, score=3.0, first_seen=night, published=night)
    berlin = channel(rules, "Europe/Berlin")
    assert due(berlin, one, now=night) == ()
    assert due(berlin, one, now=datetime(2026, 7, 31, 4, 59, tzinfo=UTC)) == ()
    morning = datetime(2026, 7, 31, 5, 0, tzinfo=UTC)
    assert subjects(due(berlin, one, now=morning)) == ["s1"]
    assert due(berlin, one, now=morning + 6 * HOUR + HOUR / 60) == ()


CLOCKS = {  # quiet hours, zone, UTC: quiet?
    "over-midnight-begin": (("22:00", "07:00"), "Asia/Tehran", "2026-07-30T18:30", True),
    "over-midnight-before": (("22:00", "07:00"), "Asia/Tehran", "2026-07-30T18:29", False),
    "over-midnight-end": (("22:00", "07:00"), "Asia/Tehran", "2026-07-31T03:30", False),
    "by-day": (("12:00", "14:00"), "UTC", "2026-07-30T13:59", True),
    "by-day-after": (("12:00", "14:00"), "UTC", "2026-07-30T14:00", False),
    "empty": (("12:00", "12:00"), "UTC", "2026-07-30T12:00", False),
    "none": (None, "UTC", "2026-07-30T12:00", False),
    "winter": (("22:00", "07:00"), "Europe/Berlin", "2026-12-01T05:59", True),
    "summer": (("22:00", "07:00"), "Europe/Berlin", "2026-07-01T05:59", False),
}


@pytest.mark.parametrize("case", CLOCKS.values(), ids=CLOCKS)
def test_quiet_hours_go_by_the_channels_clock(
    case: tuple[tuple[str, str] | None, str, str, bool],
) -> None:
    quiet, zone, text, expected = case
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    where = channel(replace(STRONG, quiet=quiet), zone)
    assert alerts.is_quiet(where, moment) == expected
    assert not alerts.is_quiet(where, alerts.loud_at(where, moment))


def test_the_day_begins_at_the_channels_midnight_also_when_clocks_change() -> None:
    berlin = channel(STRONG, "Europe/Berlin")
    for text, began in (
        ("2026-03-29T12:00", "2026-03-28T23:00"),  # the day that has 23 hours
        ("2026-03-29T22:30", "2026-03-29T22:00"),
        ("2026-10-25T22:30", "2026-10-24T22:00"),  # the day that has 25
    ):
        moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
        assert alerts.day_began(berlin, moment) == datetime.fromisoformat(began).replace(tzinfo=UTC)


def test_what_quiet_hours_held_back_is_still_looked_at() -> None:
    assert alerts.looks_back(AlertRules(outlets=3, hours=6)) == timedelta(hours=24)
    assert alerts.looks_back(AlertRules(outlets=3, hours=48)) == timedelta(hours=48)
    assert alerts.looks_back(replace(MANY, quiet=("22:00", "07:00"))) == timedelta(hours=48)
