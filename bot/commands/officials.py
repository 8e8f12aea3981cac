"""`/officials`: who is followed, what is reported of whom and by whom, in the watchlist's words.

Nobody on hold or on weak grounds. The watchlist is kept in English: its words are shown as they
are, and translated by nobody on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from bot import browsing
from bot.app import Program
from bot.commands.latest import reader_of
from bot.commands.orders import EVERYONE, Button, Command, Order, Press, Reply
from bot.commands.private import label, number_in, old, reply_of, short_key, turning, words_of
from bot.i18n import Catalogue
from bot.sheets import Sheet, digits
from bot.story_list import add_stories
from watchers.outlets import OutletTable
from watchers.telling import Line
from watchers.watchlist import Person, Source

HEAD = "who"
_A_PAGE = 10
_SOURCES = 5
_STORIES = 3
_SAID = 600  # UTF-16 units of one field
_PARTIES = ("advocacy", "state")  # readers are told that a source is one


def showable(program: Program) -> tuple[Person, ...]:
    """The officials that may be shown, in the watchlist's order."""
    names = program.knowledge.names
    return tuple(p for p in program.knowledge.watchlist.officials if names.showable(p.id))


async def officials(program: Program, order: Order) -> Reply:
    """/officials"""
    return _list(program, order, 1)


def _list(program: Program, order: Order, page: int) -> Reply:
    words, names = words_of(order), program.knowledge.names
    people = showable(program)
    pages = max(1, -(-len(people) // _A_PAGE))
    page = min(max(page, 1), pages)
    sheet = Sheet(words).line(words.text("Officials"), "bold")
    sheet.line(
        words.text(
            "They are followed in the news because sources name them in connection with 1988. "
            "To be on this list is no finding of guilt: press a name to read who reports what."
        )
    )
    buttons = [
        Button(label(names.of(one.id, order.language)), f"{HEAD}:p:{short_key(one.id)}:{page}")
        for one in people[(page - 1) * _A_PAGE : page * _A_PAGE]
    ]
    turn = turning(words, f"{HEAD}:l", page, pages)
    rows = [1] * len(buttons) + ([len(turn)] if turn else [])
    return reply_of(sheet, [*buttons, *turn], tuple(rows))


async def pressed(program: Program, order: Order) -> Reply:
    """Another page, or one of them."""
    what, data = "".join(order.data[:1]), order.data[1:]
    if what == "l":
        return _list(program, order, number_in(data, 0))
    found = [p for p in showable(program) if short_key(p.id) == "".join(data[:1])]
    if what != "p" or not found:
        return old(order, "/officials")
    reader = await reader_of(program, order)
    stories = await browsing.of_official(program, found[0].id, reader)
    back = f"{HEAD}:l:{number_in(data, 1) or 1}"
    return card(program, words_of(order), found[0], stories[:_STORIES], reader.timezone, back)


# ---------------------------------------------------------------- one of them


def card(
    program: Program, words: Catalogue, person: Person, stories: Sequence[Line], zone: str,
    back: str,
) -> Reply:  # fmt: skip
    """What is on record of an official, with who says so."""
    names = program.knowledge.names
    local = names.of(person.id, words.language)
    sheet = Sheet(words).begin().add(local, "bold")
    if local != person.name:
        sheet.begin().quote(person.name, _SAID)
    sheet.line()
    _said(sheet, words.text("What is reported: "), person.say)
    _said(sheet, words.text("In 1988, according to the sources below: "), person.role_1988)
    _said(sheet, words.text("Later: "), person.role_later)
    _said(sheet, words.text("Own account: "), person.denial)
    if person.deceased:
        sheet.line(words.text("Died: ")).add(_date(words, person.deceased))
    sheet.line(words.text("This rests on: ") + _basis(words, person.claim_basis))
    if not person.court_finding:
        sheet.line(words.text("No court judgment is on record here."))
    if words.language != "en":
        sheet.line(words.text("(The descriptions are kept in English, as the sources are quoted.)"))
    _sources(sheet, person.sources, program.knowledge.outlets)
    if stories:
        sheet.line().line(words.text("Recent stories"), "bold")
        add_stories(sheet, stories, zone, names.of, first=None)
    return reply_of(sheet, [Button(words.text("‹ Back"), back)])


def _said(sheet: Sheet, what: str, said: str) -> None:
    """English words stand on a line of their own where ours run the other way."""
    if said:
        sheet.line(what)
        if sheet.words.right_to_left:
            sheet.add("\n")
        sheet.quote(said, _SAID)


def _date(words: Catalogue, date: str) -> str:
    """A date as exactly as it is known: a whole one in the reader's calendar."""
    try:
        day = datetime.fromisoformat(date).replace(hour=12, tzinfo=UTC)
    except ValueError:
        return digits(date, words)
    return words.day(day, "UTC") if len(date) == len("2024-05-19") else digits(date, words)


def _basis(words: Catalogue, basis: str) -> str:
    return {
        "court-judgment": words.text("a court's judgment"),
        "un-report": words.text("a report of the United Nations"),
        "ngo-report": words.text("reports of rights groups"),
        "document": words.text("a document"),
        "testimony": words.text("testimony of survivors and witnesses"),
        "own-statement": words.text("the official's own words"),
        "office-held": words.text("the office held at the time"),
        "activist-reports": words.text("reports of activists"),
    }.get(basis, words.text("the sources below"))


def _sources(sheet: Sheet, sources: Sequence[Source], outlets: OutletTable) -> None:
    """Those that were opened, before those that were only recalled; with an address first."""
    words = sheet.words
    shown = sorted(sources, key=lambda one: (not one.seen, not one.url))[:_SOURCES]
    if not shown:
        return
    sheet.line().line(words.text("Sources"), "bold")
    for source in shown:
        outlet = outlets.of(source.url) if source.url else None
        sheet.begin().add("• ").quote(source.publisher, 120)
        if outlet and outlet.kind in _PARTIES and outlet.name.startswith(source.publisher):
            sheet.add(f" ({words.kind(outlet.kind)})")
        sheet.add(": ")
        if source.url:
            sheet.headline(source.title, source.url, 160)
        else:
            sheet.quote(source.title, 160)
        if source.year:
            sheet.add(f" ({words.number(source.year)})")
        if not source.seen:
            sheet.add(words.comma).add(words.text("not checked again"))
    more = len(sources) - len(shown)
    if more:
        sheet.line(words.plural("and %(n)s more source", "and %(n)s more sources", more))


COMMANDS = {"officials": Command(officials, "who is followed, and who reports what", EVERYONE)}
PRESSES = {HEAD: Press(pressed, EVERYONE)}
