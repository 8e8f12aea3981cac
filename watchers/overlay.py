"""The watchlist in force: the shipped rows with the admins' rows over them. Pure.

A row of the admins' stands whole in place of the shipped one of its id; one that holds None
takes it away. Nothing that is stored can stop the program: a row that does not fit any more,
for an update of the shipped file claims its alias, is left out and named in `unusable`. An
update that changes a row under an admins' one changes nothing: `differences` names it, and
admins decide (`watchers.amend`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import ValidationError

from watchers.changes import WatchRow, WatchRows
from watchers.folding import fold
from watchers.row_faults import fault
from watchers.watchlist import OwnTopic, Person, Watchlist, across_rows, made_of
from watchers.watchlist_rows import File

Row: TypeAlias = Person | OwnTopic
Key = tuple[str, str]  # section, id

MOST_ROWS = 2_000  # of the admins'; the file has as many people at most
SECTIONS: dict[str, type[Person | OwnTopic]] = {"person": Person, "own_topic": OwnTopic}


@dataclass(frozen=True, slots=True)
class Difference:
    """An update of the shipped file that an admins' row hides.

    `what`: "changed", "came" (a shipped row of that id is new) or "gone".
    """

    section: str
    id: str
    what: str
    shipped: Row | None
    own: Row | None


@dataclass(frozen=True, slots=True)
class Unusable:
    """An admins' row that is left out, and why."""

    section: str
    id: str
    reason: str


@dataclass(frozen=True)
class Joined:
    """The watchlist in force, and what it was made of."""

    watchlist: Watchlist
    revision: int
    shipped: File
    rows: Mapping[Key, WatchRow]  # the admins', those that cannot be used too
    used: Mapping[Key, Row | None]  # of them, those that count
    differences: tuple[Difference, ...]
    unusable: tuple[Unusable, ...]


def joined(shipped: File, rows: WatchRows) -> Joined:
    """The shipped rows with the admins' over them. Raises nothing, whatever the rows hold."""
    # In the order of storage: an edit's rows come in another, and the version counts the order.
    in_order = sorted(rows.rows, key=lambda row: (row.section, row.id))
    kept = {(row.section, row.id): row for row in in_order}
    used: dict[Key, Row | None] = {}
    unusable: dict[Key, str] = {}
    for key, row in kept.items():
        try:
            if len(used) >= MOST_ROWS:
                unusable[key] = f"there are more than {MOST_ROWS:,} rows"
            else:
                used[key] = read_row(row)
        except (ValidationError, ValueError) as error:
            unusable[key] = said_of(error, SECTIONS.get(key[0], Person))
    file = over(shipped, used)
    while culprits := _culprits(file, used):
        unusable.update(culprits)
        used = {key: row for key, row in used.items() if key not in culprits}
        file = over(shipped, used)
    return Joined(
        watchlist=made_of(file),
        revision=rows.revision,
        shipped=shipped,
        rows=kept,
        used=used,
        differences=tuple(_differences(shipped, kept, used)),
        unusable=tuple(Unusable(*key, reason) for key, reason in unusable.items()),
    )


def read_row(row: WatchRow) -> Row | None:
    """What a stored row says. ValidationError, ValueError."""
    if row.section not in SECTIONS:
        msg = f"there is no section {row.section!r} for rows of admins"
        raise ValueError(msg)
    return None if row.row is None else valid_row(row.section, {**row.row, "id": row.id})


def valid_row(section: str, values: Mapping[str, Any]) -> Row:
    """A row of plain values, checked by itself. ValidationError."""
    return SECTIONS[section].model_validate(values)


def said_of(error: ValueError, model: type[Row]) -> str:
    """The problems of a row of that model on one line."""
    if not isinstance(error, ValidationError):
        return str(error)
    found = error.errors(include_url=False, include_input=False)[:5]
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {fault(model, e)}" for e in found)


def _rows(file: File, section: str) -> Sequence[Row]:
    rows: Sequence[Row] = getattr(file, section)
    return rows


def by_key(file: File) -> dict[Key, Row]:
    """The rows that admins can change, by section and id."""
    return {(section, row.id): row for section in SECTIONS for row in _rows(file, section)}


def over(shipped: File, own: Mapping[Key, Row | None]) -> File:
    """The file with these rows in place of its own, new ones at the end of their kind."""
    sections = {}
    for section in SECTIONS:
        rows = {row.id: row for row in _rows(shipped, section)}
        for (named, number), row in own.items():
            if named == section and row is not None:
                rows[number] = row
            elif named == section:
                rows.pop(number, None)
        sections[section] = tuple(rows.values())
    sections["person"] = tuple(sorted(sections["person"], key=_is_other))
    return shipped.model_copy(update=sections)


def _is_other(row: Row) -> bool:
    """Officials come first in a watchlist."""
    return not (isinstance(row, Person) and row.is_official)


def _culprits(file: File, own: Mapping[Key, Row | None]) -> dict[Key, str]:
    """The admins' rows for which the whole does not hold, each with the reason."""
    found: dict[Key, str] = {}
    problems = list(across_rows(file))
    for loc, said in problems:
        key = key_at(file, loc)
        if key in own:
            found.setdefault(key, f"{loc[2]}: {said}" if len(loc) > 2 else said)
    if problems and not found:  # told of a shipped row, as the later of two that claim a form
        found = {key: said for key, said in _first_claims(file) if key in own}
    if problems and not found:
        gone = [key for key, row in own.items() if row is None]
        found = dict.fromkeys(gone or own, problems[0][1])
    return found


def key_at(file: File, loc: Sequence[int | str]) -> Key:
    """Which row a problem's place is in; no id where it is in none that admins can change."""
    section = str(loc[0])
    if section in SECTIONS and len(loc) > 1 and isinstance(loc[1], int):
        return section, _rows(file, section)[loc[1]].id
    return section, ""


def _first_claims(file: File) -> Iterable[tuple[Key, str]]:
    """People with a form that a later row claims too."""
    owners: dict[str, str] = {}
    for person in file.person:
        for form in person.names:
            owner = owners.setdefault(letters_of(form), person.id)
            if owner != person.id:
                yield ("person", owner), f"{form!r} names {person.id!r} too"


def _differences(
    shipped: File, rows: Mapping[Key, WatchRow], used: Mapping[Key, Row | None]
) -> Iterable[Difference]:
    theirs = by_key(shipped)
    for key, row in rows.items():
        now = theirs.get(key)
        base = digest_of(now)
        if base == row.base or (now is None and row.row is None):
            continue
        what = "gone" if now is None else "changed" if row.base else "came"
        yield Difference(*key, what, now, used.get(key))


def digest_of(row: Row | None) -> str:
    """Tells that a shipped row changed; empty for none. New fields with defaults change nothing."""
    if row is None:
        return ""
    text = row.model_dump_json(by_alias=True, exclude_defaults=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def current(joint: Joined) -> dict[Key, Row]:
    """The rows as admins see them: their own even where it cannot be used, so as to mend it."""
    rows = by_key(joint.shipped)
    for key, stored in joint.rows.items():
        try:
            own = read_row(stored)
        except ValueError:  # what it said is lost: the shipped one is the next best
            continue
        if own is None:
            rows.pop(key, None)
        else:
            rows[key] = own
    return rows


def values_of(row: Row) -> dict[str, Any]:
    """A row as TOML would hold it."""
    return row.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def letters_of(form: str) -> str:
    """What two forms are compared by: folded, words joined."""
    return fold(form).replace(" ", "")
