"""`dadkhah feeds`: what is watched."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bot.cli import adding

if TYPE_CHECKING:
    from bot.app import Program
    from bot.facts import FeedFacts
    from watchers.discovery import Check
    from watchers.model import Feed, LedgerRow

app = typer.Typer(help="The feeds that are watched.", no_args_is_help=True)

_REF = typer.Argument(help="The feed's number or address.")
_JSON = typer.Option(False, "--json", help="For machines: one JSON object a line.")


def as_dict(feed: Feed) -> dict[str, object]:
    """A feed's keys for --json (docs/commands.md)."""
    names = ("id", "url", "name", "site", "language", "kind", "paused", "interval", "failures")
    times = ("added_at", "next_due", "last_polled", "last_success", "failing_since", "newest")
    values = {name: getattr(feed, name) for name in (*names, *times)}
    return {**values, "last_error": feed.last_error}


app.command()(adding.add)
app.command()(adding.discover)


@app.command("list")
def list_(json: bool = _JSON) -> None:
    """All feeds, with how they are doing."""
    from bot.cli.edge import print_json, store, table
    from bot.clock import utc_now
    from bot.wording import ago, state

    with store(create=False) as opened:
        feeds = opened.feeds()
    if json:
        for feed in feeds:
            print_json(as_dict(feed))
        return
    now = utc_now()
    rows = [
        (f.id, f.name, f.language or "", f.kind, state(f, now), ago(f.last_success, now), f.url)
        for f in feeds
    ]
    table("", ("id", "name", "lang", "kind", "state", "last read", "address"), rows)
    typer.echo(f"{len(feeds)} feeds, {sum(f.paused for f in feeds)} paused.", err=True)


@app.command()
def show(
    feed: str = _REF,
    since: str = typer.Option("7d", help="How far back its polls are told: ISO 8601, 24h, 7d."),
    json: bool = typer.Option(False, "--json", help="For machines: one JSON object."),
) -> None:
    """One feed in full: how it does, what its polls came to, what may have been missed."""
    from bot.cli.edge import fail, moment, print_json, store, table
    from bot.clock import utc_now
    from bot.facts import feed_facts, feed_lines
    from watchers.feed_addresses import feed_ref

    now = utc_now()
    start = moment(since, "--since")
    if start is None or start >= now:
        fail("--since: the time lies ahead. Write 2026-11-22, 24h or 7d.", 2)
    with store(create=False) as opened:
        facts = feed_facts(opened, feed_ref(feed), now, start)
    if json:
        print_json(_facts(facts))
        return
    table(f"{facts.feed.id}. {facts.feed.name}", ("", ""), feed_lines(facts, now))
    latest = facts.rows[-_ROWS:]
    if latest:
        typer.echo()
        table("", _LEDGER, [_ledger_row(row) for row in reversed(latest)])
    if len(facts.rows) > len(latest):
        typer.echo(f"{len(facts.rows) - len(latest)} earlier rows: --json lists all.", err=True)


_ROWS = 20  # of the ledger that people are shown
_LEDGER = ("polls from (UTC)", "until", "polls", "came to", "new", "listed", "kB", "possible gap")


def _ledger_row(row: LedgerRow) -> tuple[object, ...]:
    from bot.wording import outcome, stretch

    until = f"{row.until:%m-%d %H:%M}" if row.polls > 1 else ""
    changed = row.outcome == "changed"
    numbers = (row.new, row.listed) if changed else ("", "")
    size = f"{row.size / 1_000:,.0f}" if row.size else ""
    gap = stretch(*row.gap) if row.gap else ""
    return f"{row.since:%Y-%m-%d %H:%M}", until, row.polls, outcome(row), *numbers, size, gap


def _facts(facts: FeedFacts) -> dict[str, object]:
    """The keys of `feeds show --json` (docs/commands.md)."""
    rows = [asdict(row) for row in facts.rows]
    for row in rows:
        del row["feed_id"]
        row["gap"] = row["gap"] and {"since": row["gap"][0], "until": row["gap"][1]}
    report = facts.report.as_dict()
    for key in ("feed", "name", "url"):  # said above
        del report[key]
    return {
        **as_dict(facts.feed),
        "former_addresses": facts.former,
        "report": {"since": facts.since, **report},
        "ledger": rows,
    }


@app.command()
def remove(feed: str = _REF) -> None:
    """Stop watching a feed; what it brought stays."""
    from bot.cli.edge import store
    from bot.clock import utc_now
    from watchers.feed_addresses import feed_ref

    with store(create=False) as opened:
        gone = opened.remove_feed(opened.feed(feed_ref(feed)).id, at=utc_now(), actor="cli")
    typer.echo(f"Feed {gone.id} is no longer watched: {gone.name}. Its articles stay.")


@app.command()
def pause(feed: str = _REF) -> None:
    """Stop polling a feed for now."""
    _set_paused(feed, paused=True)


@app.command()
def resume(feed: str = _REF) -> None:
    """Poll a paused feed again, at once."""
    _set_paused(feed, paused=False)


def _set_paused(ref: str, *, paused: bool) -> None:
    from bot.cli.edge import store
    from bot.clock import utc_now
    from watchers.feed_addresses import feed_ref

    with store(create=False) as opened:
        found = opened.feed(feed_ref(ref))
        opened.pause_feed(found.id, paused=paused, at=utc_now(), actor="cli")
    typer.echo(f"Feed {found.id} is {'paused' if paused else 'polled again'}: {found.name}")


@app.command()
def check(
    feeds: list[str] = typer.Argument(None, help="Numbers or addresses (default: all)."),
    json: bool = _JSON,
) -> None:
    """Ask for feeds and read them, storing nothing. Exit 1 if any fails."""
    import asyncio

    from bot.cli.edge import print_json, run_with, table
    from bot.clock import utc_now
    from watchers.feed_addresses import feed_ref, feed_url

    async def work(program: Program) -> list[Check]:
        if feeds:
            known = await program.database(
                lambda s: [
                    s.feed(feed_ref(ref)).url if ref.isdecimal() else feed_url(ref) for ref in feeds
                ]
            )
        else:
            known = [f.url for f in await program.database(lambda s: s.feeds())]
        now = utc_now()
        return await asyncio.gather(*(program.registry.check(url, now) for url in known))

    found = run_with(work)
    for item in found if json else ():
        print_json(asdict(item))
    if not json:
        rows = [(c.url, "failed" if c.failure else "ok", _result(c)) for c in found]
        table("", ("address", "state", "found"), rows)
    if any(item.failure for item in found):
        raise typer.Exit(1)


def _result(check: Check) -> str:
    if check.failure is not None:
        return check.failure.detail
    return f"{check.title}: {check.entries} entries, {check.relevant} on the subject"


@app.command("import")
def import_(
    file: Path = typer.Argument(help="An OPML or TOML list of feeds."),
    skip_bad: bool = typer.Option(False, "--skip-bad", help="Leave out rows that cannot be used."),
) -> None:
    """Watch all feeds of a list. A list with a row that cannot be used changes nothing."""
    from bot.app import Knowledge, read_list
    from bot.cli.edge import store
    from bot.clock import utc_now
    from watchers.feedlist import parse_feed_list
    from watchers.registry import completed

    listed = parse_feed_list(read_list(file), str(file))
    specs = listed.feeds if skip_bad else listed.whole(str(file))
    outlets = Knowledge().outlets
    specs = tuple(completed(spec, outlets) for spec in specs)
    with store(create=True) as opened:
        added = opened.add_feeds(specs, at=utc_now(), actor="cli")
    known = len(specs) - added
    typer.echo(f"{added} feeds added, {known} were watched already.")
    for url in listed.duplicates:
        typer.echo(f"  listed twice: {url}", err=True)
    for problem in (*listed.problems, *listed.left_out):
        typer.echo(f"  {problem}", err=True)


@app.command()
def export() -> None:
    """All feeds as OPML on stdout."""
    from bot.cli.edge import store
    from watchers.feedlist import FeedSpec, write_opml

    with store(create=False) as opened:
        specs = [FeedSpec(f.url, f.name, f.language, f.kind, f.site) for f in opened.feeds()]
    typer.echo(write_opml(specs).decode("utf-8"), nl=False)
