"""A posted page with an admin's correction below a story. Pure.

The headline and its link stay: they are the outlet's. What is added is in an admin's words, and
is said to be a correction.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from bot.i18n import Catalogue
from bot.pieces import RLM, isolated, shortened, units, unlinked
from watchers.telling import Page

MOST_NOTE = 300  # UTF-16 units of an admin's words for readers
MOST_PAGE = 4_096  # of a message, as Telegram counts


def noted(page: Page, subjects: Collection[str], note: str, catalogue: Catalogue) -> Page | None:
    """The page with the note below each of these stories; as it is if it tells none of them.

    None if there is no room for it: the story has to be taken off.
    """
    mark = RLM if catalogue.right_to_left else ""
    words = isolated(unlinked(shortened(note, MOST_NOTE)))
    line = f"\n{mark}{catalogue.text('corrected')}: {words}"
    made = page
    for number, part in enumerate(page.placed):
        if part.subject in subjects:
            made = _inserted(made, number, line)
    return made if units(made.text) <= MOST_PAGE else None


def _inserted(page: Page, number: int, line: str) -> Page:
    """The line right after one of the page's stories, which is longer by it."""
    part, width = page.placed[number], units(line)
    end = part.offset + part.length
    data = page.text.encode("utf-16-le")
    text = data[: 2 * end].decode("utf-16-le") + line + data[2 * end :].decode("utf-16-le")
    entities = tuple(
        replace(one, offset=one.offset + width) if one.offset >= end else one
        for one in page.entities
    )
    placed = (
        *page.placed[:number],
        replace(part, length=part.length + width),
        *(replace(one, offset=one.offset + width) for one in page.placed[number + 1 :]),
    )
    return Page(text, entities, placed)
