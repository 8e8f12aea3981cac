"""A digest tells each story once, the heaviest first, in the best outlet's own words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from watchers.digest import MOST_NAMED, MOST_STORIES, build, subject_of
from watchers.muting import Mutes
from watchers.outlets import Outlet
from watchers.scope import Scope
from watchers.telling import Channel, Coverage, Digest, Line, Tellable, Withdrawal

NOW = datetime(2026, 7, 30, 12, tzinfo=UTC)
CHANNEL = Channel(1, "@test", "UTC", ("08:00",), "en", NOW)


def told(number: int, kind: str = "world-media", **changes: object) -> Tellable:
    """An article of an outlet of this kind; its host is of the number and the kind."""
    values: dict[str, object] = {
        "id": number,
        "url": f"https://{kind}{number}.example/",
        "title": f"Title {number}",
        "host": f"{kind}{number}.example",
        "feed_name": "Feed",
        "feed_kind": kind,
        "language": "en",
        "published": NOW - timedelta(hours=1),
        "first_seen": NOW,
        "relevant": True,
        "officials": (),
        "score": 0.0,
        "duplicate_of": None,
        "story": "s1",
    }
    return Tellable(**{**values, **changes})  # type: ignore[arg-type]


def outlet_of(article: Tellable) -> Outlet:
    family = "one family" if article.feed_name == "Family" else article.host
    return Outlet(article.host, f"Outlet {article.id}", article.feed_kind, family)


def digest(*articles: Tellable) -> Digest:
    return build(
        CHANNEL,
        articles,
        since=NOW - timedelta(days=1),
        until=NOW,
        coverage=Coverage(10, 0),
        outlet_of=outlet_of,
        showable=lambda official: official != "quiet",
    )


def story(*articles: Tellable) -> Line:
    made = digest(*articles)
    assert len(made.stories) == 1
    return made.stories[0]


def test_a_story_is_told_in_one_line_with_its_other_outlets() -> None:
    line = story(told(1), told(2), told(3, "human-rights"), told(4, "advocacy"))
    assert line.subject == "s1"
    assert line.outlet == "Outlet 3"
    assert line.others == {"advocacy": 1, "world-media": 2}


HEADS = {
    "rights group before media": (("world-media", "human-rights"), 2),
    "court before a search": (("query", "court-law"), 2),
    "media before state": (("state", "world-media"), 2),
    "state before a party": (("advocacy", "state"), 2),
    "a party alone": (("advocacy",), 1),
}


@pytest.mark.parametrize(("kinds", "head"), HEADS.values(), ids=HEADS)
def test_independent_outlets_speak_for_a_story(kinds: tuple[str, ...], head: int) -> None:
    members = [told(number, kind) for number, kind in enumerate(kinds, start=1)]
    assert story(*members).outlet == f"Outlet {head}"


EARLY = NOW - timedelta(hours=9)
LONG = "Survivors speak before the court in Stockholm"
PREFERENCES: dict[str, tuple[Tellable, Tellable]] = {
    "whole before cut": (told(1, title="Survivors speak …", published=EARLY), told(2, title=LONG)),
    "named before a daily title": (
        told(1, title="Iran news in brief, 30 July", published=EARLY),
        told(2, title=LONG),
    ),
    "whole before live": (
        told(1, title="LIVE: survivors in Stockholm", published=EARLY),
        told(2, title=LONG),
    ),
    "with text before without": (
        told(1, title=LONG, has_text=False, published=EARLY),
        told(2, title=LONG),
    ),
    "the channel's language before completeness": (
        told(1, language="sv", title=LONG),
        told(2, title="Survivors …"),
    ),
    "the outlet's kind before completeness": (
        told(1, title=LONG),
        told(2, "human-rights", title="Live"),
    ),
    "a first before its copy, whatever its title": (
        told(1, title=LONG, duplicate_of=2, published=EARLY),
        told(2, title="Survivors …"),
    ),
    "a first before its copy, in another language": (
        told(1, title=LONG, duplicate_of=2),
        told(2, title=LONG, language=None),
    ),
    "a better outlet's copy": (
        told(1, "advocacy", title=LONG),
        told(2, title="Survivors …", duplicate_of=1),
    ),
    "the reader's language": (told(1, language="sv"), told(2)),
    "a first before its copy": (told(1, duplicate_of=2), told(2)),
    "the earlier": (told(1), told(2, published=NOW - timedelta(hours=5))),
    "relevant before not": (told(1, relevant=False), told(2)),
}


@pytest.mark.parametrize(("other", "head"), PREFERENCES.values(), ids=PREFERENCES)
def test_among_equals_the_nearer_headline_is_chosen(other: Tellable, head: Tellable) -> None:
    assert story(other, head).title == story(head, other).title == head.title


def test_a_publisher_family_counts_once() -> None:
    members = [told(n, "advocacy", feed_name="Family") for n in range(1, 5)]
    assert story(told(9), *members).others == {"advocacy": 1}
    assert story(*members).others == {}


def test_a_digest_does_not_depend_on_the_order_of_its_articles() -> None:
    articles = [told(1), told(2, "state"), told(3, story="s2"), told(4, "un", story="s2")]
    made = [digest(*order) for order in permutations(articles)]
    assert all(one == made[0] for one in made)


def test_independent_outlets_weigh_more_than_copies_of_a_party() -> None:
    parties = [told(n, "advocacy", story="party") for n in range(1, 4)]
    media = [told(n, story="media") for n in range(4, 6)]
    assert [line.subject for line in digest(*parties, *media).stories] == ["media", "party"]


def test_officials_in_other_news_have_a_section_of_their_own() -> None:
    made = digest(told(1), told(2, story=None, relevant=False, officials=("an-official",)))
    assert [line.subject for line in made.stories] == ["s1"]
    assert [line.subject for line in made.named] == ["article:2"]


def test_an_official_who_may_not_be_shown_is_in_no_line() -> None:
    made = digest(
        told(1, officials=("quiet", "an-official")),
        told(2, story=None, relevant=False, officials=("quiet",)),
    )
    assert made.stories[0].officials == ("an-official",)
    assert made.named == ()


def test_an_updated_article_marks_its_line() -> None:
    assert story(told(1), told(2, updated=True)).updated
    assert not story(told(1)).updated


def test_the_words_of_the_other_headlines_make_one_speak_for_all() -> None:
    titles = ("Survivors address Stockholm court", "A morning to remember", "Stockholm court sits")
    members = [
        told(n, title=title, published=NOW - n * timedelta(hours=1))
        for n, title in enumerate(("Court hears survivors in Stockholm", *titles), start=1)
    ]
    assert story(*members).title == titles[0]


def test_the_date_is_that_of_the_headline_s_outlet() -> None:
    line = story(told(1, "human-rights"), told(2, published=EARLY), told(3, published=None))
    assert (line.outlet, line.published) == ("Outlet 1", NOW - timedelta(hours=1))
    assert story(told(1, published=None)).published is None


FIRSTS: dict[str, tuple[Tellable, str]] = {
    "another outlet": (told(2, "state", published=EARLY), "Outlet 2"),
    "by the date that it gave first": (told(2, "state", first_published=EARLY), "Outlet 2"),
    "at the same time": (told(2, "state"), ""),
    "of the same family": (told(2, "state", published=EARLY, host="human-rights1.example"), ""),
    "without a date": (told(2, "state", published=None), ""),
    "its own copy": (told(2, "advocacy", published=EARLY, duplicate_of=1), "Outlet 2"),
}


@pytest.mark.parametrize(("other", "first"), FIRSTS.values(), ids=FIRSTS)
def test_who_published_before_the_headline_s_outlet_is_named(other: Tellable, first: str) -> None:
    line = story(told(1, "human-rights"), other)
    assert (line.outlet, line.first) == ("Outlet 1", first)
    assert line.first_kind == (other.feed_kind if first else "")


def test_before_an_undated_headline_nobody_is_known_to_be_first() -> None:
    line = story(told(1, "human-rights", published=None), told(2, published=EARLY))
    assert (line.outlet, line.first, line.published) == ("Outlet 1", "", None)


def test_its_own_family_s_earlier_article_makes_the_headline_s_outlet_first() -> None:
    sister = told(2, "state", published=EARLY - timedelta(hours=1), host="human-rights1.example")
    line = story(told(1, "human-rights"), sister, told(3, "state", published=EARLY))
    assert line.first == ""


def test_a_family_is_of_the_kind_of_its_best_outlet_in_any_order() -> None:
    sisters = (told(2, "advocacy", host="one.example"), told(3, "un", host="one.example"))
    for order in permutations((told(1, "human-rights"), *sisters)):
        line = story(*order)
        assert sum(line.others.values()) == 1
        assert line.others == story(told(1, "human-rights"), *sisters).others


def test_sections_are_bounded_and_the_lightest_wait() -> None:
    stories = [told(n, story=f"s{n}", score=float(n)) for n in range(1, MOST_STORIES + 4)]
    named = [told(n, story=None, relevant=False, officials=("a",)) for n in range(100, 120)]
    made = digest(*stories, *named)
    assert (len(made.stories), len(made.named)) == (MOST_STORIES, MOST_NAMED)
    assert "s1" not in {line.subject for line in made.stories}


def test_nothing_untold_is_an_empty_digest() -> None:
    assert digest().is_empty
    assert not digest(told(1)).is_empty


def test_a_naive_time_is_refused() -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(ValueError, match="aware"):
        build(
            CHANNEL, [], since=naive, until=NOW, coverage=Coverage(0, 0), outlet_of=outlet_of,
            showable=bool,
        )  # fmt: skip


SUBJECTS = {
    "a story": (told(7), "s1"),
    "no story": (told(7, story=None), "article:7"),
    "a copy without one": (told(7, story=None, duplicate_of=3), "article:3"),
}


@pytest.mark.parametrize(("article", "subject"), SUBJECTS.values(), ids=SUBJECTS)
def test_what_is_told_once_has_a_name(article: Tellable, subject: str) -> None:
    assert subject_of(article) == subject


# ---------------------------------------------------------------- scope, mutes, approvals

STATE = told(1, "state", language="fa", story="state", officials=("raisi",))
MEDIA = told(2, story="media", language="en", officials=("noury",))
NAMED = told(3, story=None, relevant=False, officials=("raisi",), language=None)
BOATS = told(4, story=None, relevant=False, topics=("boats",))
BOTH = told(5, story="both", topics=("massacre-1988", "boats"))
SCOPES: dict[str, tuple[Scope, list[str]]] = {
    "everything but topics": (Scope(), ["both", "media", "state", "article:3"]),
    "languages, and none": (Scope(languages=("fa",)), ["state", "article:3"]),
    "kinds": (Scope(kinds=("state", "un")), ["state"]),
    "an official": (Scope(officials=("noury",)), ["media"]),
    "officials": (
        Scope(officials=("noury", "raisi")),
        ["media", "state", "article:3"],
    ),
    "an official who may not be shown": (Scope(officials=("quiet",)), []),
    "a topic besides": (
        Scope(topics=("boats",), named=False),
        ["article:4", "both", "media", "state"],
    ),
    "a topic besides an official": (
        Scope(topics=("boats",), officials=("noury",)),
        ["article:4", "both", "media"],
    ),
    "topics alone": (Scope(topics=("boats",), relevant=False, named=False), ["article:4", "both"]),
    "other news alone": (Scope(relevant=False), ["article:3"]),
    "no other news": (Scope(named=False), ["both", "media", "state"]),
    "the massacre is no topic of an admin's": (
        Scope(topics=("massacre-1988",), relevant=False, named=False),
        [],
    ),
    "nothing": (Scope(relevant=False, named=False), []),
}  # fmt: skip


def scoped(scope: Scope, *articles: Tellable, **decided: Any) -> Digest:
    return build(
        replace(CHANNEL, scope=scope),
        articles,
        since=NOW - timedelta(days=1),
        until=NOW,
        coverage=Coverage(10, 0),
        outlet_of=outlet_of,
        showable=lambda official: official != "quiet",
        **decided,
    )


@pytest.mark.parametrize(("scope", "subjects"), SCOPES.values(), ids=SCOPES)
def test_a_channel_is_told_what_it_asked_for(scope: Scope, subjects: list[str]) -> None:
    made = scoped(scope, STATE, MEDIA, NAMED, BOATS, BOTH)
    assert [line.subject for line in made.lines] == subjects


def test_a_line_is_made_of_the_articles_in_scope() -> None:
    articles = (told(1, "human-rights"), told(2, "state", language="fa"), told(3, language="fa"))
    (line,) = scoped(Scope(languages=("fa",)), *articles).stories
    assert (line.outlet, line.others) == ("Outlet 3", {"state": 1})
    (line,) = scoped(Scope(kinds=("state",)), *articles).stories
    assert (line.outlet, line.others) == ("Outlet 2", {})


def test_a_story_none_of_whose_articles_is_in_scope_waits_for_one_that_is() -> None:
    scope = Scope(languages=("fa",))
    assert scoped(scope, told(1)).is_empty
    assert [line.title for line in scoped(scope, told(1), told(2, language="fa")).stories] == [
        "Title 2"
    ]


def test_topics_stand_in_a_line_only_where_they_are_asked_for() -> None:
    (line,) = scoped(Scope(topics=("boats",)), BOTH).stories
    assert line.topics == ("boats",)
    (line,) = scoped(Scope(), BOTH).stories
    assert line.topics == ()


def test_a_muted_story_is_not_told() -> None:
    mutes = Mutes(subjects=frozenset({"media", "article:3"}))
    made = scoped(Scope(), STATE, MEDIA, NAMED, mutes=mutes)
    assert [line.subject for line in made.lines] == ["state"]


def test_what_was_muted_before_it_came_into_a_story_is_not_told_in_it() -> None:
    mutes = Mutes(subjects=frozenset({"article:3"}))
    first, copy = told(3, "un"), told(4, "un", duplicate_of=3)
    assert scoped(Scope(), first, copy, mutes=mutes).is_empty
    (line,) = scoped(Scope(), first, copy, told(5), mutes=mutes).stories
    assert (line.outlet, line.others) == ("Outlet 5", {})


def test_articles_of_a_muted_feed_count_nothing() -> None:
    mutes = Mutes(feeds=frozenset({9}))
    muted, other = told(1, "human-rights", feed_id=9), told(2, feed_id=8)
    (line,) = scoped(Scope(), muted, other, mutes=mutes).stories
    assert (line.outlet, line.others) == ("Outlet 2", {})
    assert scoped(Scope(), muted, mutes=mutes).is_empty


def test_an_alert_that_went_before_is_marked() -> None:
    made = scoped(Scope(), STATE, MEDIA, alerted={"media": NOW})
    assert {line.subject: line.alerted for line in made.lines} == {"media": True, "state": False}


def test_only_what_was_let_through_is_told() -> None:
    made = scoped(Scope(), STATE, MEDIA, NAMED, only={"state", "gone"})
    assert [line.subject for line in made.lines] == ["state"]
    assert made.left == 0
    assert scoped(Scope(), STATE, only=()).is_empty


def test_withdrawals_alone_are_a_digest() -> None:
    taken = Withdrawal(7, 1, "media", NOW, NOW - timedelta(days=2), "removed")
    made = scoped(Scope(), withdrawn=[taken])
    assert made.withdrawn == (taken,)
    assert not made.is_empty
