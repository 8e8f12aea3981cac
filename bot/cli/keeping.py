"""`dadkhah db copy`, `backup`, `restore`, `resume`: moving, keeping and putting back data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

_JSON = typer.Option(False, "--json", help="For machines: one JSON object.")


def add_to(db: typer.Typer) -> None:
    """Hang these commands on `dadkhah db`."""
    for command in (backup, copy, restore, resume):
        db.command()(command)


def backup(file: Path = typer.Argument(help="Where to; it must not exist yet.")) -> None:
    """A consistent, checked copy in a SQLite file, while the service runs; of PostgreSQL too."""
    from bot.cli.edge import fail, store

    if file.exists():
        fail(f"{file} is there already; nothing was overwritten. Name another file.")
    if not file.absolute().parent.is_dir():
        fail(f"there is no folder {file.absolute().parent}; make it first.")
    with store(create=False) as opened:
        opened.backup(file)
    typer.echo(f"The database was copied to {file}")


def copy(
    from_: str = typer.Argument(
        metavar="FROM", help="A database URL, env:NAME, file:PATH, or: settings."
    ),
    to: str = typer.Argument(metavar="TO", help="The same; it must be missing or empty."),
    live: bool = typer.Option(
        False, "--live", help="Although the service runs on FROM: a rehearsal that posts nothing."
    ),
    json: bool = _JSON,
) -> None:
    """Move everything to another database, and compare what arrived row by row.

    Stop the service first: what it does after the copy was begun is not in it.
    """
    import time

    from bot.cli.edge import print_json
    from bot.moving import move
    from bot.wording import count

    source, target = _url(from_, "FROM"), _url(to, "TO")
    start = time.monotonic()
    with _percent("copying") as progress:
        copied = move(source, target, progress, live=live)
    seconds = round(time.monotonic() - start, 1)
    tables = {table.name: table.rows for table in copied.tables}
    if json:
        print_json(
            {"rows": copied.rows, "tables": tables, "cleaned": copied.cleaned,
             "held": live, "seconds": seconds}
        )  # fmt: skip
        return
    typer.echo(f"{copied.rows:,} rows of {count(len(tables), 'table')} were copied and compared.")
    if copied.cleaned:
        typer.echo(f"{count(copied.cleaned, 'row')} had NUL characters, or odd times; mended.")
    if live:
        typer.echo("Posting is held in the copy, for FROM goes on posting.")
    else:
        typer.echo("Now set DADKHAH_DATABASE_URL to it and start; do not start on FROM again.")


def restore(file: Path = typer.Argument(help="A backup that `dadkhah db backup` made.")) -> None:
    """Put a backup in the place of the database, and hold posting until `db resume`.

    Stop the service first. The present database is kept aside.
    """
    from bot.cli.edge import quiet_logs, settings
    from bot.restoring import restore as put_back
    from bot.wording import count

    found = settings()
    quiet_logs()
    with _percent("restoring") as progress:
        done = put_back(found, file, progress)
    typer.echo(f"The database is that of {file}.")
    if done.kept is not None:
        typer.echo(f"The one before is kept: {done.kept}")
    if done.pages:
        typer.echo(
            f"{count(done.pages, 'page')} waited in the backup and may have been posted since; "
            "`dadkhah deliveries list` shows them."
        )
    typer.echo(_NOW_WHAT)


_NOW_WHAT = """
What was posted after the backup it does not know, so nothing is posted until you decide:
  nothing was posted since:   dadkhah db resume --nothing-posted
  something was, or may be:   dadkhah poll --all
                              dadkhah db resume --told-until TIME   (when it posted last, or: now)
Unknown to it are also later changes to feeds, watchlist, channels and admins, later withdrawals
and mutes, and who unsubscribed since: see docs/operating.md, Restoring."""


def resume(
    nothing_posted: bool = typer.Option(
        False, "--nothing-posted", help="Nothing was posted since the backup: carry on."
    ),
    told_until: str | None = typer.Option(
        None, help="What appeared until then counts as told: a time, 2h, or now."
    ),
) -> None:
    """After `db restore`: say what was posted since the backup, and post again."""
    from bot.cli.edge import fail, moment, run_with, store
    from bot.restoring import carry_on, count_as_told
    from bot.wording import count

    if nothing_posted == (told_until is not None):
        fail("give one of --nothing-posted and --told-until TIME.", 2)
    if told_until is None:
        with store(create=False) as opened:
            pages = carry_on(opened)
        typer.echo(f"Posting goes on where the backup was; {count(pages, 'page')} to send.")
        return
    until = moment("0min" if told_until == "now" else told_until, "--told-until")
    assert until is not None
    done = run_with(lambda program: count_as_told(program, until))
    typer.echo(
        f"{count(done.subjects, 'story', 'stories')} that appeared until {until:%Y-%m-%d %H:%M} "
        f"UTC count as told in {count(done.channels, 'channel')}. Posting goes on with what is "
        "newer."
    )
    if done.feeds:
        typer.echo(
            f"{count(done.feeds, 'feed')} could not be read since: what they list without a date "
            "counts as old when they are read again."
        )
    if done.corrections:
        typer.echo(
            f"{count(done.corrections, 'correction')} of posted pages waited in the backup and "
            "were given up: look at those messages."
        )


# ---------------------------------------------------------------- for all of them


def _url(given: str, name: str) -> str:
    """A database URL, which may stand where no other user of the machine sees it."""
    import os

    from bot.cli.edge import fail, settings

    if given == "settings":
        return settings().database
    kind, _, where = given.partition(":")
    if kind == "env":
        if not os.environ.get(where):
            fail(f"{name}: there is no variable {where}.", 2)
        return os.environ[where]
    if kind == "file":
        try:
            return Path(where).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            fail(f"{name}: {where} cannot be read: {getattr(error, 'strerror', 'no text')}.", 2)
    return given


@contextmanager
def _percent(label: str) -> Iterator[Callable[[int, int], None]]:
    from bot.cli.paragraphs import bar

    with bar(label, 100) as step:
        yield lambda done, total: step(done * 100 // max(1, total))
