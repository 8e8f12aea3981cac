"""Stage 8: render. A digest becomes pages of text and entities that Telegram accepts. Pure.

Text and entities, not markup: there is nothing to escape, and splitting is slicing. Offsets
and lengths count UTF-16 code units (Bot API, MessageEntity). A page is never cut inside a
story; a story too long for a page is shortened by rule (`_TITLE`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from bot.i18n import Catalogue
from watchers.telling import Digest, Entity, Line, Page
from watchers.text import clean
from watchers.urls import without_trackers

PAGE = 3_900  # UTF-16 units; Telegram's limit is 4,096 after parsing
_TITLE = 300  # characters of a headline
_OUTLET = 80
_TAGS = 8  # officials shown under one story
_GAPS = 3  # possible gaps told in full
_NOT_IN_TAG = re.compile("[^\\w\u200c]+")  # Telegram takes ZWNJ for a letter of a hashtag

# A title in another direction keeps to itself: first-strong isolate, pop (Unicode TR 9).
_ISOLATE, _POP, _RLM = "\u2068", "\u2069", "\u200f"

NameOf = Callable[[str, str], str]  # person id, language -> name


def units(text: str) -> int:
    """The length that Telegram counts: UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


@dataclass(slots=True)
class _Block:
    """A piece of a page under construction."""

    parts: list[str] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)
    length: int = 0

    def add(self, text: str, kind: str | None = None, url: str | None = None) -> _Block:
        """Append text, perhaps as an entity (blanks at its ends stay outside)."""
        if kind is not None and text.strip():
            lead = len(text) - len(text.lstrip())
            start = self.length + units(text[:lead])
            self.entities.append(Entity(kind, start, units(text.strip()), url))
        self.parts.append(text)
        self.length += units(text)
        return self


def render(digest: Digest, catalogue: Catalogue, name_of: NameOf) -> tuple[Page, ...]:
    """The pages of a digest, numbered if there are several; none for an empty digest."""
    if digest.is_empty:
        return ()
    blocks = [_story(line, digest, catalogue, name_of) for line in digest.stories]
    if digest.named:
        blocks.append(_heading(catalogue.text("Officials named in other news")))
        blocks += [_story(line, digest, catalogue, name_of) for line in digest.named]
    blocks.append(_coverage(digest, catalogue))
    sheets = _pack(blocks, PAGE - units(_header(digest, catalogue, (99, 99))))
    return tuple(
        _page(_header(digest, catalogue, (number, len(sheets))), sheet, catalogue)
        for number, sheet in enumerate(sheets, start=1)
    )


def _pack(blocks: Iterable[_Block], room: int) -> list[list[_Block]]:
    """Blocks in order onto sheets; a heading never stands alone at the end of a sheet."""
    sheets: list[list[_Block]] = [[]]
    used = 0
    for block in blocks:
        if sheets[-1] and used + block.length > room:
            heading = [sheets[-1].pop()] if _is_heading(sheets[-1][-1]) else []
            sheets.append(heading)
            used = sum(b.length for b in heading)
        sheets[-1].append(block)
        used += block.length
    return [sheet for sheet in sheets if sheet]


def _is_heading(block: _Block) -> bool:
    return bool(block.entities) and block.entities[0].type == "underline"


def _header(digest: Digest, catalogue: Catalogue, page: tuple[int, int]) -> str:
    zone = digest.channel.timezone
    span = catalogue.span(digest.since, digest.until, zone)
    number = ""
    if page[1] > 1:
        number = f" ({catalogue.number(page[0])}/{catalogue.number(page[1])})"
    return f"{catalogue.text('1988 prison massacre: new reports')}{number}\n{span}\n\n"


def _page(header: str, blocks: Sequence[_Block], catalogue: Catalogue) -> Page:
    mark = _RLM if catalogue.right_to_left else ""
    title, rest = header.split("\n", 1)
    sheet = _Block().add(mark + title, "bold").add(f"\n{mark}{rest}")
    for block in blocks:
        sheet.entities += [replace(e, offset=e.offset + sheet.length) for e in block.entities]
        sheet.parts += block.parts
        sheet.length += block.length
    text = "".join(sheet.parts).rstrip()
    return Page(text, tuple(sheet.entities))


def _heading(text: str) -> _Block:
    return _Block().add(text, "underline").add("\n\n")


def _short(text: str, most: int) -> str:
    text = clean(text).replace("\n", " ")
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _story(line: Line, digest: Digest, catalogue: Catalogue, name_of: NameOf) -> _Block:
    right = catalogue.right_to_left
    mark = _RLM if right else ""

    def isolated(text: str) -> str:
        return f"{_ISOLATE}{text}{_POP}"

    title = _short(line.title, _TITLE) or line.url
    block = _Block().add(f"{mark}• {_ISOLATE}")
    block.add(title, "text_link", without_trackers(line.url)).add(_POP)

    def source(name: str, kind: str) -> str:
        return f"{isolated(_short(name, _OUTLET))} ({catalogue.kind(kind)})"

    details = [source(line.outlet, line.outlet_kind)]
    if line.published is not None:
        details.append(catalogue.day(line.published, digest.channel.timezone))
    if line.updated:
        details.append(catalogue.text("updated"))
    if line.others:
        details.append(_others(line, catalogue))
    if line.first:
        first = source(line.first, line.first_kind)
        details.append(catalogue.text("first: %(outlet)s") % {"outlet": first})
    block.add(f"\n{mark}" + catalogue.join(details))
    for number, official in enumerate(line.officials[:_TAGS]):
        block.add(f"\n{mark}" if number == 0 else " ")
        block.add("#" + _NOT_IN_TAG.sub("_", name_of(official, catalogue.language)), "hashtag")
    return block.add("\n\n")


def _others(line: Line, catalogue: Catalogue) -> str:
    total = sum(line.others.values())
    named: Counter[str] = Counter()  # several kinds may have one name for readers
    for kind, number in line.others.items():
        named[catalogue.kind(kind)] += number
    kinds = catalogue.join([f"{catalogue.number(n)} {name}" for name, n in named.items()])
    text = catalogue.plural("and %(n)s other outlet", "and %(n)s other outlets", total)
    return f"{text} ({kinds})"


def _coverage(digest: Digest, catalogue: Catalogue) -> _Block:
    """What may be missing: sources out of reach, and gaps that entries may have fallen into."""
    coverage = digest.coverage
    text = catalogue.text("%(read)s of %(all)s sources read") % {
        "read": catalogue.number(coverage.read),
        "all": catalogue.number(coverage.feeds - coverage.paused),
    }
    if coverage.unreachable:
        text += catalogue.comma + catalogue.plural(
            "%(n)s unreachable for 6 hours or more",
            "%(n)s unreachable for 6 hours or more",
            coverage.unreachable,
        )
    mark = _RLM if catalogue.right_to_left else ""
    block = _Block()
    if digest.left:
        more = catalogue.plural(
            "%(n)s more follows in the next digest",
            "%(n)s more follow in the next digest",
            digest.left,
        )
        block.add(f"{mark}{more}", "italic").add("\n")
    block.add(f"{mark}{text}", "italic")
    for line in _gaps(digest, catalogue):
        block.add("\n").add(f"{mark}{line}", "italic")
    return block


def _gaps(digest: Digest, catalogue: Catalogue) -> list[str]:
    """A line for each of the latest gaps, in the reader's zone, and how many more there are."""
    gaps, zone = digest.coverage.gaps, digest.channel.timezone
    lines = [
        catalogue.text("possible gap at %(outlet)s: %(span)s")
        % {
            "outlet": f"{_ISOLATE}{_short(gap.feed_name, _OUTLET)}{_POP}",
            "span": catalogue.short_span(gap.since, gap.until, zone),
        }
        for gap in gaps[:_GAPS]
    ]
    rest = len(gaps) - _GAPS
    if rest > 0:
        lines.append(catalogue.plural("%(n)s more possible gap", "%(n)s more possible gaps", rest))
    return lines
