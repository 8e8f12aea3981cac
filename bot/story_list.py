"""Stories in a list for a reader: as digests attribute them, numbered. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from bot.i18n import Catalogue
from bot.pieces import ISOLATE, POP, isolated, shortened, units, unlinked
from bot.sheets import Sheet
from watchers.snippets import Snippet
from watchers.telling import Line

_TITLE = 200  # UTF-16 units of a headline
_OUTLET = 80
_NAMES = 6  # officials under one story
_PIECE = 400
_ROOM = 120  # UTF-16 units that are kept free below a list

NameOf = Callable[[str, str], str]  # person id, language -> name
NO_PIECES: Mapping[str, Snippet] = MappingProxyType({})


def add_stories(
    sheet: Sheet, lines: Sequence[Line], zone: str, name_of: NameOf, *, first: int | None = 1,
    pieces: Mapping[str, Snippet] = NO_PIECES,
) -> int:  # fmt: skip
    """Put the stories onto the sheet, as many as it has room for; how many.

    `first` is the number of the first of them; None: without numbers. `pieces`: of their texts,
    by subject.
    """
    for place, line in enumerate(lines):
        piece = pieces.get(line.subject)
        one = Sheet(sheet.words)
        _add(one, line, zone, name_of, None)
        if piece is not None:
            _add_piece(one, piece)
        if not sheet.has_room(units(one.text) + _ROOM):
            return place
        _add(sheet, line, zone, name_of, None if first is None else first + place)
        if piece is not None:
            _add_piece(sheet, piece)
        sheet.line()
    return len(lines)


def _add_piece(sheet: Sheet, piece: Snippet) -> None:
    """A line of the outlet's own words; bold where what was asked stands."""
    shown = shortened(piece.text, _PIECE)
    if not shown:
        return
    sheet.begin().add(f"{ISOLATE}“{'… ' if piece.cut_before else ''}")
    at = 0
    for start, end in piece.spans if shown == piece.text else ():
        sheet.add(unlinked(piece.text[at:start])).add(unlinked(piece.text[start:end]), "bold")
        at = end
    sheet.add(unlinked(shown[at:])).add(f"{' …' if piece.cut_after else ''}”{POP}")


def _add(sheet: Sheet, line: Line, zone: str, name_of: NameOf, number: int | None) -> None:
    words = sheet.words
    sheet.begin().add("• " if number is None else f"{words.number(number)}. ")
    sheet.headline(line.title, line.url, _TITLE)
    details = [_source(line.outlet, line.outlet_kind, words)]
    if line.published is not None:
        details.append(words.day(line.published, zone))
    if line.updated:
        details.append(words.text("updated"))
    if line.others:
        details.append(_others(line, words))
    if line.first:
        first = _source(line.first, line.first_kind, words)
        details.append(words.text("first: %(outlet)s") % {"outlet": first})
    sheet.begin().add(words.join(details))
    if line.officials:
        named = [name_of(official, words.language) for official in line.officials[:_NAMES]]
        names = words.join([isolated(unlinked(shortened(name, _OUTLET))) for name in named])
        sheet.line(words.text("named: ")).add(names)


def _source(name: str, kind: str, words: Catalogue) -> str:
    shown = unlinked(shortened(name, _OUTLET))
    return f"{isolated(shown)} ({words.kind(kind)})" if shown else words.kind(kind)


def _others(line: Line, words: Catalogue) -> str:
    kinds: Counter[str] = Counter()  # several kinds may have one name for readers
    for kind, number in line.others.items():
        kinds[words.kind(kind)] += number
    total = sum(line.others.values())
    text = words.plural("and %(n)s other outlet", "and %(n)s other outlets", total)
    return f"{text} ({words.join([f'{words.number(n)} {name}' for name, n in kinds.items()])})"
