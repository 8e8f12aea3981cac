"""`dadkhah channels`, `admins`, `audit`: who is told, who may give orders, what they did."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from watchers.telling import Channel

channels = typer.Typer(help="The channels that receive digests.", no_args_is_help=True)
admins = typer.Typer(help="Who may give the bot orders.", no_args_is_help=True)

_JSON = typer.Option(False, "--json", help="For machines: one JSON object a line.")
_CHANNEL = typer.Argument(help="@channelname, a numeric chat id, or the channel's number.")
_ZONE = typer.Option(None, "--timezone", help="IANA time zone: Europe/Berlin, Asia/Tehran.")
_TIMES = typer.Option(None, "--schedule", help="Times of day in that zone: 08:00,18:00.")
_DAYS = typer.Option(None, "--weekdays", help="mon,wed, weekdays, daily ... in that zone.")
_LANGUAGE = typer.Option(None, "--language", help="Of its digests: en, fa or fr.")
_ARTICLES = typer.Option(
    None, "--article-languages", help="Tell articles in these alone: fa,en (all: any)."
)
_KINDS = typer.Option(None, "--kinds", help="Tell these kinds of outlets alone: un,state (all).")
_OFFICIALS = typer.Option(
    None, "--officials", help="Tell stories that name one of these alone: watchlist ids (all)."
)
_TOPICS = typer.Option(None, "--topics", help="Own topics that it is told besides: ids (none).")
_RELEVANT = typer.Option(
    None, "--relevant/--no-relevant", help="The massacre and its accountability."
)
_NAMED = typer.Option(
    None, "--named/--no-named", help="Officials in other news: the second section."
)
_NOTHING = typer.Option(
    None, "--nothing-new/--no-nothing-new", help="Say so when nothing is new, or be silent."
)
_APPROVAL = typer.Option(
    None, "--approval/--no-approval", help="Digests wait for an admin, or go out."
)
_ALERTS = typer.Option(
    None, "--alerts", help="Rules: 'first report strong; 5 outlets in 6 hours'; 'off'."
)
_SEARCHED = 100_000  # records that a filter looks at: years of them
_MINUS = {"ignore_unknown_options": True}  # a channel's numeric id begins with a minus
_KEYS = (
    "id", "chat", "timezone", "schedule", "language", "added_at", "paused", "pause_reason",
    "last_slot", "not_before", "weekdays", "scope", "alerts", "tells_nothing_new",
    "needs_approval",
)  # fmt: skip


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    app.add_typer(channels, name="channels", rich_help_panel="Telling")
    app.add_typer(admins, name="admins", rich_help_panel="Telling")
    app.command(rich_help_panel="Telling")(audit)


@channels.command("list")
def list_channels(json: bool = _JSON) -> None:
    """All channels."""
    from bot.channel_wording import state_words
    from bot.cli.edge import print_json, store, table
    from bot.plain_words import days_words

    with store(create=False) as opened:
        found = opened.channels()
    if json:
        for channel in found:
            values = asdict(channel)
            print_json({name: values[name] for name in _KEYS})
        return
    rows = [
        (c.id, c.chat, c.language, c.timezone,
         f"{days_words(c.weekdays)}: {', '.join(c.schedule)}", state_words(c))
        for c in found
    ]  # fmt: skip
    table("", ("id", "chat", "language", "time zone", "digests", "state"), rows)


@channels.command("show", context_settings=_MINUS)
def show_channel(channel: str = _CHANNEL) -> None:
    """One channel with all its settings."""
    from bot.app import Knowledge
    from bot.channel_wording import full
    from bot.cli.edge import store
    from bot.clock import utc_now

    knowledge = Knowledge()
    with store(create=False) as opened:
        found = opened.channel(channel)
        knowledge.load(opened)
    for line in full(found, utc_now(), lambda number: knowledge.names.of(number, "en")):
        typer.echo(line)


@channels.command("add", context_settings=_MINUS)
def add_channel(  # noqa: PLR0913 - a channel's settings, by name
    chat: str = typer.Argument(help="@channelname or a numeric chat id."),
    *,
    timezone: str | None = _ZONE,
    schedule: str | None = _TIMES,
    language: str | None = _LANGUAGE,
    weekdays: str | None = _DAYS,
    article_languages: str | None = _ARTICLES,
    kinds: str | None = _KINDS,
    officials: str | None = _OFFICIALS,
    topics: str | None = _TOPICS,
    relevant: bool | None = _RELEVANT,
    named: bool | None = _NAMED,
    nothing_new: bool | None = _NOTHING,
    approval: bool | None = _APPROVAL,
    alerts: str | None = _ALERTS,
) -> None:
    """Tell a channel from now on. The bot must be an admin there."""
    from bot.channel_wording import when_words
    from bot.cli.channel_options import Options, changes_of, spec_of
    from bot.cli.edge import settings, store
    from bot.clock import utc_now

    given = Options(
        chat, timezone, schedule, language, weekdays, article_languages, kinds, officials,
        topics, relevant, named, nothing_new, approval, alerts,
    )  # fmt: skip
    found = settings()
    with store(create=True) as opened:
        spec, rest = spec_of(changes_of(given, opened), found)
        channel = opened.add_channel(spec, at=utc_now(), actor="cli")
        if rest:
            channel = opened.change_channel(channel.id, rest, at=utc_now(), actor="cli")
    typer.echo(f"Channel {channel.id}: {channel.chat}, {when_words(channel)}")


@channels.command("change", context_settings=_MINUS)
def change_channel(  # noqa: PLR0913 - a channel's settings, by name
    channel: str = _CHANNEL,
    *,
    timezone: str | None = _ZONE,
    schedule: str | None = _TIMES,
    language: str | None = _LANGUAGE,
    chat: str | None = typer.Option(None, help="The chat's new name or id."),
    weekdays: str | None = _DAYS,
    article_languages: str | None = _ARTICLES,
    kinds: str | None = _KINDS,
    officials: str | None = _OFFICIALS,
    topics: str | None = _TOPICS,
    relevant: bool | None = _RELEVANT,
    named: bool | None = _NAMED,
    nothing_new: bool | None = _NOTHING,
    approval: bool | None = _APPROVAL,
    alerts: str | None = _ALERTS,
) -> None:
    """Change when, where, in which language and what a channel is told."""
    from bot.cli.channel_options import Options, changes_of
    from bot.cli.edge import fail, store
    from bot.clock import utc_now

    given = Options(
        chat, timezone, schedule, language, weekdays, article_languages, kinds, officials,
        topics, relevant, named, nothing_new, approval, alerts,
    )  # fmt: skip
    if given == Options():
        fail("nothing to change; name at least one option, as in --schedule 08:00.", 2)
    with store(create=False) as opened:
        found = opened.channel(channel)
        changes = changes_of(given, opened, found.scope, found.alerts)
        found = opened.change_channel(found.id, changes, at=utc_now(), actor="cli")
    _say(found)


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

    with store(create=False) as opened:
        found = opened.change_channel(opened.channel(ref).id, changes, at=utc_now(), actor="cli")
    _say(found)


def _say(channel: Channel) -> None:
    from bot.channel_wording import state_words, when_words

    typer.echo(f"{channel.chat}: {when_words(channel)}, {channel.language}, {state_words(channel)}")


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
    """Make somebody an admin. The last owner stays one."""
    from bot.cli.edge import fail, store
    from bot.clock import utc_now
    from watchers.errors import AdminInvalid
    from watchers.registry import admin_id, admin_role

    number, checked = admin_id(user), admin_role(role)

    with store(create=True) as opened:
        try:
            opened.grant(number, checked, at=utc_now(), actor="cli")
        except AdminInvalid as error:  # the last owner
            fail(error.message)
    typer.echo(f"{number} is {checked}.")


@admins.command()
def revoke(user: str = typer.Argument(help="A numeric Telegram user id.")) -> None:
    """Take an admin's rights. The last owner stays one."""
    from bot.cli.edge import fail, store
    from bot.clock import utc_now
    from watchers.errors import AdminInvalid
    from watchers.registry import admin_id

    number = admin_id(user)
    with store(create=False) as opened:
        try:
            had = opened.revoke(number, at=utc_now(), actor="cli")
        except AdminInvalid as error:  # the last owner
            fail(error.message)
    if not had:
        fail(f"{number} is no admin. `dadkhah admins list` shows who is.")
    typer.echo(f"{number} has no rights any more.")


def audit(
    limit: int = typer.Option(50, min=1, max=10_000, help="How many records."),
    actor: str | None = typer.Option(None, help="Only by: cli, system, or a user id."),
    action: str | None = typer.Option(
        None, help="Only these, and what begins so: channel, feed.remove."
    ),
    json: bool = _JSON,
) -> None:
    """What was changed by whom, newest first."""
    from bot.cli.edge import iso, print_json, store, table

    wide = limit if actor is None and action is None else _SEARCHED
    with store(create=False) as opened:
        found = [
            record
            for record in opened.audit(wide)
            if actor in (None, record.actor) and record.action.startswith(action or "")
        ][:limit]
    if json:
        for record in found:
            print_json(asdict(record))
        return
    rows = [(iso(r.at), r.actor, r.action, r.subject, r.detail) for r in found]
    table("", ("when (UTC)", "who", "what", "subject", "detail"), rows)
