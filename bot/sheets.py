"""One answer to a reader under construction: lines, links, and the direction that they run. Pure.

Where lines run from right to left, each begins with a mark that says so, and what is Latin in
our own words (commands, names of zones) keeps to itself (Unicode TR 9).
"""

from __future__ import annotations

import re
from typing import Self

from bot.i18n import Catalogue
from bot.pieces import ISOLATE, POP, RLM, isolated, link, shortened, units, unlinked
from watchers.telling import Entity

LONGEST = 3_900  # UTF-16 units of one message; Telegram's limit is 4,096 after parsing
_COMMAND = re.compile(r"(?<![\w/\u2068])/[a-z]{1,32}\b(?:@?[A-Za-z0-9_]{0,40})")


def digits(text: str, words: Catalogue) -> str:
    """The text with the reader's digits: "08:00"."""
    return "".join(words.number(int(c)) if c in "0123456789" else c for c in text)


def ours(text: str, words: Catalogue) -> str:
    """Our own words as they are shown: commands keep to themselves where lines run leftwards."""
    if not words.right_to_left:
        return text
    return _COMMAND.sub(lambda found: isolated(found.group()), text)


def laid(text: str, words: Catalogue) -> str:
    """Our own words, several lines perhaps, each with the mark of its direction."""
    if not words.right_to_left:
        return text
    return "\n".join(f"{RLM}{line}" if line else "" for line in ours(text, words).split("\n"))


class Sheet:
    """Lines and what is marked in them; offsets count UTF-16 code units (Bot API)."""

    def __init__(self, words: Catalogue) -> None:
        self.words = words
        self._parts: list[str] = []
        self._entities: list[Entity] = []
        self._length = 0
        self._mark = RLM if words.right_to_left else ""

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self._parts).rstrip()

    @property
    def entities(self) -> tuple[Entity, ...]:
        """What is marked."""
        return tuple(self._entities)

    @property
    def length(self) -> int:
        """UTF-16 code units so far."""
        return self._length

    def line(self, text: str = "", kind: str | None = None) -> Self:
        """Begin a line with our own words."""
        if self._parts:
            self._put("\n")
        if text or kind:
            self._put(self._mark)
        for number, part in enumerate(ours(text, self.words).split("\n")):
            if number:
                self._put("\n" + (self._mark if part else ""))
            self._put(part, kind)
        return self

    def begin(self) -> Self:
        """Begin a line that others' words follow in."""
        if self._parts:
            self._put("\n")
        return self._put(self._mark)

    def add(self, text: str, kind: str | None = None, url: str | None = None) -> Self:
        """Go on in the line, with anybody's words."""
        return self._put(text, kind, url)

    def headline(self, title: str, url: str, most: int) -> Self:
        """Somebody's title with its link, cut to so many units; plain where we do not link."""
        address = link(url)
        shown = shortened(title, most) or shortened(address or url, most) or "…"
        if address is None:
            return self._put(isolated(unlinked(shown)))
        return self.link(shown, address)

    def link(self, text: str, url: str) -> Self:
        """A link that keeps to itself; text and address are as `bot.pieces` gives them."""
        self._put(ISOLATE)
        self._put(text, "text_link", url)
        return self._put(POP)

    def quote(self, text: str, most: int) -> Self:
        """Somebody's words, cut, apart from ours; nothing of them is a link."""
        return self._put(isolated(unlinked(shortened(text, most))))

    def has_room(self, for_units: int) -> bool:
        """Whether so much more fits into the message."""
        return self._length + for_units <= LONGEST

    def _put(self, text: str, kind: str | None = None, url: str | None = None) -> Self:
        if kind is not None and text.strip():
            lead = units(text[: len(text) - len(text.lstrip())])
            self._entities.append(Entity(kind, self._length + lead, units(text.strip()), url))
        self._parts.append(text)
        self._length += units(text)
        return self
