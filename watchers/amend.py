"""Changes of the watchlist by admins, each checked as a whole before it is stored. Pure.

    shipped file + admins' rows --joined--> Joined --add_alias, hold, ...--> Edit --storage--> rows

An edit is a function of the list in force. WatchlistInvalid, InputInvalid, WatchUnknown: their
sentences say what to do, and nothing was changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from watchers.changes import WatchRow, WatchRows
from watchers.errors import InputInvalid, WatchlistInvalid, WatchUnknown
from watchers.forms import ALL_FORMS, put_form, strange
from watchers.overlay import (
    MOST_ROWS,
    SECTIONS,
    Difference,
    Joined,
    Key,
    Row,
    Unusable,
    by_key,
    current,
    digest_of,
    joined,
    key_at,
    letters_of,
    over,
    said_of,
    valid_row,
    values_of,
)
from watchers.text import clean
from watchers.watchlist import (
    OwnTopic,
    Person,
    Places,
    across_rows,
    load_toml,
)
from watchers.watchlist_rows import File

__all__ = [
    "FIELDS",
    "Difference",
    "Edit",
    "Joined",
    "Unusable",
    "add_alias",
    "add_person",
    "after",
    "change",
    "drop_alias",
    "hold",
    "joined",
    "keep_own",
    "put_file",
    "put_topic",
    "remove",
    "take_shipped",
]

FIELDS = (
    "name", "kind", "status", "say", "claim_basis", "role_1988", "role_later", "denial", "doubt",
    "deceased", "hold",
)  # fmt: skip

_YES = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class Edit:
    """A change, checked and ready to be stored; `action` and `detail` go to the audit log."""

    rows: tuple[WatchRow, ...]
    drop: tuple[Key, ...]
    action: str
    detail: str


def after(joint: Joined, edit: Edit) -> Joined:
    """The watchlist as it will be once the edit is stored: for rehearsals."""
    rows = {key: row for key, row in joint.rows.items() if key not in edit.drop}
    rows |= {(row.section, row.id): row for row in edit.rows}
    return joined(joint.shipped, WatchRows(joint.revision + 1, tuple(rows.values())))


# ---------------------------------------------------------------- edits of people


def add_person(
    joint: Joined, person_id: str, name: str, *, kind: str = "official", aliases: Iterable[str] = ()
) -> Edit:
    """Watch for somebody else; without aliases by the name as given.

    On hold and not verified, so that nothing is said of them in public before somebody has
    filled in who says what.
    """
    _require_free(joint, "person", person_id)
    name = _line(name)
    for other in joint.watchlist.people:
        if letters_of(other.name) == letters_of(name):
            msg = f"{other.id!r} is watched for by the name {other.name!r} already."
            raise InputInvalid(msg)
    values: dict[str, Any] = {
        "id": person_id, "name": name, "kind": kind, "status": "", "say": "",
        "claim_basis": "not-verified", "hold": True,
    }  # fmt: skip
    for alias in [_line(alias) for alias in aliases] or [name]:
        put_form(joint, values, alias, in_context=False)
    return _edit(joint, {("person", person_id): values}, "watch.add", f"{name} ({kind})")


def add_alias(joint: Joined, person_id: str, alias: str, *, in_context: bool = False) -> Edit:
    """Find the person by one more form; `in_context`: only where the context carries it."""
    person = _person(joint, person_id)
    form = _line(alias)
    if letters_of(form) == letters_of(person.name) and not in_context:
        msg = f"{form!r} is the name of {person_id!r}, which is searched for in any case."
        raise InputInvalid(msg)
    values = values_of(person)
    put_form(joint, values, form, in_context=in_context)
    detail = f"{form} (in context)" if in_context else form
    return _edit(joint, {("person", person_id): values}, "watch.add-alias", detail)


def drop_alias(joint: Joined, person_id: str, alias: str) -> Edit:
    """Find the person by this form no more, however it is spelt. WatchUnknown."""
    person = _person(joint, person_id)
    values, letters = values_of(person), letters_of(alias)
    if letters == letters_of(person.name):
        msg = (
            f"{person.name!r} is the name of {person_id!r}, which is searched for in any case; "
            "change the name first."
        )
        raise InputInvalid(msg)
    found: list[str] = []
    for key in ALL_FORMS:
        forms = values.get(key, ())
        found += [form for form in forms if letters_of(form) == letters]
        values[key] = [form for form in forms if letters_of(form) != letters]
    if not found:
        msg = f"{person_id!r} has no form {_line(alias)!r}."
        raise WatchUnknown(msg)
    detail = ", ".join(dict.fromkeys(found))
    return _edit(joint, {("person", person_id): values}, "watch.drop-alias", detail)


def change(joint: Joined, person_id: str, field: str, value: str) -> Edit:
    """Set one of FIELDS; `hold` takes yes or no, `deceased` a date or nothing."""
    if field not in FIELDS:
        msg = f"{field!r} cannot be changed. Choose one of {', '.join(FIELDS)}."
        raise InputInvalid(msg)
    given: object = _line(value)
    if field == "hold":
        given = _YES.get(str(given).casefold())
        if given is None:
            msg = f"hold: {value!r} is neither yes nor no."
            raise InputInvalid(msg)
    if field == "deceased":
        given = given or None
    values = values_of(_person(joint, person_id)) | {field: given}
    detail = f"{field} = {given}"
    return _edit(joint, {("person", person_id): values}, "watch.change", detail)


def hold(joint: Joined, person_id: str, on: bool) -> Edit:
    """Match and count the person, and say the name in public no more; or do so again."""
    values = values_of(_person(joint, person_id)) | {"hold": on}
    action = "watch.hold" if on else "watch.unhold"
    return _edit(joint, {("person", person_id): values}, action, "")


# ---------------------------------------------------------------- edits of any row


def put_topic(joint: Joined, topic_id: str, name: str, query: str) -> Edit:
    """Add an own topic, or give the one of that id another name and query."""
    values: dict[str, Any] = {"id": topic_id, "name": _line(name), "query": clean(query)}
    key = ("own_topic", topic_id)
    there = current(joint).get(key)
    if there is not None:
        values = values_of(there) | values
    else:
        _require_free(joint, "own_topic", topic_id)
    return _edit(joint, {key: values}, "watch.topic", f"{values['name']}: {values['query']}")


def remove(joint: Joined, row_id: str) -> Edit:
    """Watch for the person, or the own topic, no more."""
    key = _key_of(joint, row_id)
    there = current(joint).get(key)
    return _edit(joint, {key: None}, "watch.remove", there.name if there else "")


def take_shipped(joint: Joined, row_id: str) -> Edit:
    """Give the admins' row up: the shipped one counts again, if there is one."""
    key = _own_key(joint, row_id)
    shipped = by_key(joint.shipped).get(key)
    values = None if shipped is None else values_of(shipped)
    return _edit(joint, {key: values}, "watch.take-shipped", "")


def keep_own(joint: Joined, row_id: str) -> Edit:
    """Keep the admins' row over the shipped one as it is now: the difference is settled."""
    key = _own_key(joint, row_id)
    row = joint.rows[key]
    base = digest_of(by_key(joint.shipped).get(key))
    kept = WatchRow(row.section, row.id, row.row, base)
    return Edit((kept,), (), "watch.keep-own", "")


class _Part(BaseModel):
    """A file of changes: whole rows, each in place of the one of its id."""

    model_config = ConfigDict(extra="forbid")

    person: tuple[Person, ...] = Field(default=(), max_length=MOST_ROWS)
    own_topic: tuple[OwnTopic, ...] = Field(default=(), max_length=200)


def put_file(joint: Joined, text: str, source: str) -> Edit:
    """Put the [[person]] and [[own_topic]] rows of a TOML text, all or none.

    WatchlistInvalid names the line of each row that cannot be used.
    """
    raw = load_toml(text, source)
    places = Places(text, source, raw)
    try:
        part = _Part.model_validate(raw)
    except ValidationError as error:
        raise WatchlistInvalid(source, places.all_of(error, _Part)) from error
    found: dict[Key, int] = {}
    for section in SECTIONS:
        for index, row in enumerate(getattr(part, section)):
            if found.setdefault((section, row.id), index) != index:
                said = places.say((section, index, "id"), "this id is used above; keep one row")
                raise WatchlistInvalid(source, (said,))
    if not found:
        msg = f"{source} has no [[person]] and no [[own_topic]] rows. Nothing was changed."
        raise InputInvalid(msg)
    wanted = {key: values_of(getattr(part, key[0])[index]) for key, index in found.items()}
    in_file = _InFile(source, places, found)
    return _edit(
        joint,
        wanted,
        "watch.file",
        f"{source}: {len(found)} row{'' if len(found) == 1 else 's'}",
        in_file,
    )


# ---------------------------------------------------------------- the common part


@dataclass(frozen=True, slots=True)
class _InFile:
    """Says problems by their lines in a file of changes."""

    source: str
    places: Places
    index: Mapping[Key, int]

    def say(self, key: Key, field: str, said: str) -> str:
        """A problem with its line, or with the row's id if another row has it."""
        if key not in self.index:
            return f"{self.source}: {key[0]} {key[1]!r}.{field}: {said}."
        return self.places.say((key[0], self.index[key], field), said)


def _edit(
    joint: Joined,
    wanted: Mapping[Key, Mapping[str, Any] | None],
    action: str,
    detail: str,
    in_file: _InFile | None = None,
) -> Edit:
    """The edit that gives these keys these values, checked with all other rows."""
    rows = {key: _wanted(key, values) for key, values in wanted.items()}
    used = {**joint.used, **rows}
    if len(joint.rows.keys() | rows.keys()) > MOST_ROWS:
        msg = f"More than {MOST_ROWS:,} rows of the admins' own are too many. Nothing was changed."
        raise InputInvalid(msg)
    file = over(joint.shipped, used)
    people = {n: row for n, row in enumerate(file.person) if rows.get(("person", row.id)) is row}
    found = [
        *across_rows(file),
        *((("person", number, key), said) for number, key, said in strange(joint, people)),
    ]
    problems = [_problem(file, loc, said, in_file) for loc, said in found]
    if problems:
        source = in_file.source if in_file else "The change"
        raise WatchlistInvalid(source, tuple(problems))
    shipped = by_key(joint.shipped)
    put, drop = [], []
    for key, row in rows.items():
        if row == shipped.get(key):
            drop.append(key)
        else:
            had = joint.rows.get(key)
            base = had.base if had else digest_of(shipped.get(key))
            put.append(WatchRow(*key, None if row is None else values_of(row), base))
    return Edit(tuple(put), tuple(drop), action, detail[:500])


def _wanted(key: Key, values: Mapping[str, Any] | None) -> Row | None:
    if values is None:
        return None
    try:
        return valid_row(key[0], values)
    except ValidationError as error:
        said = said_of(error, SECTIONS[key[0]])
        msg = f"{key[1]!r} cannot be kept so: {said}. Nothing was changed."
        raise InputInvalid(msg) from error


def _problem(file: File, loc: Sequence[int | str], said: str, in_file: _InFile | None) -> str:
    key, field = key_at(file, loc), ".".join(map(str, loc[2:]))
    if in_file is not None:
        return in_file.say(key, field, said)
    return f"{key[0]} {key[1]!r}.{field}: {said}." if field else f"{key[0]}: {said}."


def _person(joint: Joined, person_id: str) -> Person:
    found = current(joint).get(("person", person_id))
    if not isinstance(found, Person):
        msg = f"Nobody on the watchlist has the id {person_id!r}."
        raise WatchUnknown(msg)
    return found


def _key_of(joint: Joined, row_id: str) -> Key:
    """The row of that id that counts, or that is stored and cannot be used."""
    keys = {**current(joint), **{key: row for key, row in joint.rows.items() if row.row}}
    for section in SECTIONS:
        if (section, row_id) in keys:
            return section, row_id
    msg = f"Nobody and no topic of the admins' has the id {row_id!r}."
    raise WatchUnknown(msg)


def _own_key(joint: Joined, row_id: str) -> Key:
    for section in (*SECTIONS, *{section for section, _ in joint.rows}):
        if (section, row_id) in joint.rows:
            return section, row_id
    msg = f"Admins have not changed {row_id!r}."
    raise WatchUnknown(msg)


def _require_free(joint: Joined, section: str, row_id: str) -> None:
    there, shipped = current(joint), by_key(joint.shipped)
    for other in SECTIONS:
        if (other, row_id) in there:
            msg = f"{row_id!r} is on the watchlist already; change it, or choose another id."
            raise InputInvalid(msg)
    if (section, row_id) in shipped:
        msg = f"{row_id!r} was removed; take the shipped row back, or choose another id."
        raise InputInvalid(msg)


def _line(text: str) -> str:
    """What a person typed, on one line, without what cannot be seen."""
    return " ".join(clean(text).split())
