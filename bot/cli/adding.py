"""`dadkhah feeds add` and `feeds discover`: from an address to the feeds behind it."""

from __future__ import annotations

import re
import shlex
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.app import Program
    from watchers.discovery import Check, Discovery
    from watchers.model import Feed, FeedSpec


def add(
    urls: list[str] = typer.Argument(help="Addresses of feeds, of pages, or @CHANNEL."),
    name: str = typer.Option("", help="A name for readers (default: the feed's own title)."),
    language: str | None = typer.Option(None, help="Two letters: fa, en, de ..."),
    kind: str = typer.Option(
        "",
        help="human-rights, un, court-law, world-media, persian-media, advocacy, state or query "
        "(default: as the table of outlets says).",
    ),
    check: bool = typer.Option(True, help="Ask for the feed once before it is added."),
    first: bool = typer.Option(False, "--first", help="Of a page's feeds, take the first."),
    all_found: bool = typer.Option(False, "--all-found", help="Of a page's feeds, take all."),
) -> None:
    """Watch feeds. Each is asked for once; a page's feeds are looked for and listed."""
    from bot.cli.edge import fail, run_with
    from watchers.feed_addresses import feed_url
    from watchers.model import FeedSpec
    from watchers.registry import KINDS

    if kind and kind not in KINDS:
        fail(f"--kind: {kind!r} is none of {', '.join(KINDS)}.", 2)
    if language is not None and not re.fullmatch("[a-z]{2,3}", language):
        fail(f"--language: {language!r} is no code of two or three letters: fa, en, ckb.", 2)
    if first and all_found:
        fail("--first and --all-found: give one of them.", 2)
    addresses = [feed_url(url) for url in urls]  # all of them, before anything is added
    take = "first" if first else ("all" if all_found else "ask")

    async def work(program: Program) -> int:
        failed = 0
        for url in addresses:
            failed += await _add_one(program, FeedSpec(url, name, language, kind), take, check)
        return failed

    if run_with(work):
        raise typer.Exit(1)


async def _add_one(program: Program, spec: FeedSpec, take: str, check: bool) -> bool:
    """Add what one address leads to; whether that failed."""
    from bot.clock import utc_now
    from watchers.errors import FeedUnreadable, InputInvalid

    try:
        if not check:
            feed, _ = await program.registry.add_feed(spec, now=utc_now(), actor="cli", check=False)
            _say_added(feed, None)
            return False
        found = await program.registry.look(spec.url, utc_now())
        chosen = _chosen(found, take)
        if not chosen:
            return not found.found or not _asks(take)
        for feed, read in await program.registry.add_found(
            chosen, spec, now=utc_now(), actor="cli"
        ):
            _say_added(feed, read)
    except (InputInvalid, FeedUnreadable) as error:
        typer.echo(f"error: {error}", err=True)
        return True
    return False


def _chosen(found: Discovery, take: str) -> Sequence[Check]:
    """Which of the feeds are to be added; none if nobody could be asked, or none was wanted."""
    if found.is_feed or len(found.found) == 1:
        if not found.is_feed:
            typer.echo(f"{found.url} is a page with one feed.", err=True)
        return found.found
    if take == "first":
        return found.choice[:1]
    if take == "all" or not found.choice:
        return found.choice or found.found
    return _prompted(found) if _asks(take) else _listed(found)


def _asks(take: str) -> bool:
    """Whether somebody sits at the terminal, and has not said what to take."""
    return take == "ask" and sys.stdin.isatty() and sys.stderr.isatty()


def _listed(found: Discovery) -> Sequence[Check]:
    """Say what there is to choose from, with the commands that add it."""
    page = shlex.quote(found.url)
    typer.echo(f"error: {_head(found)} Nothing was added. Choose:", err=True)
    for check in found.found:
        typer.echo(f"  {_line(found, check)}", err=True)
        if check.url not in found.watched:
            typer.echo(f"    dadkhah feeds add {shlex.quote(check.url)}", err=True)
    typer.echo(f"  all of them\n    dadkhah feeds add --all-found {page}", err=True)
    return ()


def _prompted(found: Discovery) -> Sequence[Check]:
    """Ask which to add, by number."""
    typer.echo(_head(found), err=True)
    for number, check in enumerate(found.choice, 1):
        typer.echo(f"{number:>3}. {_line(found, check)}\n     {check.url}", err=True)
    while True:
        said = typer.prompt(
            "Which? Numbers, all, or Enter for none", default="", show_default=False, err=True
        )
        words = said.replace(",", " ").split()
        if words == ["all"]:
            return found.choice
        if all(word.isdecimal() and 1 <= int(word) <= len(found.choice) for word in words):
            if not words:
                typer.echo("Nothing was added.", err=True)
            return [found.choice[number - 1] for number in dict.fromkeys(map(int, words))]
        typer.echo(f"Numbers from 1 to {len(found.choice)}, with commas or spaces.", err=True)


def _head(found: Discovery) -> str:
    known = ", ".join(str(feed.id) for feed in found.watched.values())
    watched = f" Watched already: {known}." if known else ""
    return f"{found.url} is a page with {len(found.found)} feeds.{watched}"


def _line(found: Discovery, check: Check) -> str:
    from bot import wording

    known = found.watched.get(check.url)
    return wording.found(check) + (f", feed {known.id}" if known else "")


def _say_added(feed: Feed, check: Check | None) -> None:
    """Tell that a feed is watched, and what was found in it."""
    from bot.wording import count

    typer.echo(f"Feed {feed.id} is watched: {feed.name} ({feed.url})")
    if check is not None and check.failure is not None:
        typer.echo(f"  but it could not be read now: {check.failure.detail}. It is tried again.")
    elif check is not None:
        entries = count(check.entries, "entry", "entries")
        typer.echo(f"  {entries}, {check.relevant} of them on the subject.")


def discover(
    url: str = typer.Argument(help="A page, a feed, or @CHANNEL."),
    json: bool = typer.Option(False, "--json", help="For machines: one JSON object a line."),
) -> None:
    """The feeds that a page's address leads to; adds nothing. Exit 1 if there are none."""
    from bot.cli.edge import print_json, run_with, table
    from bot.clock import utc_now
    from watchers.registry import none_found

    found = run_with(lambda program: program.registry.discover(url, utc_now()))
    if not found.found:
        raise none_found(found)
    for check in found.found if json else ():
        known = found.watched.get(check.url)
        values = asdict(check)
        del values["failure"]
        print_json({**values, "watched": known.id if known else None})
    if not json:
        columns = ("address", "title", "language", "entries", "last entry", "watched")
        table("", columns, [_row(found, check) for check in found.found])


def _row(found: Discovery, check: Check) -> tuple[object, ...]:
    known = found.watched.get(check.url)
    last = f"{check.newest:%Y-%m-%d}" if check.newest else ""
    watched = f"feed {known.id}" if known else ""
    return check.url, check.title, check.language, check.entries, last, watched
