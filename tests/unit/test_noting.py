"""A correction stands below its story, and everything else stays where it was."""

from __future__ import annotations

import pytest

from bot.i18n import catalogue
from bot.noting import MOST_PAGE, noted
from bot.pieces import units
from watchers.telling import Entity, Page, Placed

HEAD = "Reports 😀\n\n"
FIRST, SECOND = "Première 😀", "دوم"


def two() -> Page:
    """Two stories with links; an emoji is two units of Telegram's."""
    text, entities, placed = HEAD, [], []
    for subject, title in (("s1", FIRST), ("s2", SECOND)):
        entities.append(
            Entity("text_link", units(text), units(title), f"https://{subject}.example/")
        )
        placed.append(Placed(subject, units(text), units(title), ("x",)))
        text += f"{title}\n\n"
    entities.append(Entity("italic", units(text), units("foot")))
    return Page(text + "foot", tuple(entities), tuple(placed))


def shown(page: Page) -> list[str]:
    """What each entity marks, then what each place holds."""
    data = page.text.encode("utf-16-le")
    parts = [(one.offset, one.length) for one in page.entities]
    parts += [(one.offset, one.length) for one in page.placed]
    return [data[2 * at : 2 * (at + length)].decode("utf-16-le") for at, length in parts]


@pytest.mark.parametrize("language", ["en", "fa", "fr"])
def test_the_note_stands_below_its_story(language: str) -> None:
    made = noted(two(), {"s1"}, "It was\n Monday.", catalogue(language))
    assert made is not None
    words = catalogue(language).text("corrected")
    mark = "\u200f" if language == "fa" else ""
    line = f"\n{mark}{words}: \u2068It was Monday.\u2069"
    assert made.text == f"{HEAD}{FIRST}{line}\n\n{SECOND}\n\nfoot"
    assert shown(made) == [FIRST, SECOND, "foot", FIRST + line, SECOND]
    assert [part.officials for part in made.placed] == [("x",), ("x",)]


def test_a_later_correction_is_added() -> None:
    words = catalogue("en")
    once = noted(two(), {"s2"}, "one", words)
    assert once is not None
    twice = noted(once, {"s1", "s2"}, "two", words)
    assert twice is not None
    assert shown(twice)[:3] == [FIRST, SECOND, "foot"]
    assert twice.text.count("corrected: ") == 3


def test_a_page_of_other_stories_stays_as_it_is() -> None:
    assert noted(two(), {"s3"}, "note", catalogue("en")) == two()


def test_a_page_without_room_takes_no_note() -> None:
    full = two()
    full = Page(full.text + "x" * (MOST_PAGE - units(full.text)), full.entities, full.placed)
    assert noted(full, {"s1"}, "note", catalogue("en")) is None
    assert noted(full, {"s3"}, "note", catalogue("en")) == full
