"""Stage 8: render. A digest becomes pages of text and entities that Telegram accepts. Pure.

Text and entities, not markup: there is nothing to escape, and splitting is slicing. Offsets
and lengths count UTF-16 code units (Bot API, MessageEntity). A page is never cut inside a
story. What is too long is shortened by rule, and "…" or a number says so: a headline to
`_TITLE` units, an outlet's name to `_OUTLET`, hashtags to `_TAGS`; so no story fills a page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from unicodedata import bidirectional

from bot.i18n import Catalogue
from bot.pieces import ISOLATE, POP, RLM, hashtag, isolated, link, shortened, units, unlinked
from watchers.telling import Digest, DigestKind, Entity, Line, Page, Placed, Withdrawal

PAGE = 3_900  # UTF-16 units; Telegram's limit is 4,096 after parsing
MOST_ENTITIES = 100  # a message; Telegram drops the rest without a word
_TITLE = 300  # UTF-16 units of a headline
_OUTLET = 80
_ADDRESS = 120  # of an address that stands for a headline in which nothing can be seen
_NOTE = 300  # of an admin's words on what was withdrawn
_TAGS = 8  # officials and topics shown under one story
_GAPS = 3  # possible gaps told in full

NameOf = Callable[[str, str], str]  # person or topic id, language -> name


@dataclass(slots=True)
class _Block:
    """A piece of a page under construction; `gap` parts it from the next one."""

    gap: str = "\n\n"
    is_heading: bool = False
    subject: str = ""  # the story that it tells, if it does
    officials: tuple[str, ...] = ()
    parts: list[str] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)
    length: int = 0

    def add(self, text: str, kind: str | None = None, url: str | None = None) -> _Block:
        """Append text, perhaps as an entity (text without blanks at its ends)."""
        length = units(text)
        if kind is not None and length:
            self.entities.append(Entity(kind, self.length, length, url))
        self.parts.append(text)
        self.length += length
        return self


def render(digest: Digest, catalogue: Catalogue, name_of: NameOf) -> tuple[Page, ...]:
    """The pages of a digest or an alert, numbered if there are several; none if it is empty."""
    if digest.is_empty:
        return ()
    blocks = [*_withdrawn(digest, catalogue)]
    blocks += (_story(line, digest, catalogue, name_of) for line in digest.stories)
    title, heading = _title(digest, catalogue), catalogue.text("Officials named in other news")
    if digest.named and digest.kind is DigestKind.DIGEST and title != heading:
        blocks.append(_heading(heading, catalogue))
    blocks += (_story(line, digest, catalogue, name_of) for line in digest.named)
    if digest.kind is DigestKind.DIGEST:
        blocks.append(_coverage(digest, catalogue))
    sheets = _pack(blocks, PAGE - _header(digest, catalogue, (99, 99)).length - 2)
    return tuple(
        _page(_header(digest, catalogue, (number, len(sheets))), sheet)
        for number, sheet in enumerate(sheets, start=1)
    )


def nothing_new(digest: Digest, catalogue: Catalogue) -> Page:
    """The short page of a channel that wants to hear of it: when, and how much was read."""
    return _page(_header(digest, catalogue, (1, 1)), [_coverage(digest, catalogue)])


# ---------------------------------------------------------------- pages


def _pack(blocks: Iterable[_Block], room: int) -> list[list[_Block]]:
    """Blocks in order onto sheets; a heading never stands alone at the end of a sheet."""
    sheets: list[list[_Block]] = [[]]
    used = count = 0
    for block in blocks:
        length, entities = block.length + len(block.gap), len(block.entities)
        if sheets[-1] and (used + length > room or count + entities >= MOST_ENTITIES):
            heading = [sheets[-1].pop()] if sheets[-1][-1].is_heading else []
            sheets.append(heading)
            used = sum(one.length + len(one.gap) for one in heading)
            count = len(heading)
        sheets[-1].append(block)
        used, count = used + length, count + entities
    return [sheet for sheet in sheets if sheet]


def _page(header: _Block, blocks: Sequence[_Block]) -> Page:
    parts, length = list(header.parts), header.length
    entities, placed, gap = list(header.entities), [], header.gap
    for block in blocks:
        parts.append(gap)
        length += len(gap)
        entities += [replace(e, offset=e.offset + length) for e in block.entities]
        if block.subject:
            placed.append(Placed(block.subject, length, block.length, block.officials))
        parts += block.parts
        length, gap = length + block.length, block.gap
    return Page("".join(parts), tuple(entities), tuple(placed))


def _header(digest: Digest, catalogue: Catalogue, page: tuple[int, int]) -> _Block:
    zone, mark = digest.channel.timezone, _mark(catalogue)
    if digest.kind is DigestKind.ALERT:
        time = catalogue.moment(digest.until, zone)
    else:
        time = catalogue.span(digest.since, digest.until, zone)
    title = _title(digest, catalogue)
    if page[1] > 1:
        numbers = {"page": catalogue.number(page[0]), "pages": catalogue.number(page[1])}
        title += " " + catalogue.text("(%(page)s/%(pages)s)") % numbers
    return _Block().add(mark).add(title, "bold").add(f"\n{mark}{time}")


def _title(digest: Digest, catalogue: Catalogue) -> str:
    """What the digest is about: the massacre, topics that the channel chose besides, neither."""
    relevant = digest.channel.scope.relevant
    topics = any(line.topics for line in digest.stories)
    if digest.kind is DigestKind.ALERT:
        if not digest.stories:
            return catalogue.text("Alert: an official named in other news")
        if topics:
            return catalogue.text("Alert: a chosen topic")
        return catalogue.text("Alert: 1988 prison massacre")
    if digest.stories and topics:
        if relevant:
            return catalogue.text("1988 prison massacre and chosen topics: new reports")
        return catalogue.text("Chosen topics: new reports")
    if digest.stories:
        return catalogue.text("1988 prison massacre: new reports")
    if relevant:
        return catalogue.text("1988 prison massacre: nothing new")
    if digest.named:
        return catalogue.text("Officials named in other news")
    return catalogue.text("Nothing new")


def _heading(text: str, catalogue: Catalogue, gap: str = "\n\n") -> _Block:
    return _Block(gap, is_heading=True).add(_mark(catalogue)).add(text, "underline")


def _mark(catalogue: Catalogue) -> str:
    """What makes a line run from right to left, whatever it begins with."""
    return RLM if catalogue.right_to_left else ""


# ---------------------------------------------------------------- stories


def _story(line: Line, digest: Digest, catalogue: Catalogue, name_of: NameOf) -> _Block:
    mark = _mark(catalogue)
    block = _Block(subject=line.subject, officials=line.named or line.officials)
    address = link(line.url)
    title = shortened(line.title, _TITLE) or shortened(address or line.url, _ADDRESS) or "…"
    block.add(f"{mark}• ")
    if address:
        block.add(ISOLATE).add(title, "text_link", address).add(POP)
    else:
        block.add(isolated(unlinked(title)))
    block.add(f"\n{mark}{catalogue.join(_details(line, digest, catalogue))}")
    _add_tags(block, line, catalogue, name_of)
    return block


def _details(line: Line, digest: Digest, catalogue: Catalogue) -> list[str]:
    details = [_source(line.outlet, line.outlet_kind, catalogue)]
    if line.published is not None:
        details.append(catalogue.day(line.published, digest.channel.timezone))
    if line.updated:
        details.append(catalogue.text("updated"))
    if line.alerted:
        details.append(catalogue.text("told in an alert before"))
    if line.others:
        details.append(_others(line, catalogue))
    if line.first:
        first = _source(line.first, line.first_kind, catalogue)
        details.append(catalogue.text("first: %(outlet)s") % {"outlet": first})
    return details


def _source(name: str, kind: str, catalogue: Catalogue) -> str:
    """An outlet and what it is: never a link of Telegram's own making."""
    shown = unlinked(shortened(name, _OUTLET))
    return f"{isolated(shown)} ({catalogue.kind(kind)})" if shown else catalogue.kind(kind)


def _others(line: Line, catalogue: Catalogue) -> str:
    total = sum(line.others.values())
    named: Counter[str] = Counter()  # several kinds may have one name for readers
    for kind, number in line.others.items():
        named[catalogue.kind(kind)] += number
    counts = [f"{catalogue.number(n)} {name}" for name, n in named.items()]
    kinds = catalogue.join(counts) if len(counts) > 1 else next(iter(named))
    text = catalogue.plural("and %(n)s other outlet", "and %(n)s other outlets", total)
    return f"{text} ({kinds})"


def _add_tags(block: _Block, line: Line, catalogue: Catalogue, name_of: NameOf) -> None:
    """Officials, then topics; "+3" for those that have no room."""
    names = (name_of(one, catalogue.language) for one in (*line.officials, *line.topics))
    tags = tuple(dict.fromkeys(filter(None, map(_tag, names))))
    for number, tag in enumerate(tags[:_TAGS]):
        block.add(" " if number else f"\n{_mark(catalogue)}")
        kind = "hashtag" if tag == hashtag(tag) else None
        if _turns(tag, catalogue):
            block.add(ISOLATE).add(tag, kind).add(POP)
        else:
            block.add(tag, kind)
    if len(tags) > _TAGS:
        block.add(f" +{catalogue.number(len(tags) - _TAGS)}")


def _tag(name: str) -> str:
    """A hashtag, or the plain name where Telegram would take none."""
    return hashtag(name) or unlinked(shortened(name, _OUTLET))


def _turns(text: str, catalogue: Catalogue) -> bool:
    """Whether a text runs in the other direction than the page."""
    strong = (bidirectional(char) for char in text)
    first = next((kind for kind in strong if kind in ("L", "R", "AL")), "L")
    return (first != "L") is not catalogue.right_to_left


# ---------------------------------------------------------------- what stands around them


def _withdrawn(digest: Digest, catalogue: Catalogue) -> list[_Block]:
    """What was taken back since the last digest: when it was told, how much, the admin's words.

    Never what it said: repeating a claim is no way of withdrawing it.
    """
    if not digest.withdrawn:
        return []
    if all(one.what == "removed" for one in digest.withdrawn):
        heading = catalogue.text("Withdrawn since the last digest")
    else:
        heading = catalogue.text("Withdrawn or corrected since the last digest")

    def alike(one: Withdrawal) -> tuple[str, str, str]:
        day = catalogue.day(one.told_at, digest.channel.timezone)
        return day, one.what, shortened(one.note, _NOTE)

    together: dict[tuple[str, str, str], int] = {}
    for key, group in groupby(digest.withdrawn, alike):
        together[key] = together.get(key, 0) + len({one.subject for one in group})
    lines = [_withdrawal(*key, number, catalogue) for key, number in together.items()]
    lines[-1].gap = "\n\n"
    return [_heading(heading, catalogue, gap="\n"), *lines]


def _withdrawal(day: str, what: str, note: str, number: int, catalogue: Catalogue) -> _Block:
    stories = catalogue.plural("%(n)s story", "%(n)s stories", number)
    if what == "removed":
        text = catalogue.text("%(stories)s told on %(day)s: withdrawn")
    else:
        text = catalogue.text("%(stories)s told on %(day)s: corrected")
    said = text % {"stories": stories, "day": day}
    said += f". {isolated(note)}" if note else ""
    return _Block(gap="\n").add(f"{_mark(catalogue)}• {said}")


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
    lines = [text, *_gaps(digest, catalogue)]
    if digest.left:
        more = catalogue.plural(
            "%(n)s more follows in the next digest",
            "%(n)s more follow in the next digest",
            digest.left,
        )
        lines.insert(0, more)
    block = _Block()
    for number, line in enumerate(lines):
        block.add("\n" if number else "").add(f"{_mark(catalogue)}{line}", "italic")
    return block


def _gaps(digest: Digest, catalogue: Catalogue) -> list[str]:
    """A line for each of the latest gaps, in the reader's zone, and how many more there are."""
    gaps, zone = digest.coverage.gaps, digest.channel.timezone
    lines = [
        catalogue.text("possible gap at %(outlet)s: %(span)s")
        % {
            "outlet": isolated(unlinked(shortened(gap.feed_name, _OUTLET) or "…")),
            "span": catalogue.short_span(gap.since, gap.until, zone),
        }
        for gap in gaps[:_GAPS]
    ]
    rest = len(gaps) - _GAPS
    if rest > 0:
        lines.append(catalogue.plural("%(n)s more possible gap", "%(n)s more possible gaps", rest))
    return lines
