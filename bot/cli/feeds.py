"""`dadkhah feeds`: what is watched."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from bot.app import Program
    from watchers.model import Feed
    from watchers.registry import Check

app = typer.Typer(help="The feeds that are watched.", no_args_is_help=True)

_REF = typer.Argument(help="The feed's number or address.")
_JSON = typer.Option(False, "--json", help="For machines: one JSON object a line.")


def as_dict(feed: Feed) -> dict[str, object]:
    """A feed's keys for --json (docs/commands.md)."""
    names = ("id", "url", "name", "site", "language", "kind", "paused", "interval", "failures")
    times = ("added_at", "next_due", "last_polled", "last_success")
    values = {name: getattr(feed, name) for name in (*names, *times)}
    return {**values, "last_error": feed.last_error}


@app.command()
def add(
    urls: list[str] = typer.Argument(help="Addresses of feeds."),
    name: str = typer.Option("", help="A name for readers (default: the feed's own title)."),
    language: str | None = typer.Option(None, help="Two letters: fa, en, de ..."),
    kind: str = typer.Option(
        "",
        help="human-rights, un, court-law, world-media, persian-media, advocacy, state or query "
        "(default: as the table of outlets says).",
    ),
    check: bool = typer.Option(True, help="Ask for the feed once before it is added."),
) -> None:
    """Watch feeds. Each is asked for once, so that a slip is told now and not tomorrow."""
    from bot.cli.edge import fail, run_with
    from bot.clock import utc_now
    from watchers.errors import DadkhahError, FeedUrlInvalid
    from watchers.model import FeedSpec
    from watchers.registry import KINDS, feed_url

    if kind and kind not in KINDS:
        fail(f"--kind: {kind!r} is none of {', '.join(KINDS)}.", 2)
    if language is not None and not re.fullmatch("[a-z]{2,3}", language):
        fail(f"--language: {language!r} is no code of two or three letters: fa, en, ckb.", 2)
    for url in urls:
        feed_url(url)  # all of them, before anything is added

    async def work(program: Program) -> int:
        failed = 0
        for url in urls:
            spec = FeedSpec(url, name, language, kind)
            try:
                feed, found = await program.registry.add_feed(
                    spec, now=utc_now(), actor="cli", check=check
                )
            except FeedUrlInvalid:
                raise
            except DadkhahError as error:
                typer.echo(f"error: {error}", err=True)
                failed += 1
                continue
            typer.echo(f"Feed {feed.id} is watched: {feed.name} ({feed.url}){_found(found)}")
        return failed

    if run_with(work):
        raise typer.Exit(1)


def _found(check: Check | None) -> str:
    if check is None:
        return ""
    if check.failure is not None:
        return f"\n  but it could not be read now: {check.failure.detail}. It is tried again."
    return f"\n  {check.entries} entries, {check.relevant} of them on the subject."


@app.command("list")
def list_(json: bool = _JSON) -> None:
    """All feeds, with how they are doing."""
    from bot.cli.edge import print_json, store, table
    from bot.clock import utc_now
    from bot.wording import ago

    with store(create=False) as opened:
        feeds = opened.feeds()
    if json:
        for feed in feeds:
            print_json(as_dict(feed))
        return
    now = utc_now()
    rows = [
        (f.id, f.name, f.language or "", f.kind, _state(f), ago(f.last_success, now), f.url)
        for f in feeds
    ]
    table("", ("id", "name", "lang", "kind", "state", "last read", "address"), rows)
    typer.echo(f"{len(feeds)} feeds, {sum(f.paused for f in feeds)} paused.", err=True)


def _state(feed: Feed) -> str:
    if feed.paused:
        return "paused"
    return "failing" if feed.failures else ("ok" if feed.last_success else "new")


@app.command()
def show(feed: str = _REF, json: bool = _JSON) -> None:
    """One feed in full."""
    from bot.cli.edge import print_json, store, table

    with store(create=False) as opened:
        found = opened.feed(feed)
    if json:
        print_json(as_dict(found))
    else:
        table("", ("", ""), list(as_dict(found).items()))


@app.command()
def remove(feed: str = _REF) -> None:
    """Stop watching a feed; what it brought stays."""
    from bot.cli.edge import store
    from bot.clock import utc_now

    with store(create=False) as opened:
        gone = opened.remove_feed(opened.feed(feed).id, at=utc_now(), actor="cli")
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

    with store(create=False) as opened:
        found = opened.feed(ref)
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
    from watchers.registry import feed_url

    async def work(program: Program) -> list[Check]:
        if feeds:
            known = await program.database(
                lambda s: [s.feed(ref).url if ref.isdigit() else feed_url(ref) for ref in feeds]
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
