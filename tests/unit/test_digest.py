"""A digest tells each story once, the heaviest first, in the best outlet's own words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from watchers.digest import MOST_NAMED, MOST_STORIES, build, subject_of
from watchers.outlets import Outlet
from watchers.telling import Channel, Coverage, Digest, Line, Tellable

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
