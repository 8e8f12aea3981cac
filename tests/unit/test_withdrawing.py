"""A posted page without stories that were taken back reads right, to the last offset."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.rendering import Generator, faults
from bot.i18n import LANGUAGES, catalogue
from bot.render import render
from bot.withdrawing import without
from watchers.telling import Channel, Coverage, Digest, Entity, Line, Page, Withdrawal

NOW = datetime(2026, 7, 30, 14, 30, tzinfo=UTC)


def line(subject: str, title: str = "Court hears survivors") -> Line:
    return Line(
        subject, title, f"https://news.example/{subject}", "The Record", "world-media", "en", NOW,
        ("noury",), {},
    )  # fmt: skip


def page(*lines: Line, language: str = "en", withdrawn: tuple[Withdrawal, ...] = ()) -> Page:
    channel = Channel(1, "@x", "Asia/Tehran", (), language, NOW)
    since = NOW - timedelta(hours=10)
    made = Digest(channel, since, NOW, lines, (), Coverage(3, 0, read=3), withdrawn=withdrawn)
    (found,) = render(made, catalogue(language), lambda person, _: person.title())
    return found


def piece(made: Page, part: Entity) -> str:
    data = made.text.encode("utf-16-le")
    return data[2 * part.offset : 2 * (part.offset + part.length)].decode("utf-16-le")


THREE = (line("a", "One 🕯"), line("b", "Two"), line("c", "Three"))
BEFORE = """\
1988 prison massacre: new reports
30 July 2026 08:00–18:00 (\u2068Asia/Tehran\u2069)

• \u2068One 🕯\u2069
\u2068The Record\u2069 (media), 30 July 2026
#Noury

• withdrawn

• \u2068Three\u2069
\u2068The Record\u2069 (media), 30 July 2026
#Noury

3 of 3 sources read"""


def test_a_story_gives_way_to_one_line_and_the_others_stay() -> None:
    left = without(page(*THREE), {"b"}, catalogue("en"))
    assert left is not None
    assert left.text == BEFORE
    assert [piece(left, part) for part in left.entities] == [
        "1988 prison massacre: new reports", "One 🕯", "#Noury", "Three", "#Noury",
        "3 of 3 sources read",
    ]  # fmt: skip
    assert [place.subject for place in left.placed] == ["a", "c"]


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "• withdrawn"), ("fr", "• retiré"), ("fa", "\u200f• پس گرفته شد")],
)
def test_the_line_is_in_the_channel_s_language(language: str, said: str) -> None:
    left = without(page(*THREE, language=language), {"a"}, catalogue(language))
    assert left is not None
    assert left.text.split("\n")[3] == said
    assert "One" not in left.text
    assert not [part for part in left.entities if part.url == "https://news.example/a"]


def test_a_page_that_told_nothing_else_goes() -> None:
    assert without(page(line("a")), {"a"}, catalogue("en")) is None
    assert without(page(*THREE), {"a", "b", "c"}, catalogue("en")) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_so_it_does_when_the_stories_go_one_by_one(language: str) -> None:
    words, left = catalogue(language), page(*THREE, language=language)
    for subject in "ab":
        found = without(left, {subject}, words)
        assert found is not None
        left = found
    assert without(left, {"c"}, words) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_that_tells_of_earlier_withdrawals_stays(language: str) -> None:
    earlier = Withdrawal(1, 1, "z", NOW, NOW - timedelta(days=2), "removed")
    left = without(
        page(line("a"), language=language, withdrawn=(earlier,)), {"a"}, catalogue(language)
    )
    assert left is not None
    assert left.placed == ()
    assert without(left, {"a"}, catalogue(language)) == left


def test_a_page_that_tells_none_of_them_stays_as_it_is() -> None:
    made = page(*THREE)
    assert without(made, {"x"}, catalogue("en")) is made
    assert without(made, (), catalogue("en")) is made


def test_a_page_of_an_older_version_says_not_what_it_tells() -> None:
    made = replace(page(*THREE), placed=())
    assert without(made, {"a"}, catalogue("en")) is made


@given(st.integers(0, 10**6), st.sets(st.integers(0, 19)), st.sets(st.integers(0, 19)))
def test_in_two_steps_as_in_one_and_telegram_takes_it(
    seed: int, first: set[int], second: set[int]
) -> None:
    made = Generator(seed).digest(20)
    words = catalogue(made.channel.language)
    names = [one.subject for one in made.lines]
    one, two = ({names[number] for number in some} for some in (first, second))
    for each in render(made, words, lambda person, _: person):
        half = without(each, one, words)
        left = without(half, two, words) if half is not None else None
        whole = without(each, one | two, words)
        assert left == whole
        if left is not None:
            assert list(faults(left)) == []
            told = [p.subject for p in each.placed if p.subject not in one | two]
            assert [place.subject for place in left.placed] == told
