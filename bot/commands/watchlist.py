"""The watchlist by chat: who is on it, and one row in full."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

from bot.app import Program
from bot.commands.orders import LIST, Button, Order, Reply
from bot.wording import count, isolated, short
from watchers.overlay import Joined, Row, current, letters_of
from watchers.watchlist import OwnTopic, Person

_PAGE = 20  # rows in one message
_FORMS = 60  # of one sort of names
_FOUND = 10  # people that a search lists
_SOURCES = 4
_LINE = 600  # characters
_SECTION = {"person": "person", "own_topic": "own topic"}


async def watchlist(program: Program, order: Order) -> str | Reply:
    """/watchlist [PAGE or ID or NAME]"""
    await program.knowing.refresh()
    joint, asked = program.knowing.joint, " ".join(order.words)
    if not asked:
        return _page(joint, 1)
    if number := _number(asked):
        last = _pages(joint)
        if number > last:
            return f"There are {count(last, 'page')}: /watchlist {last}"
        return _page(joint, number)
    return await asyncio.to_thread(_row, joint, asked)


def _number(word: str) -> int:
    """A number in any script's digits; 0 if it is none."""
    return int(word[:9]) if word.isdecimal() else 0


async def turned(program: Program, order: Order) -> Reply:
    """A button to another page."""
    page = order.words[0].partition(":")[2] if order.words else ""
    await program.knowing.refresh()
    joint = program.knowing.joint
    number = int(page[:4]) if page.isascii() and page.isdecimal() else 1
    return _page(joint, min(max(number, 1), _pages(joint)))


# ---------------------------------------------------------------- pages


def _rows(joint: Joined) -> list[Row]:
    """Everybody, officials first, then own topics."""
    return [*joint.watchlist.people, *joint.watchlist.own_topics]


def _pages(joint: Joined) -> int:
    return max(1, -(-len(_rows(joint)) // _PAGE))


def _page(joint: Joined, page: int) -> Reply:
    rows, pages = _rows(joint), _pages(joint)
    officials = len(joint.watchlist.officials)
    others = len(joint.watchlist.people) - officials
    who = f"{count(officials, 'official')}, {count(others, 'other person', 'other people')}"
    topics = count(len(joint.watchlist.own_topics), "own topic")
    lines = [f"{who}, {topics}. Page {page} of {pages}."]
    if page == 1:
        lines += _odd(joint)
    heading = ""
    for row in rows[(page - 1) * _PAGE : page * _PAGE]:
        if heading != (heading := _heading(row)):
            lines += ["", heading]
        lines.append(_line(joint, row))
    lines += ["", "/watchlist ID shows one in full; a name works too."]
    buttons = []
    if page > 1:
        buttons.append(Button(f"‹ {page - 1}", f"{LIST}:{page - 1}"))
    if page < pages:
        buttons.append(Button(f"{page + 1} ›", f"{LIST}:{page + 1}"))
    return Reply("\n".join(lines), tuple(buttons), across=2, instead=True)


def _odd(joint: Joined) -> Iterator[str]:
    """What needs an admin's decision."""
    if joint.unusable:
        ids = ", ".join(row.id for row in joint.unusable)
        yield f"Your rows that cannot be used: {short(ids, _LINE)}."
    if joint.differences:
        ids = ", ".join(one.id for one in joint.differences)
        yield f"Changed by an update, and yours count: {short(ids, _LINE)}."
    gone = [number for (_, number), row in joint.rows.items() if row.row is None]
    if gone:
        yield f"Taken off by you: {short(', '.join(gone), _LINE)}."


def _heading(row: Row) -> str:
    if isinstance(row, OwnTopic):
        return "Own topics"
    return "Officials" if row.is_official else "Others, never listed as officials"


def _line(joint: Joined, row: Row) -> str:
    names = [isolated(row.name)]
    marks: list[str] = []
    if isinstance(row, Person):
        names += [isolated(form) for form in row.fa[:1]]
        marks += [*_kind(row), *_quiet(row)]
    section = "own_topic" if isinstance(row, OwnTopic) else "person"
    if (section, row.id) in joint.rows and not isinstance(row, OwnTopic):
        marks.append("yours")
    return f"{row.id}: {', '.join(names)}" + (f" [{', '.join(marks)}]" if marks else "")


def _kind(person: Person) -> list[str]:
    return [] if person.is_official else [person.kind]


def _quiet(person: Person) -> list[str]:
    """Why digests do not name somebody."""
    if person.hold:
        return ["held"]
    return ["not named in digests"] if person.quiet else []


# ---------------------------------------------------------------- one row


def _row(joint: Joined, asked: str) -> str:
    """The row of that id, or those of that name."""
    rows = current(joint)
    number = asked.lower()
    for section in _SECTION:
        if (section, number) in rows:
            return "\n".join(_full(joint, section, rows[section, number]))
    unusable = [row for row in joint.unusable if row.id == number]
    if unusable:
        return f"{number}: your row cannot be used: {short(unusable[0].reason, _LINE)}."
    if any(key[1] == number for key in joint.rows):
        return f"{number} was taken off by you. /watch {number} shipped brings it back."
    found = [row for row in rows.values() if _is_called(row, asked)]
    if len(found) == 1:
        section = "own_topic" if isinstance(found[0], OwnTopic) else "person"
        return "\n".join(_full(joint, section, found[0]))
    if found:
        lines = [_line(joint, row) for row in found[:_FOUND]]
        more = [f"and {len(found) - _FOUND} more"] if len(found) > _FOUND else []
        return "\n".join([f"{len(found)} are called so:", *lines, *more])
    return f"Nobody and no own topic has the id or name “{short(asked, 60)}”. /watchlist shows all."


def _is_called(row: Row, asked: str) -> bool:
    wanted = letters_of(asked[:120])
    forms: Iterable[str] = (row.name,)
    if isinstance(row, Person):
        forms = (*forms, *row.names, *row.surnames, *row.needs_context)
    return len(wanted) > 1 and any(wanted in letters_of(form) for form in forms)


def _full(joint: Joined, section: str, row: Row) -> Iterator[str]:
    """All that is on record of a row."""
    yield f"{isolated(row.name)} ({row.id})"
    if isinstance(row, Person):
        yield from _of_person(row)
    else:
        yield "Own topic."
        yield f"Query: {isolated(row.query)}"
        if row.note:
            yield f"Note: {isolated(row.note)}"
    for one in joint.unusable:
        if one.id == row.id:
            yield f"Your change of it cannot be used: {short(one.reason, _LINE)}."
    for difference in joint.differences:
        if (difference.section, difference.id) == (section, row.id):
            yield (
                "An update of the shipped list changed it too, and yours counts. "
                f"/watch {row.id} keep keeps yours, /watch {row.id} shipped takes the shipped row."
            )
            break
    else:
        if (section, row.id) in joint.rows and isinstance(row, Person):
            yield "Changed by you." if _is_shipped(joint, row.id) else "Added by you."


def _is_shipped(joint: Joined, person_id: str) -> bool:
    return any(person.id == person_id for person in joint.shipped.person)


def _of_person(person: Person) -> Iterator[str]:
    yield f"Kind: {person.kind}."
    if person.quiet:
        why = "on hold" if person.hold else f"the claim rests on {person.claim_basis} only"
        yield f"Found and counted, not named in digests: {why}."
    for what, forms in (
        ("Found by", person.aliases),
        ("Persian", person.fa),
        ("Arabic", person.ar),
        ("Only in context", (*person.surnames, *person.needs_context)),
    ):
        if forms:
            shown = ", ".join(isolated(form) for form in forms[:_FORMS])
            more = f" and {len(forms) - _FORMS} more" if len(forms) > _FORMS else ""
            yield f"{what}: {shown}{more}"
    for what, said in (
        ("Said", person.say),
        ("Status", person.status),
        ("Claim rests on", person.claim_basis),
        ("1988", person.role_1988),
        ("Later", person.role_later),
        ("Denial", person.denial),
        ("Doubt", person.doubt),
        ("Died", person.deceased or ""),
    ):
        if said:
            yield f"{what}: {isolated(said)}"
    if person.court_finding:
        yield "A court found so."
    for collision in person.collides[:_SOURCES]:
        yield f"Not to be confused: {isolated(collision.form)}: {isolated(collision.collides)}"
    for source in person.sources[:_SOURCES]:
        year = f", {source.year}" if source.year else ""
        seen = "" if source.seen else " (not opened)"
        link = f" {source.url}" if source.url else ""
        yield f"Source: {isolated(source.publisher)}: {isolated(source.title)}{year}{seen}{link}"
    if len(person.sources) > _SOURCES:
        yield f"and {len(person.sources) - _SOURCES} more sources"
