"""`dadkhah coverage`: what may have been missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from watchers.coverage import FeedReport


def add_to(app: typer.Typer) -> None:
    """Hang this command on the program."""
    app.command(rich_help_panel="Knowing")(coverage)


def coverage(
    since: str = typer.Option("24h", help="Since when: ISO 8601, 24h or 7d."),
    json: bool = typer.Option(False, "--json", help="For machines: one JSON object."),
) -> None:
    """What may have been missed: feeds that were unreachable or silent, possible gaps."""
    from bot.cli.edge import fail, moment, print_json, store, table
    from bot.clock import utc_now
    from bot.facts import coverage_report, report_summary
    from bot.wording import stretch

    now = utc_now()
    start = moment(since, "--since")
    if start is None or start >= now:
        fail("--since: the time lies ahead. Write 2026-11-22, 24h or 7d.", 2)
    with store(create=False) as opened:
        report = coverage_report(opened, now, start)
    if json:
        print_json(report.as_dict())
        return
    rows = [_row(one) for one in report.feeds]
    if rows:
        table("", ("id", "feed", "unreachable", "possible gaps", "silent for"), rows)
        typer.echo()
    typer.echo(f"{stretch(report.since, report.until)} UTC. {report_summary(report)}")


def _row(one: FeedReport) -> tuple[object, ...]:
    from bot.facts import spans
    from bot.wording import span

    silent = span(int(one.silent_for.total_seconds())) if one.silent_for else ""
    return one.feed.id, one.feed.name, spans(one.unreachable), spans(one.gaps), silent
