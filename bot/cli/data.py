"""`dadkhah export`, `db`, `doctor`, `config`: what is stored, and whether all is well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from bot.findings import Finding

db = typer.Typer(help="The database: upgrade, check, back up, restore, move.", no_args_is_help=True)
config = typer.Typer(help="The settings in force.", no_args_is_help=True)

_JSON = typer.Option(False, "--json", help="For machines: one JSON object a line.")


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    from bot.cli import keeping

    keeping.add_to(db)
    app.command(rich_help_panel="Knowing")(export)
    app.add_typer(db, name="db", rich_help_panel="Operating")
    app.command(rich_help_panel="Operating")(doctor)
    app.add_typer(config, name="config", rich_help_panel="Operating")


def export(
    since: str | None = typer.Option(None, help="First seen since: ISO 8601, 24h or 7d."),
    until: str | None = typer.Option(None, help="First seen before."),
    official: str | None = typer.Option(None, help="Naming this person: an id of `watch list`."),
    language: str | None = typer.Option(None, help="In this language."),
    format: str = typer.Option("jsonl", help="jsonl or csv."),
) -> None:
    """Every stored article with its reasons, by first seen (docs/export.md)."""
    import csv
    import sys

    from bot.app import Knowledge
    from bot.cli.edge import fail, moment, print_json, settings, store
    from bot.exporting import KEYS, csv_cell, row
    from bot.knowing import load

    if format not in ("jsonl", "csv"):
        fail(f"--format: {format!r} is neither jsonl nor csv.", 2)
    start, end = moment(since, "--since"), moment(until, "--until")
    knowledge = Knowledge()
    joint = load(knowledge, settings())
    if official is not None and official not in {p.id for p in joint.watchlist.people}:
        fail(f"--official: {official!r} is not on the watchlist. See `dadkhah watch list`.", 2)
    writer = csv.writer(sys.stdout)
    if format == "csv":
        writer.writerow(KEYS)
    with store(create=False) as opened:
        for article in opened.export(since=start, until=end, official=official, language=language):
            values = row(article, knowledge.outlets)
            if format == "csv":
                writer.writerow([csv_cell(value) for value in values.values()])
            else:
                print_json(values)


@db.command()
def upgrade(
    no_backup: bool = typer.Option(False, "--no-backup", help="You have made one yourself."),
) -> None:
    """Bring an older database to this version's schema, after a backup.

    A missing one is made empty: the feeds come with the first command that writes.
    """
    from bot.cli.edge import settings
    from bot.upkeep import upgrade_with_backup

    found = settings()
    kept = upgrade_with_backup(found, keep=not no_backup)
    if kept is not None:
        typer.echo(f"A backup of the old database is at {kept}", err=True)
    typer.echo("The database has this version's schema.")


@db.command()
def check() -> None:
    """Look for damage and contradictions. Exit 1 if there are any."""
    from bot.cli.edge import store

    with store(create=False) as opened:
        problems, counts = opened.check(), opened.counts()
    for problem in problems:
        typer.echo(problem)
    if problems:
        raise typer.Exit(1)
    typer.echo(
        f"The database is sound: {counts.feeds} feeds, {counts.articles} articles "
        f"({counts.relevant} relevant), {counts.stories} stories."
    )


@db.command()
def recompute(
    all: bool = typer.Option(
        False, "--all", help="Also articles too old for copies to be found by them."
    ),
) -> None:
    """Compute fingerprints anew that another version of the program made.

    The running service does it by itself after an update, for the last 31 days. Safe to kill,
    to run again, and to run beside the service; nothing is grouped anew.
    """
    from bot.cli.edge import store
    from bot.cli.paragraphs import bar
    from bot.clock import utc_now
    from bot.wording import count
    from watchers.keeping import PART
    from watchers.recompute import FINDABLE, recompute_part

    since = None if all else utc_now() - FINDABLE
    after: int | None = 0
    changed = looked = 0
    with store(create=False) as opened:
        total = opened.counts().articles if all else None
        with bar("recomputing", total) as step:
            while after is not None:
                part, after = recompute_part(opened, after, since)
                changed += part
                looked += PART
                step(looked if total is None else min(looked, total))
    if changed:
        typer.echo(f"{count(changed, 'fingerprint')} computed anew.")
    else:
        typer.echo("All fingerprints are of this version.")


def doctor(json: bool = _JSON) -> None:
    """Check configuration, files, database, token, channel rights and clock; exit 1 on failure."""
    import asyncio

    from bot.checks import diagnose
    from bot.cli.edge import print_json, quiet_logs, settings

    found = settings()
    quiet_logs()
    findings = asyncio.run(diagnose(found))
    for finding in findings:
        if json:
            print_json({"check": finding.check, "state": finding.state, "message": finding.message})
        else:
            _say(finding)
    if any(finding.state == "failed" for finding in findings):
        raise typer.Exit(1)


def _say(finding: Finding) -> None:
    colours = {"ok": "green", "note": "yellow", "failed": "red"}
    state = typer.style(f"{finding.state:<6}", fg=colours[finding.state])
    typer.echo(f"{state}  {finding.check}: {finding.message}")


@config.command("show")
def show_config(json: bool = _JSON) -> None:
    """Every setting and its value; secrets are hidden."""
    from bot.cli.edge import print_json, settings, table
    from config.settings import shown

    values = shown(settings())
    if json:
        print_json(values)
    else:
        table("", ("setting", "value"), list(values.items()))
