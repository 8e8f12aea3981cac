"""A posted page without stories that were taken back. Pure.

Where a story stood, one line says that it was withdrawn: no headline, no link. Everything else
stays as it was posted, with its entities and places moved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import TypeVar

from bot.i18n import Catalogue
from bot.pieces import RLM, units
from watchers.telling import Entity, Page, Placed

T = TypeVar("T", Entity, Placed)


def without(page: Page, subjects: Collection[str], catalogue: Catalogue) -> Page | None:
    """The page as it is to read when these stories are taken back.

    None if it told nothing else: the message is to go. A page that tells none of them comes
    back as it is. What is asked for in two steps gives the same as in one.
    """
    gone = [part for part in page.placed if part.subject in subjects]
    if not gone:
        return page
    line = _line(catalogue)
    made = _replaced(page, gone, line)
    return made if made.placed or _tells_more(made, line) else None


def _line(catalogue: Catalogue) -> str:
    mark = RLM if catalogue.right_to_left else ""
    return f"{mark}• {catalogue.text('withdrawn')}"


def _replaced(page: Page, gone: list[Placed], line: str) -> Page:
    data, width = page.text.encode("utf-16-le"), units(line)
    pieces, entities, placed = [], [], []
    at = moved = 0
    for part in (*gone, None):
        end = part.offset if part else len(data) // 2
        pieces.append(data[2 * at : 2 * end].decode("utf-16-le"))
        entities += [
            replace(one, offset=one.offset + moved) for one in _within(page.entities, at, end)
        ]
        placed += [replace(one, offset=one.offset + moved) for one in _within(page.placed, at, end)]
        if part:
            pieces.append(line)
            at = part.offset + part.length
            moved += width - part.length
    return Page("".join(pieces), tuple(entities), tuple(placed))


def _within(parts: tuple[T, ...], at: int, end: int) -> Iterator[T]:
    return (one for one in parts if at <= one.offset < end)


def _tells_more(page: Page, line: str) -> bool:
    """Whether anything stands there but header, headings, the lines at the foot, and `line`.

    Earlier withdrawals do, for instance: readers have to see those.
    """
    body = page.text.partition("\n\n")[2]
    data = page.text.encode("utf-16-le")
    furniture = {line, ""}
    for one in page.entities:
        if one.type in ("underline", "italic"):
            text = data[2 * one.offset : 2 * (one.offset + one.length)].decode("utf-16-le")
            furniture |= {text.strip(RLM)}
    return any(row not in furniture and row.strip(RLM) not in furniture for row in body.split("\n"))
