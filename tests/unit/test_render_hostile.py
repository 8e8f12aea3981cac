"""Telegram's own library takes what is rendered, whatever outlets wrote, and changes nothing."""

from __future__ import annotations

import pytest

from benchmarks.rendering import Generator, bot_entities, faults, name_of, run
from bot.i18n import catalogue
from bot.render import render
from tests.standin.judge import found_entities
from watchers.telling import Entity, Page

STORIES = 1_500


def test_hostile_stories_come_through_whole_and_nothing_in_them_is_clickable() -> None:
    tally = run(STORIES, seed=67)
    assert tally.wrong == []
    assert tally.stories == STORIES


def test_the_same_seed_gives_the_same_stories() -> None:
    assert Generator(5).digest(20) == Generator(5).digest(20)
    assert Generator(5).digest(20) != Generator(6).digest(20)


def test_the_generated_stories_are_hostile() -> None:
    generator = Generator(67)
    titles = [generator.line().title for _ in range(400)]
    text = "".join(titles)
    for piece in ("\u202e", "\ud83d", "\0", "\u2028", "<b>", "@durov", "/start", "\u200d", "شهادت"):
        assert piece in text
    assert max(map(len, titles)) >= 5_000
    assert any(found_entities(title) for title in titles if title.isprintable())


WRONG: dict[str, tuple[Page, str]] = {
    "an entity beyond the text": (Page("abc", (Entity("bold", 2, 5),)), "refused"),
    "a link that Telegram refuses": (
        Page("abc", (Entity("text_link", 0, 3, "https://localhost/"),)),
        "refused",
    ),
    "an address that Telegram changes": (
        Page("abc", (Entity("text_link", 0, 3, "https://A.example"),)),
        "came back otherwise",
    ),
    "half an emoji": (Page("a🕯b", (Entity("bold", 0, 2),)), "refused"),
    "a character that is dropped": (Page("a\u202eb"), "would be dropped"),
    "a blank at the end": (Page("abc "), "would be dropped"),
    "a mention": (Page("by @somebody"), "clickable by itself: ['@somebody']"),
    "a bare address": (Page("at evil.example.org"), "clickable by itself"),
    "a hashtag that is none": (
        Page("#1988 x", (Entity("hashtag", 0, 5),)),
        "no hashtag for Telegram: ['#1988']",
    ),
    "too long": (Page("x" * 3_901), "too long"),
    "too many entities": (
        Page("x " * 101 + "x", tuple(Entity("bold", 2 * n, 1) for n in range(101))),
        "too long",
    ),
}


@pytest.mark.parametrize(("page", "told"), WRONG.values(), ids=WRONG)
def test_a_page_with_a_fault_is_found_out(page: Page, told: str) -> None:
    assert any(told in said for said in faults(page))


def test_what_is_clickable_in_a_headline_lies_inside_of_our_link() -> None:
    generator = Generator(3)
    digests = [generator.digest(10) for _ in range(40)]
    pages = [page for made in digests for page in render(made, catalogue("en"), name_of)]
    assert [wrong for page in pages for wrong in faults(page)] == []
    found = {kind for page in pages for kind, _ in found_entities(page.text)}
    assert found >= {"mention", "url", "bot_command"}  # seen by its search, inside our links


def test_entities_are_the_bot_api_s() -> None:
    page = Page("ab", (Entity("bold", 0, 1), Entity("text_link", 1, 1, "https://a.example/")))
    assert bot_entities(page) == [
        {"type": "bold", "offset": 0, "length": 1},
        {"type": "text_link", "offset": 1, "length": 1, "url": "https://a.example/"},
    ]
