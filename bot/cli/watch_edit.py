"""`dadkhah watch add`, `change`, `hold`, `remove`, `changes`: the watchlist by the admins.

Each edit is checked as a whole, stored with a record in the audit log, and live within a second
in a running service; without one, stored articles are judged again here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bot.cli.watch_apply import edited

if TYPE_CHECKING:
    from bot.watch_wording import Own
    from watchers.amend import Edit, Joined

adding = typer.Typer(help="Add a person, a form of a name, an own topic, or a file of rows.")

_JSON = typer.Option(False, "--json", help="For machines: one JSON object a line.")
_ID = typer.Argument(help="The id, as `watch list` prints it.")
_NEW_ID = typer.Argument(help="Small letters, digits and hyphens: a-person.")
_DRY = typer.Option(False, "--dry-run", help="Rehearse: show what would change; change nothing.")
_LATER = typer.Option(
    False, "--no-rejudge", help="Leave stored articles to the running service, or to its start."
)


def add_to(app: typer.Typer) -> None:
    """Hang these commands on `dadkhah watch`."""
    app.command()(change)
    app.command()(hold)
    app.command()(remove)
    app.command()(changes)
    adding.info.no_args_is_help = True
    app.add_typer(adding, name="add")


# ---------------------------------------------------------------- add


@adding.command("person")
def add_person(  # noqa: PLR0913 - a row's fields, by name
    id: str = _NEW_ID,
    name: str = typer.Argument(help="The name as it is shown."),
    *,
    alias: list[str] = typer.Option([], help="A form to find by itself; may be repeated "
                                    "(default: the name)."),
    in_context: list[str] = typer.Option([], help="A form that counts only in context, as a "
                                         "surname does; may be repeated."),
    kind: str = typer.Option("official", help="official, survivor, family, advocate ..."),
    say: str = typer.Option("", help="Neutral wording, with who says it."),
    status: str = typer.Option("", help="Alive, dead, sentenced ... as reported."),
    claim_basis: str = typer.Option("", help="What the strongest claim rests on: un-report, "
                                    "ngo-report ... (default: not-verified)."),
    dry_run: bool = _DRY,
    no_rejudge: bool = _LATER,
) -> None:  # fmt: skip
    """Watch for a person; on hold until `watch hold ID --off`."""
    from watchers import amend

    fields = {"say": say, "status": status, "claim_basis": claim_basis}

    def make(joint: Joined) -> Edit:
        edit = amend.add_person(joint, id, name, kind=kind, aliases=alias)
        for form in in_context:
            edit = _then(joint, edit, partial(amend.add_alias, alias=form, in_context=True), id)
        for field, value in fields.items():
            if value:
                edit = _then(joint, edit, partial(amend.change, field=field, value=value), id)
        return edit

    edited(make, dry_run, no_rejudge)


def _then(joint: Joined, first: Edit, more: Callable[[Joined, str], Edit], row_id: str) -> Edit:
    """An edit of a row after another edit of it, as one."""
    from watchers.amend import Edit, after

    second = more(after(joint, first), row_id)
    return Edit(second.rows, second.drop, first.action, f"{first.detail}; {second.detail}"[:500])


@adding.command("alias")
def add_alias(
    id: str = _ID,
    alias: str = typer.Argument(help="The form, in any script, one spelling of it."),
    in_context: bool = typer.Option(
        False, "--in-context", help="It counts only in context: a bare surname, a common name."
    ),
    dry_run: bool = _DRY,
    no_rejudge: bool = _LATER,
) -> None:
    """Find a person by one more form of the name."""
    from watchers import amend

    edited(
        lambda joint: amend.add_alias(joint, id, alias, in_context=in_context), dry_run, no_rejudge
    )


@adding.command("topic")
def add_topic(
    id: str = _NEW_ID,
    name: str = typer.Argument(help="The name as it is shown."),
    query: str = typer.Argument(help="Words, AND, OR, NOT, NEAR/N, quotes: docs/queries.md."),
    dry_run: bool = _DRY,
    no_rejudge: bool = _LATER,
) -> None:
    """Watch for a topic of your own, or give one another name and query."""
    _put_topic(id, name, query, dry_run, no_rejudge)


@adding.command("file")
def add_file(
    file: Path = typer.Argument(help=r"TOML with [\[person]] and [\[own_topic]] rows."),
    dry_run: bool = _DRY,
    no_rejudge: bool = _LATER,
) -> None:
    """Put whole rows, each in place of the one of its id. All of the file, or nothing."""
    from bot.cli.watch_rehearse import read_text
    from watchers import amend

    text = read_text(file)
    edited(lambda joint: amend.put_file(joint, text, str(file)), dry_run, no_rejudge)


def _put_topic(row_id: str, name: str | None, query: str | None, dry: bool, later: bool) -> None:
    """Add an own topic or change what is given of one; QueryInvalid draws the place."""
    from watchers import amend
    from watchers.overlay import current
    from watchers.queries import parse_query
    from watchers.watchlist import OwnTopic

    if query is not None:
        parse_query(query)

    def make(joint: Joined) -> Edit:
        there = current(joint).get(("own_topic", row_id))
        old = there if isinstance(there, OwnTopic) else None
        called = (old.name if old else "") if name is None else name
        wanted = (old.query if old else "") if query is None else query
        return amend.put_topic(joint, row_id, called, wanted)

    edited(make, dry, later)


# ---------------------------------------------------------------- change, hold, remove


def change(
    id: str = _ID,
    field: str = typer.Argument(help="say, status, role_1988, claim_basis ...; name, query."),
    value: str = typer.Argument(help="The new value; '' empties it."),
    dry_run: bool = _DRY,
    no_rejudge: bool = _LATER,
) -> None:
    """Set one field of a person, or the name or the query of an own topic."""
    from bot.cli.watch import in_force
    from bot.watch_wording import key_of
    from watchers import amend
    from watchers.errors import InputInvalid

    if (key_of(in_force(), id) or ("", ""))[0] == "own_topic":
        if field not in ("name", "query"):
            msg = f"{field!r} is no field of an own topic that can be changed: name, query."
            raise InputInvalid(msg)
        name, query = (value, None) if field == "name" else (None, value)
        _put_topic(id, name, query, dry_run, no_rejudge)
        return
    edited(lambda joint: amend.change(joint, id, field, value), dry_run, no_rejudge)


def hold(
    id: str = _ID,
    off: bool = typer.Option(False, "--off", help="Say the name in public again."),
    dry_run: bool = _DRY,
    no_rejudge: bool = _LATER,
) -> None:
    """Match and count a person, but never say the name in headlines or hashtags."""
    from watchers import amend

    edited(lambda joint: amend.hold(joint, id, on=not off), dry_run, no_rejudge)


def remove(
    id: str = _ID,
    alias: str | None = typer.Option(None, help="Only this form of the name."),
    dry_run: bool = _DRY,
    no_rejudge: bool = _LATER,
) -> None:
    """Watch for a person or an own topic no more, or find a person by a form no more."""
    from watchers import amend

    if alias is None:
        edited(lambda joint: amend.remove(joint, id), dry_run, no_rejudge)
    else:
        edited(lambda joint: amend.drop_alias(joint, id, alias), dry_run, no_rejudge)


# ---------------------------------------------------------------- changes


def changes(
    take: str | None = typer.Option(None, help="Give the admins' row of this id up."),
    keep: str | None = typer.Option(None, help="Keep the admins' row of this id as it is."),
    json: bool = _JSON,
    dry_run: bool = _DRY,
    no_rejudge: bool = _LATER,
) -> None:
    """What admins changed, where it differs from the shipped list, and what does not fit."""
    from bot.cli.edge import fail, print_json
    from bot.cli.watch import in_force
    from bot.watch_wording import own_changes
    from watchers import amend

    if take and keep:
        fail("--take and --keep: give one of them.", 2)
    if take:
        edited(lambda joint: amend.take_shipped(joint, take), dry_run, no_rejudge)
        return
    if keep:
        edited(lambda joint: amend.keep_own(joint, keep), dry_run, no_rejudge)
        return
    joint = in_force()
    found, last = own_changes(joint), _last_changes(joint)
    for own in found:
        who = last.get(own.key[1], ("", ""))
        if json:
            print_json(_own(own, who))
        else:
            _tell_own(own, who)
    if not found and not json:
        typer.echo(f"Admins have changed nothing. The shipped list {joint.watchlist.version} is "
                   "in force.")  # fmt: skip


def _last_changes(joint: Joined) -> dict[str, tuple[str, str]]:
    """Who changed a row last, and when, by the row's id."""
    from bot.cli.edge import iso
    from bot.cli.watch import watch_audit

    if not joint.revision:
        return {}
    return {
        row_id: (record.actor, iso(record.at) or "")
        for record in reversed(watch_audit())
        for row_id in record.subject.split(", ")
    }


def _own(own: Own, who: tuple[str, str]) -> dict[str, object]:
    """The keys of `watch changes --json` (docs/commands.md)."""
    return {
        "section": own.key[0],
        "id": own.key[1],
        "name": own.name,
        "what": own.what,
        "actor": who[0] or None,
        "at": who[1] or None,
        "lines": [
            {"field": line.field, "sign": line.sign, "text": line.text} for line in own.lines
        ],
        "shipped": own.difference.what if own.difference else None,
        "left_out": own.unusable.reason if own.unusable else None,
    }


_SHIPPED = {
    "changed": "An update changed the shipped row since.",
    "came": "An update brought a shipped row of this id.",
    "gone": "An update took the shipped row away.",
}


def _tell_own(own: Own, who: tuple[str, str]) -> None:
    from bot.cli.paragraphs import paragraph

    said = f", by {who[0]}, {who[1][:10]}" if who[0] else ""
    paragraph(f"{own.key[1]} ({own.name}): {own.what}{said}")
    for line in own.lines if own.what != "removed" else ():
        if own.what == "changed" or line.field not in ("id", "name"):
            paragraph(str(line), 2)
    if own.difference:
        choice = f"`watch changes --take {own.key[1]}` or `--keep {own.key[1]}`"
        paragraph(f"{_SHIPPED[own.difference.what]} Yours counts; decide: {choice}.", 2)
    if own.unusable:
        paragraph(f"Left out, for it does not fit any more: {own.unusable.reason}.", 2)
