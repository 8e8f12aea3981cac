"""The edge between commands and the person at the shell: settings in, errors out."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import typer

from config import logs
from config.settings import Settings, SettingsInvalid, load
from watchers.errors import (
    AdminInvalid,
    ChannelInvalid,
    DadkhahError,
    FeedUrlInvalid,
    InputInvalid,
    ListInvalid,
    QueryInvalid,
)

if TYPE_CHECKING:
    from bot.app import Knowledge, Program
    from watchers.ports import Store

T = TypeVar("T")
_WRONG_USE = (FeedUrlInvalid, ChannelInvalid, AdminInvalid, ListInvalid, QueryInvalid)


def told(command: Callable[[], object]) -> int:
    """Run a command; expected errors become a message on stderr. Returns the exit code."""
    if getattr(sys, "stdout", None) is None:
        _complain("standard output is closed; nothing could be printed.")
        return 1
    code = _outcome(command)
    # What is still in the buffer goes out now: at the interpreter's end it is too late to tell.
    return _outcome(sys.stdout.flush) if code == 0 else _silenced(code)


def _outcome(command: Callable[[], object]) -> int:
    try:
        command()
    except SettingsInvalid as error:
        _complain("the settings cannot be used:", *(f"  {line}" for line in error.problems))
        return 2
    except DadkhahError as error:
        _complain(str(error))
        # InputInvalid itself is of a value; its other kinds are of something that is not there.
        wrong = isinstance(error, _WRONG_USE) or type(error) is InputInvalid
        return 2 if wrong else 1
    except KeyboardInterrupt:
        _complain("stopped.")
        return 130
    except BrokenPipeError:  # the reader of our output went away (`| head`): no failure of ours
        return _silenced(0)
    except OSError as error:
        where = error.filename or "the output cannot be written"
        _complain(f"{where}: {error.strerror or error}")
        return _silenced(1)
    except SystemExit as leave:
        # typer caught the BrokenPipeError itself, and left this behind.
        if type(sys.stdout).__name__.endswith("PacifyFlushWrapper"):
            return 0
        return leave.code if isinstance(leave.code, int) else int(bool(leave.code))
    return 0


def _silenced(code: int) -> int:
    """Drop what could not be printed, or the interpreter fails with it once more at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _complain(first: str, *more: str) -> None:
    print(f"error: {first}", *more, sep="\n", file=sys.stderr)


def fail(message: str, code: int = 1) -> NoReturn:
    """End the command with a message on stderr."""
    _complain(message)
    raise typer.Exit(code)


def settings() -> Settings:
    """The settings, with logging set up as they say. SettingsInvalid."""
    found = load()
    secrets = [
        found.telegram_token.get_secret_value(),
        found.database_url.get_secret_value(),
        found.proxy.get_secret_value(),
        found.telegram_proxy.get_secret_value(),
    ]
    logs.set_up(found.log_level, found.log_format, secrets)
    return found


def quiet_logs() -> None:
    """For one-off commands: their output is the report, so only warnings are logged too."""
    import logging

    if logging.getLogger().level == logging.INFO:
        logging.getLogger().setLevel(logging.WARNING)


@contextlib.contextmanager
def store(*, create: bool) -> Iterator[Store]:
    """The store, closed at the end; `create` makes a fresh database if there is none."""
    from bot.app import open_database

    opened = open_database(settings(), create=create)
    quiet_logs()
    try:
        yield opened
    finally:
        opened.close()


@contextlib.asynccontextmanager
async def working(found: Settings) -> AsyncIterator[Program]:
    """All working parts on the database of the settings, made if missing."""
    from bot.app import open_database, program

    knowledge = _sound(found)
    async with program(found, open_database(found), knowledge) as parts:
        yield parts


@contextlib.asynccontextmanager
async def serving(
    found: Settings, opened: Callable[[Settings], Awaitable[Store]]
) -> AsyncIterator[Program]:
    """All working parts of a service, which waits for its database (:mod:`bot.waiting`)."""
    from bot.app import program

    knowledge = _sound(found)
    async with program(found, await opened(found), knowledge) as parts:
        yield parts


def _sound(found: Settings) -> Knowledge:
    """The shipped files. What is broken is told before anything is opened."""
    from bot.app import Knowledge, fetch_options

    knowledge = Knowledge()
    _ = knowledge.watchlist, knowledge.outlets, fetch_options(found)
    return knowledge


def run_with(work: Callable[[Program], Awaitable[T]]) -> T:
    """Run an async command with all working parts."""
    found = settings()
    quiet_logs()

    async def whole() -> T:
        async with working(found) as parts:
            return await work(parts)

    return asyncio.run(whole())


# ---------------------------------------------------------------- output


def print_json(value: object) -> None:
    """One JSON value on a line of stdout; times as ISO 8601 with Z."""
    print(json.dumps(value, ensure_ascii=False, default=_plain))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (tuple, set, frozenset)):
        return list(value)
    return str(value)


def iso(time: datetime | None) -> str | None:
    """ISO 8601 in UTC with Z, to the second; None stays None."""
    if time is None:
        return None
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table for people on stdout, as wide as the terminal (100 columns without one)."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else 100, highlight=False)
    made = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for number, column in enumerate(columns):  # the first names the row: never broken
        made.add_column(column, overflow="fold", no_wrap=number == 0)
    for row in rows:
        # Text, not str: what came from outside is never read as Rich's markup.
        made.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    console.print(made)


def moment(text: str | None, option: str) -> datetime | None:
    """ISO 8601 (UTC unless it says otherwise), or a span back from now: 90min, 24h, 7d."""
    if text is None:
        return None
    value = text.strip()
    for unit, scale in (("min", 60), ("h", 3600), ("d", 86_400)):
        number = value.removesuffix(unit)
        if number != value and number.isdigit() and len(number) < 6:
            return datetime.now(UTC) - timedelta(seconds=int(number) * scale)
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        fail(f"{option}: {text!r} is no time. Write 2026-11-22, 2026-11-22T08:00Z, 24h or 7d.", 2)
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)


def one_of(values: Mapping[str, Any], name: str, option: str) -> Any:
    """The value of that name, or exit 2 with the names there are."""
    if name not in values:
        fail(f"{option}: {name!r} is none of {', '.join(values)}.", 2)
    return values[name]
