"""`dadkhah channels`, `admins`, `audit`: who is told, who may give orders, what they did."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from watchers.ports import Store
    from watchers.telling import Channel

channels = typer.Typer(help="The channels that receive digests.", no_args_is_help=True)
admins = typer.Typer(help="Who may give the bot orders.", no_args_is_help=True)

_JSON = typer.Option(False, "--json", help="For machines: one JSON object a line.")
_CHANNEL = typer.Argument(help="@channelname, a numeric chat id, or the channel's number.")
_ZONE = typer.Option(None, "--timezone", help="IANA time zone: Europe/Berlin, Asia/Tehran.")
_TIMES = typer.Option(None, "--schedule", help="Times of day in that zone: 08:00,18:00.")
_LANGUAGE = typer.Option(None, "--language", help="en, fa or fr.")
_MINUS = {"ignore_unknown_options": True}  # a channel's numeric id begins with a minus


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    app.add_typer(channels, name="channels", rich_help_panel="Telling")
    app.add_typer(admins, name="admins", rich_help_panel="Telling")
    app.command(rich_help_panel="Telling")(audit)


def _times(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


@channels.command("list")
def list_channels(json: bool = _JSON) -> None:
    """All channels."""
    from bot.cli.edge import print_json, store, table

    with store(create=False) as opened:
        found = opened.channels()
    if json:
        for channel in found:
            print_json(asdict(channel))
        return
    rows = [(c.id, c.chat, c.language, c.timezone, ", ".join(c.schedule), _state(c)) for c in found]
    table("", ("id", "chat", "language", "time zone", "digests at", "state"), rows)


def _state(channel: Channel) -> str:
    return f"paused: {channel.pause_reason or 'by an admin'}" if channel.paused else "active"


@channels.command("add", context_settings=_MINUS)
def add_channel(
    chat: str = typer.Argument(help="@channelname or a numeric chat id."),
    timezone: str | None = _ZONE,
    schedule: str | None = _TIMES,
    language: str | None = _LANGUAGE,
) -> None:
    """Tell a channel from now on. The bot must be an admin there."""
    from bot.cli.edge import settings, store
    from bot.clock import utc_now
    from watchers.registry import channel_spec

    found = settings()
    times = _times(schedule) if schedule is not None else found.schedule
    spec = channel_spec(chat, timezone or found.timezone, times, language or found.language)
    with store(create=True) as opened:
        channel = opened.add_channel(spec, at=utc_now(), actor="cli")
    typer.echo(
        f"Channel {channel.id}: {channel.chat}, {', '.join(channel.schedule)} {channel.timezone}"
    )


@channels.command("change", context_settings=_MINUS)
def change_channel(
    channel: str = _CHANNEL,
    timezone: str | None = _ZONE,
    schedule: str | None = _TIMES,
    language: str | None = _LANGUAGE,
    chat: str | None = typer.Option(None, help="The chat's new name or id."),
) -> None:
    """Change when, where or in which language a channel is told."""
    from bot.cli.edge import fail

    given = {"timezone": timezone, "language": language, "chat": chat}
    changes: dict[str, object] = {k: v for k, v in given.items() if v is not None}
    if schedule is not None:
        changes["schedule"] = _times(schedule)
    if not changes:
        fail("nothing to change; name --timezone, --schedule, --language or --chat.", 2)
    _change(channel, changes)


@channels.command("pause", context_settings=_MINUS)
def pause_channel(
    channel: str = _CHANNEL,
    resume: bool = typer.Option(False, "--resume", help="Tell it again."),
) -> None:
    """Post nothing to a channel for now; nothing is lost."""
    _change(channel, {"paused": not resume, "pause_reason": None})


def _change(ref: str, changes: dict[str, object]) -> None:
    from bot.cli.edge import store
    from bot.clock import utc_now
    from watchers.registry import channel_changes

    checked = channel_changes(changes)
    with store(create=False) as opened:
        found = opened.change_channel(opened.channel(ref).id, checked, at=utc_now(), actor="cli")
    times = ", ".join(found.schedule)
    typer.echo(f"{found.chat}: {times} {found.timezone}, {found.language}, {_state(found)}")


@channels.command("remove", context_settings=_MINUS)
def remove_channel(channel: str = _CHANNEL) -> None:
    """Forget a channel, with the record of what it was told."""
    from bot.cli.edge import store
    from bot.clock import utc_now

    with store(create=False) as opened:
        gone = opened.remove_channel(opened.channel(channel).id, at=utc_now(), actor="cli")
    typer.echo(f"{gone.chat} is told no more.")


@admins.command("list")
def list_admins(json: bool = _JSON) -> None:
    """Everyone who may give orders."""
    from bot.cli.edge import print_json, store, table
    from bot.clock import utc_now
    from bot.wording import ago

    with store(create=False) as opened:
        found = opened.admins()
    if json:
        for admin in found:
            print_json(asdict(admin))
        return
    rows = [(a.user_id, a.role, ago(a.added_at, utc_now())) for a in found]
    table("", ("user id", "role", "added"), rows)


@admins.command()
def grant(
    user: str = typer.Argument(help="A numeric Telegram user id."),
    role: str = typer.Option("editor", help="owner or editor."),
) -> None:
    """Make somebody an admin."""
    from bot.cli.edge import store
    from bot.clock import utc_now
    from watchers.registry import admin_id, admin_role

    number, checked = admin_id(user), admin_role(role)

    def give(opened: Store) -> None:
        opened.grant(number, checked, at=utc_now(), actor="cli")

    with store(create=True) as opened:
        give(opened)
    typer.echo(f"{number} is {checked}.")


@admins.command()
def revoke(user: str = typer.Argument(help="A numeric Telegram user id.")) -> None:
    """Take an admin's rights."""
    from bot.cli.edge import fail, store
    from bot.clock import utc_now
    from watchers.registry import admin_id

    number = admin_id(user)
    with store(create=False) as opened:
        had = opened.revoke(number, at=utc_now(), actor="cli")
    if not had:
        fail(f"{number} is no admin. `dadkhah admins list` shows who is.")
    typer.echo(f"{number} has no rights any more.")


def audit(
    limit: int = typer.Option(50, min=1, max=10_000, help="How many records."),
    json: bool = _JSON,
) -> None:
    """What was changed by whom, newest first."""
    from bot.cli.edge import iso, print_json, store, table

    with store(create=False) as opened:
        found = opened.audit(limit)
    if json:
        for record in found:
            print_json(asdict(record))
        return
    rows = [(iso(r.at), r.actor, r.action, r.subject, r.detail) for r in found]
    table("", ("when (UTC)", "who", "what", "subject", "detail"), rows)
